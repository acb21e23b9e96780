import { checkRows, node, python } from '../../../../test/support/rule-samples';
import { PROGRAM_RULES } from './program-rules';

const SPAWN =
  'File "/usr/lib/python3.11/subprocess.py", line 1953, in _execute_child\n    raise child_exception_type()';

describe('the table of programs that are missing', () => {
  checkRows(PROGRAM_RULES, {
    'bad-interpreter': [
      'interpreter-missing certain',
      'bash: ./serve: /srv/old/.venv/bin/python3: bad interpreter: No such file or directory\n',
      '/srv/run.sh: line 3: ./serve: cannot execute: required file not found\n',
      'env: ‘python3.12’: No such file or directory\n',
      '/usr/bin/env: ruby: No such file or directory\n',
    ],
    'python-entry-point': [
      'entry-point-missing certain',
      "python3: can't open file '/srv/agent/main.py': [Errno 2] No such file or directory\n",
      "/usr/bin/python3: can't find '__main__' module in '/srv/agent'\n",
      "/usr/bin/python3: No module named app.__main__; 'app' is a package and cannot be directly executed\n",
    ],
    'package-script': [
      'entry-point-missing certain',
      ' ERR_PNPM_NO_SCRIPT  Missing script: start\n\nCommand "start" not found.\n',
      'yarn run v1.22.22\nerror Command "start" not found.\ninfo Visit https://yarnpkg.com/en/docs/cli/run for documentation.\n',
      'error: Script not found "start"\n',
    ],
    'jvm-entry-point': [
      'entry-point-missing certain',
      'Error: Unable to access jarfile agent.jar\n',
      'Error: Could not find or load main class com.example.Agent\nCaused by: java.lang.ClassNotFoundException: com.example.Agent\n',
    ],
    'other-entry-point': [
      'entry-point-missing certain',
      'Could not open input file: agent.php\n',
      'error: Module not found "file:///srv/agent/main.ts".\n',
      'error: Module not found "main.ts"\n',
      'stat main.go: no such file or directory\n',
      'ruby: No such file or directory -- agent.rb (LoadError)\n',
    ],
    'asgi-app': [
      'configuration certain',
      'ERROR:    Error loading ASGI app. Could not import module "main".\n',
      "Failed to find attribute 'app' in 'main'.\n[2024-05-01 10:00:00 +0000] [9] [INFO] Worker exiting (pid: 9)\n",
      "Usage: flask run [OPTIONS]\n\nError: Failed to find Flask application or factory in module 'app'. Use 'app:name' to specify one.\n",
      "Error: Invalid value for '-A' / '--app': \nUnable to load celery application.\nThe module tasks was not found.\n",
    ],
    'jvm-class': [
      'missing-dependency certain',
      'Exception in thread "main" java.lang.NoClassDefFoundError: org/slf4j/LoggerFactory\n\tat com.example.Agent.main(Agent.java:9)\nCaused by: java.lang.ClassNotFoundException: org.slf4j.LoggerFactory\n\t... 1 more\n',
      'Exception in thread "main" java.lang.UnsupportedClassVersionError: Agent has been compiled by a more recent version of the Java Runtime\n\tat java.base/java.lang.ClassLoader.defineClass1(Native Method)\n',
    ],
    'ruby-gem': [
      'missing-dependency certain',
      "<internal:/usr/lib/ruby/rubygems/core_ext/kernel_require.rb>:86:in `require': cannot load such file -- discordrb (LoadError)\n\tfrom bot.rb:1:in `<main>'\n",
      'Could not find rails-7.1.2 in locally installed gems\nRun `bundle install` to install missing gems.\n',
      'bundler: command not found: puma\nInstall missing gem executables with `bundle install`\n',
    ],
    'php-package': [
      'missing-dependency certain',
      "PHP Fatal error:  Uncaught Error: Failed opening required 'vendor/autoload.php' (include_path='.') in /srv/agent.php:3\nStack trace:\n#0 {main}\n  thrown in /srv/agent.php on line 3\n",
      'PHP Fatal error:  Uncaught Error: Class "GuzzleHttp\\Client" not found in /srv/agent.php:9\nStack trace:\n#0 {main}\n',
      'PHP Fatal error:  Uncaught Error: Call to undefined function mb_strlen() in /srv/agent.php:9\n',
    ],
    'dotnet-assembly': [
      'missing-dependency certain',
      "Unhandled exception. System.IO.FileNotFoundException: Could not load file or assembly 'Newtonsoft.Json, Version=13.0.0.0'.\n   at Agent.Main()\n",
      'You must install or update .NET to run this application.\n',
    ],
    'go-module': [
      'missing-dependency certain',
      'main.go:4:2: no required module provides package github.com/sashabaranov/go-openai; to add it:\n\tgo get github.com/sashabaranov/go-openai\n',
      "go: go.mod file not found in current directory or any parent directory; see 'go help modules'\n",
      'package foo/bar is not in std (/usr/local/go/src/foo/bar)\n',
    ],
    cargo: [
      'missing-dependency certain',
      'error: could not find `Cargo.toml` in `/srv/agent` or any parent directory\n',
      'error: no bin target named `agent`\n',
    ],
    'playwright-browser': [
      'missing-dependency certain',
      python(
        "playwright._impl._errors.Error: BrowserType.launch: Executable doesn't exist at /srv/.cache/ms-playwright/chromium-1097/chrome-linux/chrome",
      ),
      node(
        "browserType.launch: Executable doesn't exist at /srv/.cache/ms-playwright/chromium-1097/chrome-linux/chrome",
      ),
    ],
    'browser-libraries': [
      'missing-dependency certain',
      python(
        'playwright._impl._errors.Error: BrowserType.launch: \n║ Host system is missing dependencies to run browsers. ║\n║ Please install them with the following command:     ║',
      ),
      node('Error: browserType.launch: Host system is missing dependencies to run browsers.'),
    ],
    'puppeteer-browser': [
      'missing-dependency certain',
      node(
        'Error: Could not find Chrome (ver. 121.0.6167.85). This can occur if either\n 1. you did not perform an installation before running the script (e.g. `npx puppeteer browsers install chrome`) or',
      ),
    ],
    'selenium-browser': [
      'missing-dependency certain',
      python('selenium.common.exceptions.WebDriverException: Message: unknown error: cannot find Chrome binary'),
    ],
    'selenium-driver': [
      'missing-dependency certain',
      python(
        'selenium.common.exceptions.SessionNotCreatedException: Message: session not created: This version of ChromeDriver only supports Chrome version 114\nCurrent browser version is 135.0.7049.52 with binary path /usr/bin/chromium',
      ),
      python("selenium.common.exceptions.WebDriverException: Message: 'chromedriver' executable needs to be in PATH."),
      python('selenium.common.exceptions.NoSuchDriverException: Message: Unable to obtain driver for chrome'),
    ],
    'shell-command-not-found': [
      'missing-dependency certain',
      'sh: 1: tsx: not found\n',
      '/bin/sh: ffmpeg: not found\n',
      './run.sh: line 3: ffmpeg: command not found\n',
      './run.sh: 3: ffmpeg: not found\n',
      'bash: line 1: uv: command not found\n',
      'zsh:1: command not found: bun\n',
      'pyenv: python3.9: command not found\n',
      "'ffmpeg' is not recognized as an internal or external command,\noperable program or batch file.\n",
    ],
    'runner-command-not-found': [
      'missing-dependency certain',
      'error: Failed to spawn: `uvicorn`\n  Caused by: No such file or directory (os error 2)\n',
      "Error: the command gunicorn could not be found within PATH or Pipfile's [scripts].\n",
      'Command not found: gunicorn\n',
      'bun: command not found: next\n',
    ],
    'exec-not-found': [
      'missing-dependency certain',
      'docker: Error response from daemon: exec: "agent": executable file not found in $PATH: unknown.\n',
      '2024/05/01 10:00:00 exec: "ffmpeg": executable file not found in $PATH\n',
      'exec /entrypoint.sh: no such file or directory\n',
    ],
    'program-not-in-path': [
      'missing-dependency certain',
      python(
        "pytesseract.pytesseract.TesseractNotFoundError: tesseract is not installed or it's not in your PATH. See README file for more information.",
      ),
      python(
        'pdf2image.exceptions.PDFInfoNotInstalledError: Unable to get page count. Is poppler installed and in PATH?',
      ),
      python(
        "graphviz.backend.execute.ExecutableNotFound: failed to execute PosixPath('dot'), make sure the Graphviz executables are on your systems' PATH",
      ),
    ],
    'docker-image': [
      'missing-dependency likely',
      "docker: Error response from daemon: pull access denied for agent, repository does not exist or may require 'docker login'\n",
      'Error response from daemon: manifest for agent:9 not found: manifest unknown\n',
    ],
    'node-spawn': [
      'missing-dependency likely',
      "node:events:497\n      throw er; // Unhandled 'error' event\n      ^\n\nError: spawn ffmpeg ENOENT\n    at ChildProcess._handle.onexit (node:internal/child_process:286:19)\nEmitted 'error' event on ChildProcess instance at:\n    at ChildProcess._handle.onexit (node:internal/child_process:292:12) {\n  errno: -2,\n  code: 'ENOENT',\n  syscall: 'spawn ffmpeg'\n}\n\nNode.js v22.11.0\n",
    ],
    'python-subprocess': [
      'missing-dependency likely',
      python("FileNotFoundError: [Errno 2] No such file or directory: 'ffmpeg'", SPAWN),
    ],
    'not-executable': [
      'configuration certain',
      'sh: 1: ./serve: Permission denied\n',
      "env: './serve': Permission denied\n",
      'exec /entrypoint.sh: permission denied\n',
    ],
    'shell-permission': [
      'configuration likely',
      './run.sh: line 3: ./serve: Permission denied\n',
      "mkdir: cannot create directory '/srv/x': Permission denied\n",
    ],
  });
});
