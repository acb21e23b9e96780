import { Inject, Injectable } from '@nestjs/common';
import type { CircuitState } from '../kernel';
import { Circuits } from './circuits';
import type { Circuit, CircuitEvent } from './transitions';

/**
 * Passes a direct call to the agent's mailbox as an event, so that the change is saved together with its consequences.
 * Required port: the module that provides {@link CircuitBreaker} provides it too.
 */
export interface CircuitCommands {
  /** Resolves once the event was decided on and saved. */
  applyToCircuit(agentId: string, event: CircuitEvent): Promise<void>;
  /** Resets like `POST /api/agents/:id/circuit-reset`: closes the circuit, and starts the agent if it should run. */
  resetCircuit(agentId: string): Promise<void>;
}

export const CIRCUIT_COMMANDS = Symbol('CircuitCommands');

export interface FailureOptions {
  /** false: no restart can cure the cause, so the circuit opens at once. */
  readonly restartable?: boolean;
  /** false: a trial is pointless too. */
  readonly trial?: boolean;
}

/** Reads the circuits, and requests changes of them. Healing decides each change and controls the processes. */
@Injectable()
export class CircuitBreaker {
  constructor(
    private readonly circuits: Circuits,
    @Inject(CIRCUIT_COMMANDS) private readonly commands: CircuitCommands,
  ) {}

  /** Adds 1 to the count, and trips at the limits of the agent's policy. Resolves with the circuit once it is saved. */
  recordFailure(agentId: string, { restartable = true, trial = true }: FailureOptions = {}): Promise<Circuit> {
    return this.apply(agentId, { type: 'failure', restartable, trial });
  }

  /** Sets the count to 0 and the state to CLOSED at once. Healing does this only after `STABLE_SECONDS`. */
  recordSuccess(agentId: string): Promise<Circuit> {
    return this.apply(agentId, { type: 'success' });
  }

  /** Returns true exactly in OPEN. */
  isTripped(agentId: string): boolean {
    return this.getState(agentId) === 'OPEN';
  }

  /** Resets like `POST /api/agents/:id/circuit-reset`: CLOSED, count 0, and the agent is started if it should run. */
  async reset(agentId: string): Promise<void> {
    await this.commands.resetCircuit(agentId);
  }

  getState(agentId: string): CircuitState {
    return this.circuitOf(agentId).state;
  }

  circuitOf(agentId: string): Circuit {
    return this.circuits.circuitOf(agentId);
  }

  private async apply(agentId: string, event: CircuitEvent): Promise<Circuit> {
    await this.commands.applyToCircuit(agentId, event);
    return this.circuits.circuitOf(agentId);
  }
}
