import path from 'node:path';
import { until } from '../support/until';
import { seededRandom } from '../support/seeded';
import { makeFault, pause } from './faults';
import { Latencies, type Medians } from './latencies';
import { Operator } from './operator';
import { scheduleOf, type FaultKind } from './schedule';
import { World } from './world';

/** Time in which everything has to be well again once nothing fails any more. */
const SETTLE_MS = 120_000;
const RETRY_MS = 500;
/** A fault for which nobody is there is tried again for so long. */
const TRIES = 60;

export interface ChaosOptions {
  readonly seed: number;
  readonly minutes: number;
  /** False: the launch guard is taken out, which the checker has to find. */
  readonly guard: boolean;
  /** Faults of one kind alone; empty: of all. */
  readonly only: string;
}

export interface ChaosReport {
  readonly violations: readonly string[];
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
  readonly looks: number;
  readonly acknowledged: number;
  readonly messages: number;
  readonly medians: Medians;
  readonly trace: readonly string[];
}

/** Plays one seed on the real service and the real PM2, and judges what an independent look at the process table saw. */
export async function playChaos({ seed, minutes, guard, only }: ChaosOptions): Promise<ChaosReport> {
  const random = seededRandom(seed);
  const preload = guard ? null : path.join(__dirname, 'without-launch-guard.cjs');
  const world = await World.make(random, preload);
  const faults: Partial<Record<FaultKind, number>> = {};
  const violations: string[] = [];
  const operator = new Operator(world);
  const latencies = new Latencies(world);
  try {
    world.checker.begin();
    await allRun(world, 'at the beginning');
    let isOver = false;
    const working = operator.work(() => isOver);
    const plan = scheduleOf(random, minutes).filter(({ kind }) => only === '' || kind === only);
    await playFaults(world, plan, (kind) => (faults[kind] = (faults[kind] ?? 0) + 1));
    isOver = true;
    await working;
    await pause(3_000);
    await operator.compare();
    await operator.startAll();
    await allRun(world, 'at the end').catch((error: unknown) => violations.push(String(error)));
    await latencies.measure();
  } catch (error) {
    violations.push(`the run itself: ${String(error)}`);
  } finally {
    world.checker.end();
    await end(world);
  }
  for (const { agentId, pid } of world.checker.living()) {
    violations.push(`left behind: ${agentId}, pid ${pid}`);
    process.kill(pid, 'SIGKILL');
  }
  return {
    violations: [...world.checker.violations, ...operator.violations, ...violations],
    ...{ faults, looks: world.checker.looks, acknowledged: operator.acknowledged },
    ...{ messages: world.bot.calls.length, medians: latencies.medians(), trace: world.trace },
  };
}

async function playFaults(
  world: World,
  plan: ReturnType<typeof scheduleOf>,
  made: (kind: FaultKind) => void,
): Promise<void> {
  const began = performance.now();
  const running: Promise<void>[] = [];
  for (const { at, kind } of plan) {
    await pause(Math.max(0, began + at - performance.now()));
    running.push(
      (async () => {
        for (let tries = 0; tries < TRIES; tries += 1) {
          if (await makeFault(world, kind)) {
            made(kind);
            return;
          }
          await pause(RETRY_MS);
        }
      })(),
    );
  }
  await Promise.all(running);
}

/** All that can live lives, once each. */
async function allRun(world: World, when: string): Promise<void> {
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
    () => `all run ${when}; ${last}`,
    SETTLE_MS,
  );
}

async function end(world: World): Promise<void> {
  world.disk.mend();
  world.service.signal('SIGCONT');
  const { api } = world.service;
  await api.request('POST', '/api/agents/terminate').catch(() => undefined); // destroy ends what is left
  await world.service.end();
  await world.service.destroy();
  world.disk.remove();
  await world.bot.close();
}
