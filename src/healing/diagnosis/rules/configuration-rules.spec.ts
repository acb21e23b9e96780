import { checkRows, node, python } from '../../../../test/support/rule-samples';
import { CONFIGURATION_RULES } from './configuration-rules';

const ENVIRON = 'File "<frozen os>", line 717, in __getitem__\n    raise KeyError(key) from None';
const RICH = '│ /usr/lib/python3.12/os.py:685 in __getitem__ │';

describe('the table of configuration', () => {
  checkRows(CONFIGURATION_RULES, {
    'environment-variable': [
      'configuration certain',
      python("KeyError: 'DATABASE_URL'", ENVIRON),
      python("KeyError: 'HOME_DIR'", RICH),
    ],
    'go-environment': [
      'configuration certain',
      '2024/05/01 10:00:00 required key AGENT_PORT missing value\n',
      '2024/05/01 10:00:00 env: required environment variable "PORT" is not set\n',
    ],
    'missing-variable': [
      'configuration certain',
      node('Error: Missing required environment variable DATABASE_URL'),
      'Missing environment variables:\n    DATABASE_URL: undefined\n',
      python('RuntimeError: Missing env var: REDIS_HOST'),
    ],
    'variable-not-set': [
      'configuration certain',
      python('environs.EnvError: Environment variable "DATABASE_URL" not set'),
      'DATABASE_URL is not set\n',
      node('Error: DATABASE_URL must be set'),
      node('Error: REDIS_HOST environment variable is required'),
      'error: Environment variable not found: DATABASE_URL.\n',
    ],
    'variable-words': ['configuration likely', python('ValueError: the environment variable for the host is missing')],
    'settings-library': [
      'configuration certain',
      python('decouple.UndefinedValueError: DEBUG not found. Declare it as envvar or define a default value.'),
      python('django.core.exceptions.ImproperlyConfigured: The SECRET_SETTING must not be empty.'),
      node('TypeError: Configuration key "database.url" does not exist'),
    ],
    'unbound-variable': [
      'configuration certain',
      './run.sh: line 4: POSTGRES_HOST: unbound variable\n',
      './run.sh: 4: POSTGRES_HOST: parameter not set\n',
    ],
    'invalid-environment': [
      'configuration certain',
      "❌ Invalid environment variables: { DATABASE_URL: [ 'Required' ] }\n",
      node('Error: Invalid environment variables'),
    ],
    'settings-validation': [
      'configuration certain',
      python(
        'pydantic_core._pydantic_core.ValidationError: 2 validation errors for Settings\nopenai_url\n  Field required [type=missing, input_value={}, input_type=dict]',
      ),
      python(
        'pydantic_settings.exceptions.SettingsError: error parsing value for field "hosts" from source "EnvSettingsSource"',
      ),
    ],
    'config-validation': [
      'configuration likely',
      python(
        'pydantic_core._pydantic_core.ValidationError: 1 validation error for AgentConfig\nport\n  Input should be a valid integer',
      ),
    ],
    'config-invalid': [
      'configuration certain',
      'Config invalid\nFile: ~/.scout/scout.json\n',
      node('Error: Config validation error: "port" must be a number'),
      'Error: Invalid configuration: port is no number\n',
      'Config file /etc/scout.yml is invalid\n',
    ],
    'config-error': [
      'configuration likely',
      python('myapp.ConfigError: port is no number'),
      'Failed to load the agent config\n',
      node('Error: the tool has an invalid configuration'),
    ],
    'config-file-missing': [
      'configuration likely',
      python("FileNotFoundError: [Errno 2] No such file or directory: 'config.yaml'"),
      python("FileNotFoundError: [Errno 2] No such file or directory: '/srv/agent/settings.toml'"),
      node("Error: ENOENT: no such file or directory, open '/srv/agent/config.json'", "code: 'ENOENT'"),
    ],
    'config-missing': [
      'configuration likely',
      'Error: No configuration file found\n',
      'Config file ~/.scout.json not found\n',
    ],
    'config-format': [
      'configuration likely',
      python('yaml.scanner.ScannerError: mapping values are not allowed here\n  in "config.yml", line 3, column 9'),
      python('tomllib.TOMLDecodeError: Expected "=" after a key (at line 3, column 5)'),
      node('YAMLException: bad indentation of a mapping entry (3:1)'),
    ],
    'json-file': [
      'configuration certain',
      node(
        "SyntaxError: /srv/agents/scout/settings.json: Expected ',' or '}' after property value in JSON at position 55",
      ),
    ],
    'python-arguments': [
      'configuration certain',
      'usage: main.py [-h] --model MODEL\nmain.py: error: the following arguments are required: --model\n',
      "Usage: scout [OPTIONS]\nTry 'scout --help' for help.\n\nError: No such option: --verbos\n",
    ],
    'node-arguments': [
      'configuration certain',
      "error: unknown option '--verbos'\n",
      'Missing required argument: model\n',
      'node: bad option: --experimental-x\n',
    ],
    'go-arguments': [
      'configuration certain',
      'flag provided but not defined: -verbos\nUsage of agent:\n',
      'Error: unknown flag: --verbos\n',
    ],
    'rust-arguments': [
      'configuration certain',
      "error: unexpected argument '--verbos' found\n\nUsage: agent [OPTIONS]\n",
    ],
    'deno-permission': [
      'configuration certain',
      'error: Uncaught (in promise) NotCapable: Requires net access to "api.example:443", run again with the --allow-net flag\n    at file:///srv/agents/clerk/llm.ts:18:23\n',
    ],
    'shell-option': [
      'configuration certain',
      "date: invalid option -- 'y'\n",
      'sh: 0: Illegal option -x\n',
      "ls: unrecognized option '--verbos'\n",
    ],
    'privileged-intents': [
      'configuration certain',
      python(
        'discord.errors.PrivilegedIntentsRequired: Shard ID None is requesting privileged intents that have not been enabled',
      ),
      node('Error: Used disallowed intents'),
    ],
    'file-permission': [
      'configuration likely',
      python("PermissionError: [Errno 13] Permission denied: '/srv/data/report.csv'"),
      node("Error: EACCES: permission denied, open '/srv/data/report.csv'", "code: 'EACCES'"),
      'Error: Permission denied (os error 13)\n',
      'panic: open /srv/data/x: permission denied\n\ngoroutine 1 [running]:\nmain.main()\n',
    ],
  });
});
