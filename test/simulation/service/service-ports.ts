import type { Diagnosis, NewId, Random } from '../../../src/kernel';
import type { Circuits } from '../../../src/circuit';
import type { PlannedLaunch, SupervisionPorts } from '../../../src/healing/actor/ports';
import { diagnoseExitFacts } from '../../../src/healing/machine';
import type { FakeProcessManager } from '../../support/fake-process-manager';
import { NO_REPORTS } from '../../support/no-reports';
import type { DiskJournal } from './disk-journal';
import type { FakeHealth } from './fake-health';
import type { FakeRegistry } from './fake-registry';
import type { ServiceClock } from './service-clock';
import { policyOf } from './service-policy';

const NO_LOG = { stdout: { inode: 0, size: 0 }, stderr: { inode: 0, size: 0 }, oomKills: null };

export interface PortParts {
  readonly clock: ServiceClock;
  readonly random: Random;
  readonly newId: NewId;
  readonly runtime: FakeProcessManager;
  readonly circuits: Circuits;
  readonly registry: FakeRegistry;
  readonly journal: DiskJournal;
  readonly health: FakeHealth;
  /** Returns the cause that the log of a run names; null: none. */
  readonly loggedCauseOf: (runId: string) => Diagnosis | null;
  readonly say: (line: string) => void;
}

/** Returns the dependencies of supervision: the fakes of the simulation, and production code where it needs no I/O. */
export function makePorts(parts: PortParts): SupervisionPorts {
  const { clock, random, newId, runtime, circuits, registry, journal, health, loggedCauseOf, say } = parts;
  const currentPolicyOf = (agentId: string) =>
    policyOf(agentId, registry.findAgent(agentId), health.fleet.isIncident());
  const planLaunch = (agentId: string, runId: string): PlannedLaunch => {
    const args = [...(registry.findAgent(agentId)?.args ?? [])];
    return {
      ...{ agentId, runId, program: '/agents/sleeps', args, cwd: '/agents', folder: '/agents', env: {} },
      killTimeoutMs: currentPolicyOf(agentId).killTimeoutMs,
      fingerprint: JSON.stringify(args),
      resumedTask: null,
    };
  };
  return {
    ...{ clock, random, newId, runtime, circuits, journal, definitions: registry },
    log: {
      info: () => undefined,
      warn: (fields, message) => {
        say(`${message} ${JSON.stringify(fields)}`);
      },
    },
    memory: {
      resetTokens: () => undefined,
      forget: (agentId) => {
        circuits.forget(agentId);
        health.forget(agentId);
      },
    },
    reports: {
      ...NO_REPORTS,
      onResumed: () => {
        health.onResumed();
      },
    },
    viewChanges: { note: () => undefined },
    policies: { of: currentPolicyOf },
    diagnosis: {
      diagnose: (_, { runId, exit, log }) => {
        const isLogRead = log !== null && exit.signal === null;
        return Promise.resolve((isLogRead ? loggedCauseOf(runId) : null) ?? diagnoseExitFacts(exit));
      },
      mark: () => Promise.resolve(NO_LOG),
    },
    planner: { plan: (agentId, { launch }) => Promise.resolve(planLaunch(agentId, launch.runId)) },
  };
}
