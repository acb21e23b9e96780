import { messageOf, Problem, type AgentPatch } from '../../kernel';
import type { CircuitEvent } from '../../circuit';
import { entryRefOf } from '../../processes';
import type { Registration } from '../../registry';
import { AgentActor } from './agent-actor';
import type { ActingEffect } from './decision';
import { unknownAgent, type AgentActors } from './agent-actors';
import type { ExecutableEffect } from './effect-executor';
import { newAgentState, type AgentState, type Phase, type Run } from '../machine';
import type { SupervisionPorts } from './ports';

export interface ActorSurroundings {
  readonly execute: (actor: AgentActor, effect: ExecutableEffect) => void;
  /** Returns true while timers of this phase must not fire: a snapshot must be taken first. */
  readonly mustWait: (phase: Phase) => boolean;
}

/**
 * Registers, updates and unregisters agents. Each is one event of the agent's mailbox and one commit, so that it never
 * interleaves with another operation.
 */
export class AgentLifecycle {
  /** Removals in progress of the PM2 entries of unregistered agents, by agent. */
  private readonly removals = new Map<string, Promise<void>>();

  constructor(
    private readonly ports: SupervisionPorts,
    private readonly actors: AgentActors,
    private readonly surroundings: ActorSurroundings,
  ) {}

  /** Creates the actor of a registered agent, with its saved state or as new. */
  add(agentId: string, saved: AgentState | null): AgentActor {
    const state = saved ?? newAgentState(this.ports.clock.now() - 1);
    const act = (self: AgentActor, effect: ActingEffect) => {
      if (effect.type === 'unregister') this.onUnregistered(self);
      else this.surroundings.execute(self, effect);
    };
    const actor = new AgentActor(agentId, state, this.ports, act, (phase) => this.surroundings.mustWait(phase));
    this.actors.add(actor);
    return actor;
  }

  /**
   * Registers an agent.
   *
   * @throws Problem `agent-exists`, `invalid-request`, `operation-in-progress` or `database-unavailable`; nothing has
   * changed then
   */
  async register(definition: Registration): Promise<void> {
    const { agentId } = definition;
    const actor = this.actors.find(agentId) ?? this.add(agentId, null);
    try {
      await actor.command({ type: 'register', definition }, 'decided');
    } catch (error) {
      const isUnused = this.ports.definitions.findAgent(agentId) === null && actor.isIdle();
      if (isUnused && this.actors.find(agentId) === actor) {
        this.actors.remove(actor);
        actor.close(unknownAgent(agentId));
      }
      throw error;
    }
  }

  /** Changes a definition by the rules of PATCH. @throws Problem as {@link AgentActor.command} */
  async update(agentId: string, patch: AgentPatch): Promise<void> {
    await this.actors.get(agentId).command({ type: 'update', patch }, 'decided');
  }

  /**
   * Unregisters an agent. The decision is saved before anything is killed. Once no process of the agent lives, the
   * agent leaves the registry and its entry leaves PM2's list.
   *
   * @throws Problem `operation-in-progress` while another operation runs, or if a process cannot be killed
   */
  async unregister(agentId: string): Promise<void> {
    const actor = this.actors.get(agentId);
    const event = { type: 'unregister-asked' } as const;
    actor.commandOrder.take(event).claim();
    await actor.command(event, 'down');
    await this.removals.get(agentId);
  }

  /** Applies a manual count to the circuit. @throws Problem as {@link AgentActor.command} */
  async applyToCircuit(agentId: string, event: CircuitEvent): Promise<void> {
    await this.actors.get(agentId).command({ type: 'circuit-asked', event }, 'decided');
  }

  /** Closes all actors, for a shutdown. */
  close(): void {
    const reason = new Problem(
      'operation-in-progress',
      'agent-spawner is shutting down. Try again once it runs again.',
    );
    for (const actor of this.actors.all()) actor.close(reason);
  }

  private onUnregistered(actor: AgentActor): void {
    const { agentId } = actor;
    const { lastRun } = actor.machineState().state;
    this.actors.remove(actor);
    actor.close(unknownAgent(agentId));
    this.ports.memory.forget(agentId);
    if (lastRun === null) return;
    const removal = this.removeEntry(agentId, lastRun).finally(() => {
      if (this.removals.get(agentId) === removal) this.removals.delete(agentId);
    });
    this.removals.set(agentId, removal);
  }

  private async removeEntry(agentId: string, run: Run): Promise<void> {
    try {
      await this.ports.runtime.deleteEntry(entryRefOf(run.daemon, run));
    } catch (error) {
      this.ports.log.warn({ agentId, error: messageOf(error) }, 'PM2 entry of an unregistered agent not removed');
    }
  }
}
