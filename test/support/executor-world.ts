import { CLOSED_CIRCUIT, Circuits } from '../../src/circuit';
import { EffectExecutor, type ExecutableEffect } from '../../src/healing/actor/effect-executor';
import type { PlannedLaunch } from '../../src/healing/actor/ports';
import { newAgentState, type AgentState, type Launch, type MachineEvent } from '../../src/healing/machine';
import { Problem } from '../../src/kernel';
import type { ProcessIdentity } from '../../src/processes';
import { registeredAgent } from './definitions';
import { FakeClock } from './fake-clock';
import { FakeProcessManager } from './fake-process-manager';
import { FakeWorld } from './fake-world';
import { POLICY } from './machine-builders';
import { countedIds, seededRandom } from './seeded';

const launchOf = (runId: string, changes: Partial<Launch>): Launch => ({
  ...{ runId, by: 'healing', reason: 'ended with exit code 0', kind: 'restart', pidBefore: null, attempt: 1 },
  ...{ trial: false, mustBeListed: false, afterSweeps: false, fallback: null },
  ...changes,
});

const planOf = (agentId: string, runId: string, program: string): PlannedLaunch => ({
  ...{ agentId, runId, program, args: [], cwd: '/', env: { AGENT_TOKEN: 'the-run-token' }, killTimeoutMs: 10_000 },
  ...{ folder: '/agents', fingerprint: 'planned', resumedTask: null },
});

/** Makes the ports of an executor over a fake machine. `refused` holds the agents whose launch cannot be planned. */
function makePorts(refused: ReadonlySet<string>) {
  const clock = new FakeClock();
  const random = seededRandom(1);
  const world = new FakeWorld(clock, random);
  const runtime = new FakeProcessManager(world, clock);
  const logged: string[] = [];
  const ports = {
    ...{ clock, random, runtime, newId: countedIds(), policies: { of: () => POLICY } },
    circuits: new Circuits(clock, { loadAll: () => Promise.resolve(new Map()) }),
    definitions: { findAgent: () => registeredAgent({ env: { KEY: 'the-key' } }) },
    journal: { commit: () => Promise.resolve(), commitEventually: () => Promise.resolve() },
    log: {
      info: (_: unknown, message: string) => logged.push(`info ${message}`),
      warn: (_: unknown, message: string) => logged.push(message),
    },
    diagnosis: { mark: () => Promise.resolve({ stdout: null, stderr: null }) },
    planner: {
      plan: (agentId: string, { launch }: { launch: Launch }) =>
        refused.has(agentId)
          ? Promise.reject(new Problem('entry-point-not-found', 'There is no file agent.py.'))
          : Promise.resolve(planOf(agentId, launch.runId, '/bin/sleeps')),
    },
  };
  return { clock, world, runtime, logged, ports };
}

/** Makes the actors to which an executor posts events. Each wants the launch that it was given last. */
function makeActors() {
  const posted = new Map<string, MachineEvent[]>();
  const states = new Map<string, AgentState>();
  const actorOf = (agentId: string) => {
    const events = posted.get(agentId) ?? [];
    posted.set(agentId, events);
    return {
      agentId,
      post: (event: MachineEvent) => events.push(event),
      machineState: () => ({
        state: states.get(agentId) ?? newAgentState(0),
        desired: 'running',
        circuit: CLOSED_CIRCUIT,
      }),
    };
  };
  const want = (agentId: string, launch: Launch) => {
    const starting = { kind: 'starting', since: 0, launch, revision: 0, outcome: 'pending', absences: 0 } as const;
    states.set(agentId, { ...newAgentState(0), phase: { ...starting, lookAt: null, listedUnder: null, exit: null } });
  };
  return { actorOf, want, eventsOf: (agentId: string) => posted.get(agentId) ?? [] };
}

/** Makes an executor over a fake machine, with one launch at a time. It keeps the events that the agents receive. */
export async function makeExecutor() {
  const refused = new Set<string>();
  const { clock, world, runtime, logged, ports } = makePorts(refused);
  const { actorOf, want, eventsOf } = makeActors();
  const terminate = jest.spyOn(runtime, 'terminate');
  const endProcess = jest.spyOn(runtime, 'terminateProcess');
  const observe = jest.fn<undefined, [scan: boolean]>();
  const executor = new EffectExecutor(ports as unknown as ConstructorParameters<typeof EffectExecutor>[0], 1, observe);
  const run = (agentId: string, effect: ExecutableEffect) => {
    if (effect.type === 'launch') want(agentId, effect.launch);
    executor.execute(actorOf(agentId) as unknown as Parameters<EffectExecutor['execute']>[0], effect);
  };
  const launch = (agentId: string, changes: Partial<Launch> = {}) => {
    run(agentId, { type: 'launch', launch: launchOf(`${agentId}-next`, changes), lastRun: null });
  };
  /** Starts a process of an agent, without the executor. */
  const startProcess = async (agentId: string, runId: string, program: string): Promise<ProcessIdentity> => {
    const launched = runtime.launch(planOf(agentId, runId, program), null);
    await clock.advance(100);
    const outcome = await launched;
    if (outcome.kind !== 'launched') throw new Error(outcome.kind);
    return outcome.process;
  };
  world.startDaemon();
  const connected = runtime.connect(true);
  await clock.advance(1_000);
  await connected;
  return { clock, runtime, terminate, endProcess, observe, logged, refused, run, launch, startProcess, eventsOf };
}
