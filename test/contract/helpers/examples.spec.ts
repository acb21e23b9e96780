import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeHeartbeatReceiver, type HeartbeatReceiver } from '../../support/heartbeat-receiver';
import { makeModelServer, type ModelServer } from '../../support/model-server';
import { EXAMPLES } from '../../support/ordered-agent';
import { until } from '../../support/until';

/** The package weighs 67 MB, so it is not a dependency: npm install --no-save @langchain/langgraph @langchain/core */
const HAS_LANGGRAPH = existsSync(path.resolve(__dirname, '../../../node_modules/@langchain/langgraph'));

/** Runs the examples of docs/writing-an-agent.md with the real clients, against a server that speaks their formats. */
describe('the example with', () => {
  let model: ModelServer;
  let supervisor: HeartbeatReceiver;
  let child: ChildProcess | null = null;
  let said = '';

  beforeEach(async () => {
    [model, supervisor] = await Promise.all([makeModelServer(), makeHeartbeatReceiver()]);
  });

  afterEach(async () => {
    child?.kill('SIGKILL');
    await Promise.all([model.close(), supervisor.close()]);
  });

  function run(file: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): void {
    const program = file.endsWith('.py') ? 'python3' : process.execPath;
    said = '';
    child = spawn(program, [path.join(EXAMPLES, file), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...{ PATH: process.env.PATH, HEARTBEAT_SECONDS: '0.2' },
        ...{ AGENT_SPAWNER_URL: supervisor.url, AGENT_ID: 'example', AGENT_TOKEN: 'its-token' },
        ...{ ANTHROPIC_API_KEY: 'key-a', ANTHROPIC_BASE_URL: model.url },
        ...{ OPENAI_API_KEY: 'key-o', OPENAI_BASE_URL: `${model.url}/v1` },
        ...env,
      },
    });
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  }

  const exitCode = () =>
    until(
      () => (child?.exitCode === null ? null : [child?.exitCode]),
      () => `it ends; it said: ${said}`,
    );

  it('the Anthropic client answers with a tool, and reports tokens, task and progress', async () => {
    run('anthropic_agent.mjs', ['How many apples?', 'And pears?']);
    expect(await exitCode()).toEqual([0]);
    expect(said).toBe('There are 12.\nThere are 12.\n');
    expect(model.requests.map(({ path: at, key }) => [at, key])).toEqual(Array(4).fill(['/v1/messages', 'key-a']));
    // Two calls a question, 120 tokens each. The model looked up the same product twice, which is progress once.
    expect(supervisor.last()).toMatchObject({ tokensUsed: 480, progress: 1, busy: false });
    expect(supervisor.received.map(({ body }) => body.task)).toContain('How many apples?');
  });

  it('the Anthropic client makes no progress while the model repeats itself', async () => {
    run('anthropic_agent.mjs', ['An endless question']);
    await until(() => (supervisor.last()?.tokensUsed ?? 0) > 1_200, 'ten calls are reported');
    expect(supervisor.last()).toMatchObject({ progress: 1, busy: true, task: 'An endless question' });
  });

  it('the OpenAI client does the tasks that it is sent, and reports their tokens', async () => {
    run('openai_agent.mjs');
    const endpoint = await until(
      () => supervisor.last()?.endpoint,
      () => `it announces its endpoint; it said: ${said}`,
    );
    const post = async (body: object, headers = {}) => {
      const answer = await fetch(`${endpoint}/tasks`, { method: 'POST', body: JSON.stringify(body), headers });
      return { status: answer.status, body: await answer.json() };
    };
    const task = { taskType: 'text.translate', input: { text: 'Good morning', language: 'French' } };
    const translation = expect.stringContaining('Good morning') as string;
    expect(await post(task)).toEqual({ status: 200, body: { taskType: 'text.translate', result: { translation } } });
    expect((await post({ taskType: 'other' })).status).toBe(422);
    expect((await post(task, { origin: 'http://example.com' })).status).toBe(404);
    expect(model.requests.map(({ path: at, key }) => [at, key])).toEqual([['/v1/chat/completions', 'key-o']]);
    await until(() => supervisor.last()?.tokensUsed === 42, 'the tokens are reported');
    expect(supervisor.last()).toMatchObject({ progress: 1, busy: false, status: 'ok' });
    await model.close();
    expect((await post(task)).status).toBe(502);
    await until(() => supervisor.last()?.status === 'degraded', 'it reports the failure');
    child?.kill('SIGTERM');
    expect(await exitCode()).toEqual([0]);
  });

  (HAS_LANGGRAPH ? it : it.skip)('LangGraph reports each new step (skipped unless it is installed)', async () => {
    run('langgraph_agent.mjs', ['Supervision']);
    expect(await exitCode()).toEqual([0]);
    expect(said).toBe('Supervision is a subject about which very\n');
    expect(supervisor.last()).toMatchObject({ progress: 4, busy: false });
  });

  it('a plain loop does its work, and finishes what it has begun when it is stopped', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'agent-spawner-loop-'));
    const [inbox, outbox] = [path.join(folder, 'in'), path.join(folder, 'out')];
    for (const each of [inbox, outbox]) mkdirSync(each);
    writeFileSync(path.join(inbox, 'a.txt'), 'one\ntwo\n');
    try {
      const past = { AGENT_RESTART_COUNT: '1', AGENT_RESTART_REASON: 'stuck', AGENT_LAST_TASK: 'a.txt' };
      run('plain_loop_agent.py', [], { INBOX: inbox, OUTBOX: outbox, ...past });
      await until(() => readFileSync(path.join(outbox, 'a.txt'), 'utf8') === 'ONE\nTWO\n', 'the file is done');
      await until(() => supervisor.last()?.progress === 2, 'its progress is reported');
      expect(said).toBe('restarted: stuck; the last task was a.txt\n');
      child?.kill('SIGTERM');
      expect(await exitCode()).toEqual([0]);
      expect(existsSync(path.join(inbox, 'a.txt'))).toBe(false);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
