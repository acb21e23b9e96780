import type { DesiredState } from '../../../src/kernel';
import type { Circuit } from '../../../src/circuit';
import type { EventDraft } from '../../../src/events';
import type { Change } from '../../../src/healing/actor/journal';
import type { AgentState } from '../../../src/healing/machine';
import type { SavedHeartbeat } from '../../../src/health/heartbeat/heartbeat-store';
import { unavailable } from '../../../src/persistence/database/commit-in-doubt';
import type { RegisteredAgent } from '../../../src/registry';

/** A crash of the engine during a commit. Until the engine is open again, no caller learns if the commit happened. */
export interface LossInCommit {
  readonly happens: boolean;
  /** Time until a caller notices the crash, in milliseconds. */
  readonly hangMs: number;
  /** Time from there until the engine is open again, in milliseconds. */
  readonly reopensMs: number;
}

/** The next writes about one agent fail. Their transactions are rolled back. */
export interface FailingWrites {
  readonly agentId: string;
  left: number;
  /**
   * True: the write itself is refused, for example by a constraint, so a retry cannot help. The service drops a decision
   * of healing that fails like this. Therefore it affects commands only.
   */
  readonly isItsFault: boolean;
}

/** Holds what survives the service. Each transaction is written as a whole or not at all. */
export class FakeDisk {
  readonly states = new Map<string, AgentState>();
  readonly desired = new Map<string, DesiredState>();
  readonly circuits = new Map<string, Circuit>();
  readonly definitions = new Map<string, RegisteredAgent>();
  readonly history: EventDraft[] = [];
  readonly heartbeats = new Map<string, SavedHeartbeat>();
  /** By agent, the boot of the machine in which its state was saved. */
  readonly boots = new Map<string, number>();
  /** By agent, the wall clock minus the clock of the process that saved its state. */
  readonly offsets = new Map<string, number>();
  /** Number of reboots of the machine so far. */
  boot = 0;
  isAway = false;
  /** Number of commits that will be refused. */
  refusals = 0;
  failing: FailingWrites | null = null;
  nextCommit: LossInCommit | null = null;
  /** Called when the engine is lost, and when it is open again. */
  onLoss: (isLost: boolean) => void = () => undefined;
  /** Called when a single commit or write has failed. The next ones may succeed. */
  onFailure: () => void = () => undefined;

  /** Called before each write about an agent. @throws the error with which the write fails */
  check(agentId: string, isCommand: boolean): void {
    const { failing } = this;
    if (failing?.agentId !== agentId || failing.left <= 0 || (failing.isItsFault && !isCommand)) return;
    failing.left -= 1;
    this.onFailure();
    throw failing.isItsFault ? new Error('a constraint is violated') : unavailable(new Error('one write failed'));
  }

  /** Replaces the state of an agent by the outcome of its last decision. */
  saveState(change: Change): void {
    if (change.definition?.kind === 'removed') return;
    this.offsets.set(change.agentId, change.wallOffsetMs);
    this.states.set(change.agentId, structuredClone(change.state));
    this.boots.set(change.agentId, this.boot);
    this.desired.set(change.agentId, change.desired);
    this.circuits.set(change.agentId, savedCircuit(change));
  }

  /** Writes the rest of a decision: its events, and the change of the definition. */
  append(change: Change): void {
    this.history.push(...change.events);
    if (change.definition === null) return;
    if (change.definition.kind === 'saved') {
      this.definitions.set(change.agentId, change.definition.agent);
      return;
    }
    for (const rows of [this.states, this.boots, this.desired, this.circuits, this.definitions, this.offsets])
      rows.delete(change.agentId);
    this.heartbeats.delete(change.agentId);
  }
}

/** Converts the times of a circuit to the wall clock, like the production store. */
function savedCircuit({ circuit, wallOffsetMs }: Change): Circuit {
  const dueAt = circuit.dueAt === null ? null : circuit.dueAt + wallOffsetMs;
  return { ...circuit, dueAt, recentFailures: circuit.recentFailures.map((at) => at + wallOffsetMs) };
}
