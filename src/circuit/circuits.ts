import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, type Clock } from '../kernel';
import { CircuitStore } from './circuit-store';
import { CLOSED_CIRCUIT, rehydrateCircuit, type Circuit } from './transitions';

/**
 * Holds one circuit per agent: CLOSED, OPEN (no restart) or HALF_OPEN (one trial). It stores what the state machine
 * decided and never computes it again.
 */
@Injectable()
export class Circuits {
  private readonly circuits = new Map<string, Circuit>();

  constructor(
    @Inject(CLOCK) private readonly clock: Pick<Clock, 'now'>,
    @Inject(CircuitStore) private readonly store: Pick<CircuitStore, 'loadAll'>,
  ) {}

  /** Loads the saved circuits. Must run before any other call. */
  async load(): Promise<void> {
    const now = this.clock.now();
    for (const [agentId, saved] of await this.store.loadAll()) this.circuits.set(agentId, rehydrateCircuit(saved, now));
  }

  circuitOf(agentId: string): Circuit {
    return this.circuits.get(agentId) ?? CLOSED_CIRCUIT;
  }

  /** Stores what the state machine decided. */
  set(agentId: string, circuit: Circuit): void {
    this.circuits.set(agentId, circuit);
  }

  /** Removes the circuit of an unregistered agent. */
  forget(agentId: string): void {
    this.circuits.delete(agentId);
  }
}
