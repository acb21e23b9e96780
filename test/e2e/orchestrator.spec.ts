import { cpSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { AgentView } from '../../src/kernel';
import { EXAMPLES } from '../support/ordered-agent';
import { makeService, type TestService } from '../support/service';
import { makeTestHome } from '../support/pm2-home';
import { until } from '../support/until';

interface Delegated {
  readonly tasks: readonly {
    readonly id: number;
    readonly taskType: string;
    readonly after: readonly number[];
    readonly outcome: 'done' | 'failed' | 'skipped';
    readonly agentId?: string;
    readonly sends?: number;
    readonly reason?: string;
    readonly result?: Readonly<Record<string, unknown>>;
  }[];
}

/** The sample agent with a slow draft, so that it can be killed in the middle of one. */
const SLOW_CONTENT_AGENT = `
import os, time
from agent_server import serve, traceparent
from content_generation_agent import draft, render

def slowly(data):
    with open(os.environ["SEEN"], "a") as file:
        file.write(f"{os.getpid()} {traceparent.get()}\\n")
    time.sleep(1)
    return draft(data)

serve({"content.generate": slowly, "content.publish": render})
`;
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

/** Gives goals to the orchestrator of the first start, which has the other sample agents do the work. */
describe('the sample orchestrator', () => {
  let service: TestService;

  beforeAll(async () => {
    const home = makeTestHome();
    cpSync(EXAMPLES, home.agentsDir, { recursive: true });
    home.program('slow_content_agent.py', SLOW_CONTENT_AGENT);
    service = await makeService({ home, firstStart: true, settings: { HEALTH_INTERVAL_SECONDS: '0.5' } });
    // Two are stopped. The third one runs.
    await Promise.all(['content', 'acquisition', 'revenue'].map((name) => service.api.terminate(`${name}-agent`)));
    await service.api.expect(200, 'PATCH', '/api/agents/content-agent', {
      ...{ entryPoint: 'slow_content_agent.py', env: { SEEN: path.join(home.root, 'seen') } },
    });
    await service.api.spawn('content-agent');
    await Promise.all([isUp('content-agent'), isUp('orchestrator')]);
  });

  afterAll(async () => {
    await service.destroy();
  });

  const isUp = (agentId: string): Promise<AgentView> => {
    let last: AgentView | null = null;
    return until(
      async () => {
        last = await service.api.agent(agentId);
        return last.status === 'running' && (last.announced?.endpoint ?? null) !== null ? last : null;
      },
      () => `${agentId} is up; last seen: ${JSON.stringify(last)}`,
      30_000,
    );
  };

  async function give(taskType: string, input: object, headers: Readonly<Record<string, string>> = {}) {
    const { announced } = await service.api.agent('orchestrator');
    const body = JSON.stringify({ taskType, input });
    const answer = await fetch(`${announced?.endpoint ?? ''}/tasks`, { method: 'POST', body, headers });
    return { status: answer.status, body: (await answer.json()) as { result: Delegated; error: string } };
  }

  const drafts = () =>
    readFileSync(path.join(service.home.root, 'seen'), 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => line.split(' '))
      .map(([pid, trace]) => ({ pid: Number(pid), trace }));

  it('has goals carried out in order, starts the stopped, and repeats the task of one that is killed', async () => {
    const goal = 'draft a post, publish it, send a dm, and report the numbers of the sales';
    const traceparent = `00-${TRACE}-00f067aa0ba902b7-01`;
    const before = (await service.api.events()).at(-1)?.seq ?? 0;
    const work = give('orchestrator.delegate', { goal, deadlineSeconds: 60 }, { traceparent });
    const other = give('orchestrator.delegate', { goal: 'research, then an article on it', deadlineSeconds: 60 });
    const victim = await until(() => drafts()[0], 'the content agent works');
    process.kill(victim.pid, 'SIGKILL');

    const { status, body } = await work;
    expect(status).toBe(200);
    const done = { outcome: 'done', sends: 1 };
    expect(body.result.tasks).toMatchObject([
      {
        id: 1,
        taskType: 'content.generate',
        after: [],
        ...done,
        sends: expect.any(Number) as number,
        agentId: 'content-agent',
      },
      { id: 2, taskType: 'content.publish', after: [1], ...done, agentId: 'content-agent' },
      { id: 3, taskType: 'outreach.dm', after: [1], ...done, agentId: 'acquisition-agent' },
      { id: 4, taskType: 'revenue.track', after: [], ...done, agentId: 'revenue-agent' },
      { id: 5, taskType: 'analytics.report', after: [4], ...done, agentId: 'revenue-agent' },
    ]);
    expect(body.result.tasks[0]?.sends).toBeGreaterThan(1);
    expect(body.result.tasks[0]?.result).toMatchObject({ title: `D${goal.slice(1)}` });
    const traced = drafts().filter(({ trace }) => trace?.startsWith(`00-${TRACE}-`) === true);
    expect(new Set(traced.map(({ pid }) => pid)).size).toBe(2);

    // The history shows in which order they were routed, with the trace of each.
    const history = (await service.api.events()).filter(({ seq, type }) => seq > before && type === 'task.routed');
    const own = history.filter(({ data }) => String(data.traceparent).startsWith(`00-${TRACE}-`));
    const order = own.map(({ data }) => data.taskType);
    expect(order.lastIndexOf('content.generate')).toBeLessThan(order.indexOf('content.publish'));
    expect(order.lastIndexOf('content.generate')).toBeLessThan(order.indexOf('outreach.dm'));
    expect(order.indexOf('revenue.track')).toBeLessThan(order.indexOf('analytics.report'));

    // safari-automation does not run on this machine, and what needs its result is not done.
    expect((await other).body.result.tasks).toMatchObject([
      {
        taskType: 'research.market',
        outcome: 'failed',
        reason: expect.stringContaining('safari-automation') as string,
      },
      { taskType: 'content.generate', outcome: 'skipped', reason: 'task 1 (research.market) is failed' },
    ]);
  });

  it('reports every task by its deadline', async () => {
    const began = performance.now();
    const { body } = await give('orchestrator.delegate', { goal: 'draft a post and publish it', deadlineSeconds: 1 });
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(body.result.tasks.map(({ outcome }) => outcome)).not.toContain(undefined);
    expect(body.result.tasks[1]).toMatchObject({
      taskType: 'content.publish',
      outcome: expect.stringMatching(/failed|skipped/) as string,
    });
  });

  it('reports an input that an agent refuses, without sending it again', async () => {
    const inputs = { 'outreach.dm': { name: 'Ada' } };
    const { body } = await give('orchestrator.delegate', { goal: 'send a dm', inputs });
    expect(body.result.tasks).toMatchObject([{ outcome: 'failed', sends: 1, reason: 'input.offer is missing' }]);
  });

  it('cannot route without the role operator, and says so', async () => {
    await service.api.expect(200, 'PATCH', '/api/agents/orchestrator', { apiRole: null });
    const { body } = await give('orchestrator.delegate', { goal: 'send a dm' });
    expect(body.result.tasks).toMatchObject([
      { outcome: 'failed', reason: expect.stringContaining('role operator') as string },
    ]);
    await service.api.expect(200, 'PATCH', '/api/agents/orchestrator', { apiRole: 'operator' });
  });

  it('plans without sending, and refuses what it cannot plan', async () => {
    expect(await give('orchestrator.plan', { goal: 'write a post and publish it' })).toMatchObject({
      status: 200,
      body: {
        result: {
          sent: false,
          tasks: [
            { id: 1, after: [] },
            { id: 2, after: [1] },
          ],
        },
      },
    });
    for (const input of [
      {},
      { goal: 'xyz' },
      { goal: 'a post', deadlineSeconds: 0 },
      { goal: 'a post', inputs: { a: 1 } },
    ])
      expect((await give('orchestrator.delegate', input)).status).toBe(422);
  });

  it('takes no tasks from a web page', async () => {
    const answer = await give('orchestrator.plan', { goal: 'write a post' }, { origin: 'http://example.com' });
    expect(answer.status).toBe(403);
  });
});
