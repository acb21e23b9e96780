import { mintAgentToken } from '../processes/read-only';
import { RunSecrets } from './run-secrets';

const KEY = Buffer.alloc(32, 1);
const RUN = '0f8fad5b-d9cb-469f-a165-70867728950e';
const VARIABLE = 'RUN_SECRETS_SPEC_VALUE';

let agent: { env: Record<string, string>; envFrom: string[]; healthHeaders: Record<string, string> } | null;
let secrets: RunSecrets;
beforeEach(() => {
  agent = { env: { KEY: 'old-key' }, envFrom: [VARIABLE], healthHeaders: { Authorization: 'Bearer old-token' } };
  secrets = new RunSecrets({ findAgent: () => agent }, KEY);
  process.env[VARIABLE] = 'old-inherited';
});
afterEach(() => {
  delete process.env.RUN_SECRETS_SPEC_VALUE;
});

const OLD = ['old-key', 'old-inherited', 'Bearer old-token', 'old-token'];

describe('the secrets of a run', () => {
  it('are the values of its env, its envFrom and its healthHeaders, and its token', () => {
    expect(secrets.of('a', RUN)).toEqual([...OLD, mintAgentToken({ agentId: 'a', runId: RUN }, KEY)]);
    expect(secrets.of('a', null)).toEqual(OLD);
  });

  it('include earlier values of the definition, which its process may still hold', () => {
    secrets.keep('a');
    agent = { env: { KEY: 'new-key' }, envFrom: [], healthHeaders: {} };
    expect(secrets.of('a', RUN)).toEqual(expect.arrayContaining(['new-key', ...OLD]));
    agent = null;
    expect(secrets.of('a', RUN)).toEqual(expect.arrayContaining(OLD));
  });

  it('do not include those of other agents', () => {
    secrets.keep('a');
    agent = null;
    expect(secrets.of('b', null)).toEqual([]);
  });

  it('are dropped when the agent is unregistered, and after eight later launches', () => {
    secrets.keep('a');
    agent = { env: { KEY: 'new-key' }, envFrom: [], healthHeaders: {} };
    for (let launch = 0; launch < 7; launch += 1) secrets.keep('a');
    expect(secrets.of('a', null)).toContain('old-key');
    secrets.keep('a');
    expect(secrets.of('a', null)).toEqual(['new-key']);
    agent = null;
    secrets.forget('a');
    expect(secrets.of('a', null)).toEqual([]);
  });
});
