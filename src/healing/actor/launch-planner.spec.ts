import path from 'node:path';
import { registeredAgent } from '../../../test/support/definitions';
import { OwnAddress, readSettings, resolveSettings } from '../../config';
import { RunSecrets, type Heartbeats } from '../../health';
import type { AgentDefinitions } from '../../registry';
import type { Launch } from '../machine';
import { LaunchPlanner } from './launch-planner';
import { OverBudget } from './ports';

const AGENTS_DIR = path.resolve(__dirname, '../../../test/fixtures/agents');
const settings = resolveSettings(readSettings({ AGENTS_DIR }), '/srv/app', '/home/me');
const FAILURE = { cause: 'stuck', line: 'no progress for 60 s while busy with "crawl shop"' } as const;
const KEY = 'the-key-of-the-agent';

const launchOf = (changes: Partial<Launch>): Launch => ({
  ...{ runId: 'run-2', by: 'healing', reason: 'why', kind: 'restart', pidBefore: 7, attempt: 1 },
  ...{ trial: false, mustBeListed: true, afterSweeps: false, fallback: null },
  ...changes,
});

interface Reported {
  readonly lastTask?: string | null;
  readonly unfinishedTask?: string | null;
  readonly tokens?: { readonly used: number; readonly budget: number } | null;
}

/** Plans a launch of an agent that has reported this. */
function plan(launch: Partial<Launch>, { lastTask = null, unfinishedTask = null, tokens = null }: Reported = {}) {
  const agent = registeredAgent({ entryPoint: 'sleeper.sh', env: { KEY } });
  // Only these methods are used.
  const definitions = { getAgent: () => agent, findAgent: () => agent } as unknown as AgentDefinitions;
  const heartbeats = {
    ...{ lastTaskOf: () => lastTask, unfinishedTaskOf: () => unfinishedTask, tokensOf: () => tokens },
  } as unknown as Heartbeats;
  const key = Buffer.alloc(32);
  const secrets = new RunSecrets(definitions, key);
  const planner = new LaunchPlanner(definitions, heartbeats, settings, key, new OwnAddress(settings), secrets);
  return planner.plan('agent', { launch: launchOf(launch), restarts: 3, lastRunId: 'run-1' });
}

const reasonOf = (launch: Partial<Launch>) => plan(launch).env.AGENT_RESTART_REASON;

describe('AGENT_RESTART_REASON', () => {
  it.each<readonly [string, Partial<Launch>, string]>([
    ['the cause and the line of the failure', { failure: FAILURE }, `stuck: ${FAILURE.line}`],
    ['the same for the trial', { failure: FAILURE, reason: 'trial after the cool-down' }, `stuck: ${FAILURE.line}`],
    [
      'the same for a spawn after a halt',
      { failure: FAILURE, by: 'operator', kind: 'spawn' },
      `stuck: ${FAILURE.line}`,
    ],
    ["the operator's words", { by: 'operator', reason: 'new model', attempt: null }, 'new model'],
    ['what was lost', { reason: "PM2's daemon exited", attempt: null }, "PM2's daemon exited"],
    ['empty on a first launch', { by: 'operator', kind: 'spawn', reason: 'asked' }, ''],
  ])('is %s', (_, launch, reason) => {
    expect(reasonOf(launch)).toBe(reason);
  });

  it('is one line of at most 500 characters, without control characters and secrets of the agent', () => {
    const line = `sent\u0007 \u001b[31m${KEY}\n\tand sk-${'a1'.repeat(20)} ${'x'.repeat(9_000)}`;
    const reason = reasonOf({ failure: { cause: 'unhandled-exception', line } });
    expect(reason).toMatch(/^unhandled-exception: sent \*\*\* and sk-\*\*\* x+…$/);
    expect(reason).toHaveLength(500);
    expect(reasonOf({ by: 'operator', reason: `with ${KEY}` })).toBe('with ***');
  });
});

it('counts a restart, and passes the last task on as the agent reported it', () => {
  const { env, resumedTask } = plan({}, { lastTask: `crawl ${KEY}\n`, unfinishedTask: `crawl ${KEY}\n<b>` });
  expect(env).toMatchObject({ AGENT_RESTART_COUNT: '4', AGENT_LAST_TASK: `crawl ${KEY}\n` });
  expect(resumedTask).toBe('crawl *** <b>');
  expect(plan({ kind: 'spawn' }).env).toMatchObject({ AGENT_RESTART_COUNT: '3' });
});

it('passes a finished task on, but does not say that it is resumed', () => {
  const { env, resumedTask } = plan({}, { lastTask: 'crawl shop' });
  expect([env.AGENT_LAST_TASK, resumedTask]).toEqual(['crawl shop', null]);
  expect(plan({}, { lastTask: 'x'.repeat(2_000), unfinishedTask: 'x'.repeat(2_000) }).resumedTask).toHaveLength(160);
});

describe('a launch of an agent over its token budget', () => {
  const tokens = { used: 1_001, budget: 1_000 };

  it.each(['healing', 'recovery', 'autostart'] as const)('is refused to %s', (by) => {
    expect(() => plan({ by }, { tokens })).toThrow(new OverBudget('used 1001 tokens; its budget is 1000'));
  });

  it('is granted to the operator, and to healing up to the budget', () => {
    expect(plan({ by: 'operator' }, { tokens }).runId).toBe('run-2');
    expect(plan({}, { tokens: { used: 1_000, budget: 1_000 } }).runId).toBe('run-2');
  });
});
