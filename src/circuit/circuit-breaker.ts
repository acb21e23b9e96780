import type { CircuitState, Clock } from '../kernel';
import {
  CLOSED_CIRCUIT,
  nextCircuit,
  revivedCircuit,
  type Circuit,
  type CircuitEvent,
  type CircuitPolicy,
} from './transitions';

/** Where circuits are kept: one row an agent. */
export interface CircuitRows {
  loadAll(): Promise<ReadonlyMap<string, Circuit>>;
  /** Saves in the background, in order, and never loses it while the process lives. */
  saveEventually(agentId: string, circuit: Circuit): void;
}

/** What healing hands in, so that a call of ours by anybody is as safe as the route. */
export interface CircuitHooks {
  /** A reset has to start what the circuit had halted. */
  reset(agentId: string): Promise<void>;
  /** A caller's counting opened or closed it: halted means no process, and closed that there should be one. */
  moved(agentId: string): void;
}

export interface CallerOptions {
  /** Healing saves the circuit together with its own decision, and decides about the process by itself. */
  readonly byHealing?: boolean;
}

/** How a failure counts. */
export interface FailureOptions extends CallerOptions {
  /** False: no restart can cure it, so the circuit opens at once. */
  readonly restartable?: boolean;
  /** False: no trial is worth making either. */
  readonly trial?: boolean;
}

/**
 * One circuit an agent: CLOSED, OPEN (no restart), HALF_OPEN (one trial). It owns state, count and due time; what
 * happens to the process is healing's.
 */
export class CircuitBreaker {
  private readonly circuits = new Map<string, Circuit>();
  private hooks: CircuitHooks | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly policyOf: (agentId: string) => CircuitPolicy,
    private readonly rows: CircuitRows,
  ) {}

  /** Reads the saved circuits; before anything else is asked. */
  async load(): Promise<void> {
    const now = this.clock.now();
    for (const [agentId, saved] of await this.rows.loadAll()) this.circuits.set(agentId, revivedCircuit(saved, now));
  }

  attach(hooks: CircuitHooks): void {
    this.hooks = hooks;
  }

  /** Adds 1 to the count; trips at the limits of the agent's policy. */
  recordFailure(agentId: string, options: FailureOptions = {}): Circuit {
    const { restartable = true, trial = true, byHealing = false } = options;
    const before = this.circuitOf(agentId).state;
    const after = this.apply(agentId, { type: 'failure', restartable, trial });
    if (!byHealing) {
      this.rows.saveEventually(agentId, after);
      if (before !== 'OPEN' && after.state === 'OPEN') this.hooks?.moved(agentId);
    }
    return after;
  }

  /** Count 0 and CLOSED, at once. Healing calls it only after `STABLE_SECONDS`. */
  recordSuccess(agentId: string, options: CallerOptions = {}): Circuit {
    const before = this.circuitOf(agentId).state;
    const after = this.apply(agentId, { type: 'success' });
    if (options.byHealing !== true) {
      this.rows.saveEventually(agentId, after);
      if (before !== 'CLOSED') this.hooks?.moved(agentId);
    }
    return after;
  }

  /** True exactly in OPEN. */
  isTripped(agentId: string): boolean {
    return this.circuitOf(agentId).state === 'OPEN';
  }

  /** The same as `POST /api/agents/:id/circuit-reset`: CLOSED, count 0, and what should run is started. */
  async reset(agentId: string): Promise<void> {
    if (this.hooks !== null) await this.hooks.reset(agentId);
    else this.rows.saveEventually(agentId, this.apply(agentId, { type: 'reset' }));
  }

  getState(agentId: string): CircuitState {
    return this.circuitOf(agentId).state;
  }

  circuitOf(agentId: string): Circuit {
    return this.circuits.get(agentId) ?? CLOSED_CIRCUIT;
  }

  /** One event, in memory at once; whoever calls this saves the row. */
  apply(agentId: string, event: CircuitEvent): Circuit {
    const next = nextCircuit(this.circuitOf(agentId), event, this.policyOf(agentId), this.clock.now());
    this.circuits.set(agentId, next);
    return next;
  }

  /** The agent is not registered any more. */
  forget(agentId: string): void {
    this.circuits.delete(agentId);
  }
}
