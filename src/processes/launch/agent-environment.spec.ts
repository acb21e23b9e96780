import fc from 'fast-check';
import { definitionOf } from '../../../test/support/definitions';
import { SETTING_NAMES } from '../../config';
import { buildAgentEnvironment, type RunFacts } from './agent-environment';

const run: RunFacts = {
  runId: 'run-1',
  token: 'token-1',
  spawnerUrl: 'http://127.0.0.1:3100',
  restartCount: 3,
  restartReason: 'it exited with code 1',
  lastTask: 'letter 7',
};

const own = {
  PATH: '/bin',
  HOME: '/home/me',
  USER: 'me',
  LANG: 'C',
  LC_ALL: 'C.UTF-8',
  TZ: 'UTC',
  TMPDIR: '/t',
  SHELL: '/bin/sh',
};

const GIVEN = [
  'AGENT_ID',
  'AGENT_NAME',
  'AGENT_CAPABILITIES',
  'AGENT_HEALTH_URL',
  'AGENT_SPAWNER_URL',
  'AGENT_TOKEN',
  'AGENT_RUN_ID',
  'AGENT_RESTART_COUNT',
  'AGENT_RESTART_REASON',
  'AGENT_LAST_TASK',
];

describe('the environment of an agent', () => {
  it('contains exactly the documented variables', () => {
    const definition = definitionOf({
      agentId: 'a',
      name: 'An agent',
      capabilities: ['x.y', 'z'],
      healthUrl: 'http://localhost:4101/health',
      env: { KEY: 'value' },
      envFrom: ['OPENAI_API_KEY'],
    });
    expect(buildAgentEnvironment(definition, run, { ...own, OPENAI_API_KEY: 'sk', OTHER: 'x' }, SETTING_NAMES)).toEqual(
      {
        ...own,
        OPENAI_API_KEY: 'sk',
        KEY: 'value',
        AGENT_ID: 'a',
        AGENT_NAME: 'An agent',
        AGENT_CAPABILITIES: 'x.y,z',
        AGENT_HEALTH_URL: 'http://localhost:4101/health',
        AGENT_SPAWNER_URL: 'http://127.0.0.1:3100',
        AGENT_TOKEN: 'token-1',
        AGENT_RUN_ID: 'run-1',
        AGENT_RESTART_COUNT: '3',
        AGENT_RESTART_REASON: 'it exited with code 1',
        AGENT_LAST_TASK: 'letter 7',
      },
    );
  });

  it('lacks variables that the supervisor does not have, and a last task if there was none', () => {
    const environment = buildAgentEnvironment(
      definitionOf({ envFrom: ['OPENAI_API_KEY'] }),
      { ...run, lastTask: null },
      { PATH: '/bin', HOME: undefined },
      SETTING_NAMES,
    );
    expect(Object.keys(environment).sort()).toEqual([...GIVEN.slice(0, -1), 'PATH'].sort());
    expect(environment).toMatchObject({ AGENT_HEALTH_URL: '', AGENT_CAPABILITIES: '' });
  });

  it('keeps an empty variable, and an empty last task', () => {
    const environment = buildAgentEnvironment(definitionOf(), { ...run, lastTask: '' }, { TZ: '' }, SETTING_NAMES);
    expect(environment).toMatchObject({ TZ: '', AGENT_LAST_TASK: '' });
  });

  it('contains no other variable of the supervisor', () => {
    const names = fc.oneof(fc.string(), fc.constantFrom('PM2_HOME', 'NODE_OPTIONS', 'LD_PRELOAD', ...SETTING_NAMES));
    fc.assert(
      fc.property(fc.dictionary(names, fc.string()), fc.uniqueArray(names), (environment, envFrom) => {
        const definition = { ...definitionOf({ env: { MINE: 'x' } }), envFrom };
        const allowed = new Set([...Object.keys(own), ...GIVEN, 'MINE', ...envFrom]);
        for (const name of SETTING_NAMES) allowed.delete(name);
        for (const name of Object.keys(buildAgentEnvironment(definition, run, environment, SETTING_NAMES))) {
          expect(allowed).toContain(name);
        }
      }),
    );
  });

  it.each(SETTING_NAMES)('never contains the setting %s, even if envFrom lists it', (name) => {
    const definition = { ...definitionOf(), envFrom: [name] };
    expect(buildAgentEnvironment(definition, run, { [name]: 'secret' }, SETTING_NAMES)).not.toHaveProperty(name);
  });

  it("prefers the agent's env over inherited variables and envFrom", () => {
    const definition = definitionOf({ env: { PATH: '/its/bin', KEY: 'its' }, envFrom: ['KEY'] });
    expect(buildAgentEnvironment(definition, run, { PATH: '/bin', KEY: 'ours' }, SETTING_NAMES)).toMatchObject({
      PATH: '/its/bin',
      KEY: 'its',
    });
  });

  it('never lets env or envFrom override the facts about the run', () => {
    const claims = Object.fromEntries(GIVEN.map((name) => [name, 'claimed']));
    const definition = { ...definitionOf(), env: claims, envFrom: GIVEN };
    const environment = buildAgentEnvironment(definition, run, claims, SETTING_NAMES);
    for (const name of GIVEN) expect(environment[name]).not.toBe('claimed');
  });

  it('contains no inherited last task if the previous run had none', () => {
    const definition = { ...definitionOf(), envFrom: ['AGENT_LAST_TASK'] };
    const environment = buildAgentEnvironment(definition, { ...run, lastTask: null }, { AGENT_LAST_TASK: 'ours' }, []);
    expect(environment).not.toHaveProperty('AGENT_LAST_TASK');
  });
});
