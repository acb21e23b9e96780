import { definitionOf, registeredAgent } from './definitions';
import { FakeClock, settled } from './fake-clock';
import { FakeProcessManager } from './fake-process-manager';
import { FakeWorld } from './fake-world';
import { LOG, POLICY } from './machine-builders';
import { countedIds, seededRandom } from './seeded';
import { Circuits } from '../../src/circuit';
import { Problem, type AgentPatch, type DesiredState } from '../../src/kernel';
import { launchFingerprint, type RegisteredAgent } from '../../src/registry';
import { NO_REPORTS } from './no-reports';
import { NO_FAULTS, type LaunchFate } from './world-faults';
import { AgentActors } from '../../src/healing/actor/agent-actors';
import { AgentSupervisor } from '../../src/healing/supervisor/agent-supervisor';
import type { Change } from '../../src/healing/actor/journal';
import { diagnoseExitFacts, type HealingPolicy } from '../../src/healing/machine';

const AWAY = new Problem('database-unavailable', 'away');

/** Makes a supervisor over a fake machine. Its journal keeps every change, and refuses commits while `isAway`. */
export async function makeSupervisor({ isExternal = false, begins = true } = {}) {
  /** Changes to the policy of every agent, as of now. */
  const policy: { -readonly [K in keyof HealingPolicy]?: HealingPolicy[K] } = {};
  const clock = new FakeClock();
  const world = new FakeWorld(clock, seededRandom(1));
  const runtime = new FakeProcessManager(world, clock);
  const agents = new Map<string, RegisteredAgent>();
  const desired = new Map<string, DesiredState>();
  const saved: Change[] = [];
  const noted: string[] = [];
  const disk = { isAway: false, logEnd: LOG };
  const fates: LaunchFate[] = [];
  world.faults = { ...NO_FAULTS, launch: () => fates.shift() ?? 'works' };
  const circuits = new Circuits(clock, { loadAll: () => Promise.resolve(new Map()) });
  const commit = (change: Change): Promise<void> => {
    if (disk.isAway) return Promise.reject(AWAY);
    saved.push(change);
    return Promise.resolve();
  };
  const actors = new AgentActors();
  const supervisor = new AgentSupervisor(
    {
      ...{ clock, runtime, circuits, random: seededRandom(2), newId: countedIds() },
      definitions: {
        desiredState: (agentId) => desired.get(agentId) ?? 'stopped',
        applyDesired: (agentId, state) => desired.set(agentId, state),
        findAgent: (agentId) => agents.get(agentId) ?? null,
        planRegistration: (definition) => {
          if (agents.has(definition.agentId)) throw new Problem('agent-exists', 'is registered already');
          return registeredAgent(definition);
        },
        planUpdate: (agentId, patch: AgentPatch) => ({
          agent: registeredAgent({ agentId, args: [...(patch.args ?? [])] }),
          ...{ members: ['args'], changesLaunch: true, capabilities: null },
        }),
        applyDefinition: (agentId, agent) => {
          if (agent === null) agents.delete(agentId);
          else agents.set(agentId, agent);
        },
      },
      memory: { resetTokens: () => undefined, forget: () => undefined },
      reports: NO_REPORTS,
      viewChanges: { note: (agentId) => noted.push(agentId) },
      journal: { commit, commitEventually: (change) => commit(change).catch(() => undefined) },
      log: { info: () => undefined, warn: () => undefined },
      policies: { of: () => ({ ...POLICY, isExternal, ...policy }) },
      diagnosis: {
        diagnose: (_, { exit }) => Promise.resolve(diagnoseExitFacts(exit)),
        mark: () => Promise.resolve(disk.logEnd),
      },
      planner: {
        plan: (agentId, { launch }) => ({
          ...{
            agentId,
            runId: launch.runId,
            program: '/agents/sleeps',
            args: [],
            cwd: '/agents',
            folder: '/agents',
            env: {},
          },
          ...{
            killTimeoutMs: 2_000,
            fingerprint: launchFingerprint(agents.get(agentId) ?? registeredAgent()),
            resumedTask: null,
          },
        }),
      },
    },
    actors,
    8,
  );
  if (begins) void supervisor.begin();
  await clock.advance(500);
  const start = (agentId: string) =>
    supervisor.command(agentId, { type: 'start-asked', by: 'operator', mayTrial: true }, 'up');
  /** Returns the outcome of a promise after `afterMs`. */
  const outcomeOf = async (promise: Promise<unknown>, afterMs = 10_000): Promise<string> => {
    let outcome = 'not answered';
    promise.then(
      () => (outcome = 'done'),
      (error: unknown) => (outcome = error instanceof Problem ? error.code : String(error)),
    );
    await clock.advance(afterMs);
    await settled();
    return outcome;
  };
  const register = async (agentId: string) => {
    await outcomeOf(supervisor.agents.register(definitionOf({ agentId })), 50);
  };
  const events = () => saved.flatMap((change) => change.events.map(({ type }) => type));
  return {
    clock,
    world,
    runtime,
    agents,
    saved,
    noted,
    disk,
    fates,
    policy,
    actors,
    supervisor,
    start,
    outcomeOf,
    register,
    events,
  };
}
