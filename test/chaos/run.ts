import path from 'node:path';
import { until } from '../support/until';
import { seededRandom } from '../support/seeded';
import { injectFault, pause } from './faults';
import { Latencies, type Medians } from './latencies';
import { Operator } from './operator';
import { drawSchedule, type FaultKind } from './schedule';
import { World } from './world';

/** Time within which every agent must run again after the last fault. */
const SETTLE_MS = 120_000;
const RETRY_MS = 500;
/** Number of attempts to inject a fault for which no agent is available. */
const TRIES = 60;

export interface ChaosOptions {
  readonly seed: number;
  readonly minutes: number;
  /** False removes the launch guard. The checker must then report violations. */
  readonly guard: boolean;
  /** The only kind of fault to inject. Empty: all kinds. */
  readonly only: string;
}

export interface ChaosReport {
  readonly violations: readonly string[];
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
  readonly looks: number;
  readonly acknowledged: number;
  readonly livedThroughFreezes: number;
  readonly messages: number;
  readonly medians: Medians;
  readonly trace: readonly string[];
}

/** Runs one seed on the real service and the real PM2. An independent checker of the process table finds violations. */
export async function runChaos({ seed, minutes, guard, only }: ChaosOptions): Promise<ChaosReport> {
  const random = seededRandom(seed);
  const preload = guard ? null : path.join(__dirname, 'without-launch-guard.cjs');
  const world = await World.make(random, preload);
  const faults: Partial<Record<FaultKind, number>> = {};
  const violations: string[] = [];
  const operator = new Operator(world);
  const latencies = new Latencies(world);
  try {
    world.checker.begin();
    await waitUntilAllRun(world, 'at the beginning');
    let isOver = false;
    const working = operator.work(() => isOver);
    const plan = drawSchedule(random, minutes).filter(({ kind }) => only === '' || kind === only);
    await injectFaults(world, plan, (kind) => (faults[kind] = (faults[kind] ?? 0) + 1));
    isOver = true;
    await working;
    await pause(3_000);
    await operator.compare();
    await operator.startAll();
    await waitUntilAllRun(world, 'at the end').catch((error: unknown) => violations.push(String(error)));
    await latencies.measure();
  } catch (error) {
    violations.push(`the run failed: ${String(error)}`);
  } finally {
    world.checker.end();
    await end(world);
  }
  for (const { agentId, pid } of world.checker.living()) {
    violations.push(`left behind: ${agentId}, pid ${pid}`);
    process.kill(pid, 'SIGKILL');
  }
  return {
    violations: [...world.checker.violations, ...world.violations, ...operator.violations, ...violations],
    ...{ faults, looks: world.checker.looks, acknowledged: operator.acknowledged },
    livedThroughFreezes: world.livedThroughFreezes,
    ...{ messages: world.bot.calls.length, medians: latencies.medians(), trace: world.trace },
  };
}

async function injectFaults(
  world: World,
  plan: ReturnType<typeof drawSchedule>,
  onInjected: (kind: FaultKind) => void,
): Promise<void> {
  const began = performance.now();
  const running: Promise<void>[] = [];
  for (const { at, kind, freezeMs } of plan) {
    await pause(Math.max(0, began + at - performance.now()));
    running.push(
      (async () => {
        for (let tries = 0; tries < TRIES; tries += 1) {
          if (await injectFault(world, kind, freezeMs)) {
            onInjected(kind);
            return;
          }
          await pause(RETRY_MS);
        }
      })(),
    );
  }
  await Promise.all(running);
}

/** Waits until every agent runs, with the leader that the checker sees. */
async function waitUntilAllRun(world: World, when: string): Promise<void> {
  let last = '';
  await until(
    async () => {
      const views = await world.service.api.agents();
      const ours = views.filter(({ agentId }) => world.victims.some((victim) => victim.agentId === agentId));
      last = ours
        .filter(({ status }) => status !== 'running')
        .map(({ agentId, status, lastFailure }) => `${agentId}: ${status} (${lastFailure?.line ?? ''})`)
        .join('; ');
      return ours.every(({ agentId, status, pid }) => status === 'running' && world.checker.leaderOf(agentId) === pid);
    },
    () => `all agents run ${when}; not running: ${last}`,
    SETTLE_MS,
  );
}

async function end(world: World): Promise<void> {
  world.disk.mend();
  world.service.signal('SIGCONT');
  const { api } = world.service;
  await api.request('POST', '/api/agents/terminate').catch(() => undefined); // destroy kills what is left
  await world.service.end();
  await world.service.destroy();
  world.disk.remove();
  await world.bot.close();
}
