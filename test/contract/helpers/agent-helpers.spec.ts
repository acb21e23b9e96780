import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { HELPER_TABLE } from '../../support/helper-table';
import { makeHeartbeatReceiver, type HeartbeatReceiver } from '../../support/heartbeat-receiver';
import { EXAMPLES, HELPER_FILES, LANGUAGES, makeOrders, type Orders } from '../../support/ordered-agent';
import { until } from '../../support/until';

const answersWith = (status: number | null) => (receiver: HeartbeatReceiver) => {
  receiver.status = status;
};

/** Runs the helpers in real Python and Node, against a server in place of the supervisor. */
describe.each(LANGUAGES)('the helper for agents %s', (language) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'agent-spawner-helper-'));
  const children: ChildProcess[] = [];
  let receiver: HeartbeatReceiver;
  let number = 0;

  beforeAll(async () => {
    receiver = await makeHeartbeatReceiver();
  });

  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await receiver.close();
    rmSync(folder, { recursive: true, force: true });
  });

  beforeEach(() => {
    receiver.received.length = 0;
    Object.assign(receiver, { status: 204, delayMs: 0 });
  });

  function run(env: Readonly<Record<string, string>> = {}): Orders & { readonly child: ChildProcess; said(): string } {
    const orders = makeOrders(folder, `agent-${++number}`, language);
    const child = spawn(language === 'py' ? 'python3' : process.execPath, [orders.program, ...orders.args], {
      stdio: ['ignore', 'inherit', 'pipe'],
      env: { PATH: process.env.PATH, PYTHONPATH: EXAMPLES, HELPERS: EXAMPLES, ...env },
    });
    children.push(child);
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    return { ...orders, child, said: () => said };
  }

  const supervised = (env: Readonly<Record<string, string>> = {}) =>
    run({
      ...{ AGENT_SPAWNER_URL: receiver.url, AGENT_ID: 'a', AGENT_TOKEN: 'its-token', HEARTBEAT_SECONDS: '0.4' },
      // A proxy must see neither the heartbeats nor the token.
      ...{ http_proxy: 'http://127.0.0.1:9', HTTP_PROXY: 'http://127.0.0.1:9', ...env },
    });

  const exitOf = (child: ChildProcess) =>
    new Promise<string | number | null>((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) resolve(child.exitCode ?? child.signalCode);
      else
        child.once('exit', (code, signal) => {
          resolve(code ?? signal);
        });
    });

  it('has at most 80 lines, and needs no package', () => {
    const text = readFileSync(path.join(EXAMPLES, HELPER_FILES[language]), 'utf8');
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(80);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(130);
    const imported = [...text.matchAll(/ from '([^']+)'/g)].map(([, name]) => name);
    expect(imported.every((name) => name?.startsWith('node:'))).toBe(true);
  });

  it('counts what is new, by the same table in every language', async () => {
    const { give, child } = run();
    const outcomes = await give(...HELPER_TABLE.map(([, order]) => order));
    const seen = outcomes.map(([result, state], index): unknown[] => [HELPER_TABLE[index]?.[0], result, state]);
    const expected = HELPER_TABLE.map(([what, , result, state]): unknown[] => [
      what,
      result,
      expect.objectContaining(state),
    ]);
    expect(seen).toEqual(expected);
    child.kill();
  });

  it('sends nothing in a manual run, and ends with the program', async () => {
    const agent = run({ AGENT_ID: 'a' });
    const [[, state] = []] = await agent.give(['start', 'http://127.0.0.1:4101'], ['progress']);
    expect(state).not.toHaveProperty('healthUrl');
    expect((await agent.give(['past']))[0]?.[0]).toEqual([0, '', '']);
    agent.send(['end']);
    expect(await exitOf(agent.child)).toBe(0);
    expect([agent.said(), receiver.received]).toEqual(['', []]);
  });

  it('passes on what the run before left', async () => {
    const agent = run({ AGENT_RESTART_COUNT: '3', AGENT_RESTART_REASON: 'stuck', AGENT_LAST_TASK: 'letter 7' });
    expect((await agent.give(['past']))[0]?.[0]).toEqual([3, 'stuck', 'letter 7']);
    agent.child.kill();
  });

  it('reports at once, a change as soon as it happens, and the rest at each interval', async () => {
    const agent = supervised();
    await agent.give(['start', 'http://127.0.0.1:4101']);
    const first = await until(() => receiver.received[0], 'the first heartbeat arrived');
    expect(first).toMatchObject({ path: '/api/agents/a/heartbeat', authorization: 'Bearer its-token' });
    expect(first.body).toMatchObject({ status: 'ok', busy: false, endpoint: 'http://127.0.0.1:4101' });
    await until(() => receiver.received.length >= 4, 'it sends heartbeats without a change');
    await agent.give(['begin', 'letter 7'], ['action', 'search', { q: 1 }], ['tokens', 12]);
    await until(() => receiver.last()?.tokensUsed === 12, 'the change was sent');
    expect(receiver.last()).toMatchObject({ busy: true, task: 'letter 7', progress: 1 });
    agent.child.kill();
  });

  it('sends one heartbeat at a time, and few for many changes', async () => {
    receiver.delayMs = 50;
    const agent = supervised({ HEARTBEAT_SECONDS: '30' });
    await agent.give(['start', null], ['repeat', 'search', true, 1, 1]);
    await until(() => (receiver.last()?.tokensUsed ?? 0) > 300, 'hundreds of changes were sent');
    expect(receiver.received.length).toBeLessThan(60);
    expect(receiver.mostAtOnce).toBe(1);
    agent.child.kill();
  });

  it('sends the tokens of the last call even if the program ends right after it', async () => {
    const agent = supervised({ HEARTBEAT_SECONDS: '30' });
    await agent.give(['start', null]);
    agent.send(['tokens', 77]);
    agent.send(['end']);
    expect(await exitOf(agent.child)).toBe(0);
    expect(receiver.last()?.tokensUsed).toBe(77);
  });

  it('answers its own health check, with 503 while it is failing', async () => {
    const agent = supervised();
    await agent.give(['start', null], ['begin', 'letter 7']);
    const url = await until(() => receiver.last()?.healthUrl, 'it has announced its health check');
    const check = async () => {
      const answer = await fetch(url, { headers: { connection: 'close' } });
      return [answer.status, await answer.json()];
    };
    const known = { agentId: 'a', task: 'letter 7', busy: true, progress: 0, tokensUsed: 0 };
    expect(await check()).toEqual([200, expect.objectContaining({ ...known, status: 'ok' })]);
    await agent.give(['status', 'failing', 'the queue is gone']);
    expect(await check()).toEqual([503, expect.objectContaining({ status: 'failing', message: 'the queue is gone' })]);
    await agent.give(['status', 'degraded']);
    expect((await check())[0]).toBe(200);
    agent.child.kill();
  });

  it('leaves the health check to an agent whose definition names one', async () => {
    const agent = supervised({ AGENT_HEALTH_URL: 'http://127.0.0.1:4101/health' });
    await agent.give(['start', null]);
    await until(() => receiver.received.length > 0, 'a heartbeat arrived');
    expect(receiver.last()?.healthUrl).toBeNull();
    agent.child.kill();
  });

  it('says once that heartbeats fail, keeps trying, and says once that they work again', async () => {
    const faults = [
      ['away', (it: HeartbeatReceiver) => it.close(), (it: HeartbeatReceiver) => it.reopen(), /refused|closed/i],
      ['refuses the token', answersWith(401), answersWith(204), /401/],
      ['does not answer', answersWith(null), answersWith(204), /time/i],
    ] as const;
    await Promise.all(
      faults.map(async ([what, begins, ends, why]) => {
        const supervisor = await makeHeartbeatReceiver();
        const agent = supervised({ AGENT_SPAWNER_URL: supervisor.url });
        await agent.give(['start', null]);
        await until(() => supervisor.received.length > 0, 'a heartbeat arrived');
        await begins(supervisor);
        await until(() => agent.said().includes('\n'), `it says that heartbeats fail: ${what}`, 30_000);
        await agent.give(['progress'], ['tokens', 5]); // neither blocked nor stopped
        const due = performance.now() + 1_000;
        await until(() => performance.now() > due, 'several heartbeats were due');
        await ends(supervisor);
        await until(() => supervisor.last()?.tokensUsed === 5, 'the change was sent later');
        await until(() => agent.said().split('\n').length > 2, 'it says that heartbeats work');
        expect(agent.said()).toMatch(/^heartbeat failed, retrying: .*\nheartbeats work again\n$/);
        expect(agent.said()).toMatch(why);
        agent.child.kill('SIGTERM');
        expect(await exitOf(agent.child)).toBe('SIGTERM');
        await supervisor.close();
      }),
    );
  });

  it('ends with the program while the supervisor is away', async () => {
    const agent = supervised();
    receiver.status = 503;
    await agent.give(['start', null]);
    await until(() => agent.said() !== '', 'it says that heartbeats fail');
    agent.send(['end']);
    expect(await exitOf(agent.child)).toBe(0);
  });
});
