import type { Random } from '../../../src/kernel';
import { seededRandom } from '../../support/seeded';
import type { AgentFaults } from '../faults/agent-faults';
import type { Illness } from '../faults/illness';
import type { SimulationContext } from '../simulation-context';
import { drawWeighted } from '../weighted-draw';
import type { HealingCommands } from './healing-commands';
import type { Operators } from './operators';

/** Share of the steps that do one of these besides their deed. */
const SHARE = 0.15;
const SHORTEST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 90_000;
/** Longest time from the begin of a pause to the fault of the paused agent. */
const LONGEST_UNTIL_FAULT_MS = 20_000;
/** A commit often takes longer than this. */
const AMID_COMMIT_MS = 8;

/** Actions of operators on healing, each with its weight. */
const CONTROLS = [
  [3, 'pause'],
  [3, 'pause of a faulty agent'],
  [2, 'resume'],
  [3, 'circuit opened'],
  [2, 'circuit closed'],
  [2, 'shutdown amid an order'],
] as const;
type Control = (typeof CONTROLS)[number][1];

interface Parts {
  readonly operators: Operators;
  readonly healing: HealingCommands;
  readonly agentFaults: AgentFaults;
  readonly illness: Illness;
  /** Returns true while nothing may be started. */
  readonly mustWait: () => boolean;
  readonly shutDown: () => void;
}

/**
 * Draws what operators do to healing itself. Draws from a random stream of its own and only in every second seed, so
 * that the other seeds do not depend on it.
 */
export class OperatorControls {
  private readonly random: Random;
  private readonly isOn: boolean;

  constructor(
    private readonly context: Pick<SimulationContext, 'seed' | 'agents' | 'clock'>,
    private readonly parts: Parts,
  ) {
    this.random = seededRandom(context.seed + 2_000_003);
    this.isOn = context.seed % 2 === 0;
  }

  /** Called once a step. */
  act(): void {
    if (!this.isOn || this.random() >= SHARE || this.parts.mustWait()) return;
    const { agents } = this.context;
    const agentId = agents[Math.floor(this.drawn(agents.length))] ?? 'a';
    this.controls[drawWeighted(CONTROLS, (below) => this.drawn(below))](agentId);
  }

  private readonly controls: Readonly<Record<Control, (agentId: string) => void>> = {
    pause: (agentId) => this.pause(agentId),
    'pause of a faulty agent': (agentId) => this.pauseFaulty(agentId),
    resume: (agentId) => this.parts.healing.resume(agentId),
    'circuit opened': (agentId) => this.parts.healing.openCircuit(agentId, this.random() < 0.5),
    'circuit closed': (agentId) => this.parts.healing.closeCircuit(agentId),
    'shutdown amid an order': (agentId) => this.shutDownAmidOrder(agentId),
  };

  private pause(agentId: string): void {
    const forMs = SHORTEST_PAUSE_MS + this.drawn(LONGEST_PAUSE_MS - SHORTEST_PAUSE_MS);
    this.parts.healing.pause(agentId, Math.round(forMs));
  }

  /** Pauses healing of an agent that crashes or hangs during the pause. */
  private pauseFaulty(agentId: string): void {
    this.pause(agentId);
    const isCrash = this.random() < 0.5;
    this.context.clock.after(this.drawn(LONGEST_UNTIL_FAULT_MS), () => {
      if (isCrash) this.parts.agentFaults.crash(agentId);
      else this.parts.illness.strike(agentId, 'hang');
    });
  }

  /** Shuts the service down while an order is being saved. */
  private shutDownAmidOrder(agentId: string): void {
    const { operators, shutDown } = this.parts;
    const draw = this.random();
    if (draw < 0.5) operators.stop(agentId);
    else if (draw < 0.75) operators.restart(agentId);
    else operators.unregister(agentId);
    this.context.clock.after(this.drawn(AMID_COMMIT_MS), shutDown);
  }

  private drawn(below: number): number {
    return this.random() * below;
  }
}
