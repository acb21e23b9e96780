import fc from 'fast-check';
import { definitionOf } from '../../test/support/definitions';
import { SETTING_NAMES } from '../config';
import { agentEnvironment, type RunFacts } from './agent-environment';

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
  it('is exactly what the contract says', () => {
    const definition = definitionOf({
      agentId: 'a',
      name: 'An agent',
      capabilities: ['x.y', 'z'],
      healthUrl: 'http://localhost:4101/health',
      env: { KEY: 'value' },
      envFrom: ['OPENAI_API_KEY'],
    });
    expect(agentEnvironment(definition, run, { ...own, OPENAI_API_KEY: 'sk', OTHER: 'x' }, SETTING_NAMES)).toEqual({
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
    });
  });

  it('lacks what we do not have ourselves, and a last task where there was none', () => {
    const environment = agentEnvironment(
      definitionOf({ envFrom: ['OPENAI_API_KEY'] }),
      { ...run, lastTask: null },
      { PATH: '/bin', HOME: undefined },
      SETTING_NAMES,
    );
    expect(Object.keys(environment).sort()).toEqual([...GIVEN.slice(0, -1), 'PATH'].sort());
    expect(environment).toMatchObject({ AGENT_HEALTH_URL: '', AGENT_CAPABILITIES: '' });
  });

  it('keeps an empty variable, and an empty last task', () => {
    const environment = agentEnvironment(definitionOf(), { ...run, lastTask: '' }, { TZ: '' }, SETTING_NAMES);
    expect(environment).toMatchObject({ TZ: '', AGENT_LAST_TASK: '' });
  });

  it('has nothing else of ours, whatever we have', () => {
    const names = fc.oneof(fc.string(), fc.constantFrom('PM2_HOME', 'NODE_OPTIONS', 'LD_PRELOAD', ...SETTING_NAMES));
    fc.assert(
      fc.property(fc.dictionary(names, fc.string()), fc.uniqueArray(names), (environment, envFrom) => {
        const definition = { ...definitionOf({ env: { MINE: 'x' } }), envFrom };
        const allowed = new Set([...Object.keys(own), ...GIVEN, 'MINE', ...envFrom]);
        for (const name of SETTING_NAMES) allowed.delete(name);
        for (const name of Object.keys(agentEnvironment(definition, run, environment, SETTING_NAMES))) {
          expect(allowed).toContain(name);
        }
      }),
    );
  });

  it.each(SETTING_NAMES)('never has our own setting %s, even where it is asked for', (name) => {
    const definition = { ...definitionOf(), envFrom: [name] };
    expect(agentEnvironment(definition, run, { [name]: 'secret' }, SETTING_NAMES)).not.toHaveProperty(name);
  });

  it("lets an agent's own variable win over ours, and over what is passed on", () => {
    const definition = definitionOf({ env: { PATH: '/its/bin', KEY: 'its' }, envFrom: ['KEY'] });
    expect(agentEnvironment(definition, run, { PATH: '/bin', KEY: 'ours' }, SETTING_NAMES)).toMatchObject({
      PATH: '/its/bin',
      KEY: 'its',
    });
  });

  it('lets nothing win over what we say of the run', () => {
    const claims = Object.fromEntries(GIVEN.map((name) => [name, 'claimed']));
    const definition = { ...definitionOf(), env: claims, envFrom: GIVEN };
    const environment = agentEnvironment(definition, run, claims, SETTING_NAMES);
    for (const name of GIVEN) expect(environment[name]).not.toBe('claimed');
  });

  it('has no last task of somebody else where its own has none', () => {
    const definition = { ...definitionOf(), envFrom: ['AGENT_LAST_TASK'] };
    const environment = agentEnvironment(definition, { ...run, lastTask: null }, { AGENT_LAST_TASK: 'ours' }, []);
    expect(environment).not.toHaveProperty('AGENT_LAST_TASK');
  });
});
