import { messageOf, Problem } from '../../kernel';
import type { Decision, MachineState } from '../machine';
import type { Change, DefinitionChange, IncidentNews, Journal, RestartRecord } from './journal';
import type { EventDraft } from '../../events';
import type { RegisteredAgent } from '../../registry';
import { doubtOf } from '../../persistence';

export interface ChangeContext {
  readonly agentId: string;
  /** Wall clock at the event, epoch milliseconds. */
  readonly wall: number;
  readonly wallOffsetMs: number;
  /** Definition that this decision saves; null: none. */
  readonly definition: DefinitionChange | null;
  /** True if the saved due times show an outdated wall time. */
  readonly isOutdated: boolean;
}

/** Collects what a decision changes, for one commit. Returns null if there is nothing to save. */
export function collectChange(before: MachineState, decision: Decision, context: ChangeContext): Change | null {
  const { agentId, wall, wallOffsetMs, isOutdated } = context;
  const after = decision.machineState;
  const events: EventDraft[] = [];
  const incidentNews: IncidentNews[] = [];
  const restarts: RestartRecord[] = [];
  let { definition } = context;
  let tokens: Change['tokens'] = null;
  for (const effect of decision.effects) {
    if (effect.type === 'record') events.push({ agentId, type: effect.event, data: effect.data, occurredAt: wall });
    else if (effect.type === 'record-restart') {
      const { reason, pidBefore, pidAfter, success, incidentId } = effect;
      restarts.push({ reason, pidBefore, pidAfter, success, incidentId, restartedAt: wall });
    } else if (effect.type === 'notify') {
      const { incidentId, news } = effect;
      incidentNews.push({ incidentId, news, at: wall, wallOffsetMs });
    } else if (effect.type === 'unregister') definition = { kind: 'removed' };
    else if (effect.type === 'reset-tokens') tokens = 'reset';
  }
  const isUnchanged =
    before.state === after.state && before.desired === after.desired && before.circuit === after.circuit;
  const isSame = isUnchanged && !isOutdated;
  if (isSame && events.length + incidentNews.length === 0 && definition === null && tokens === null) return null;
  const { state, desired, circuit } = after;
  return { agentId, state, desired, circuit, definition, tokens, wallOffsetMs, events, restarts, incidentNews };
}

/** Returns a change that restores what holds without `change`, and adds no history. `agent` null: not registered. */
export function undoChange(change: Change, held: MachineState, agent: RegisteredAgent | null): Change {
  const heldDefinition: DefinitionChange = agent === null ? { kind: 'removed' } : { kind: 'saved', agent };
  const definition = change.definition === null ? null : heldDefinition;
  const tokens = change.tokens === null ? null : 'reset-undone';
  return { ...change, ...held, definition, tokens, events: [], restarts: [], incidentNews: [] };
}

/** Saves the decisions of one agent. */
export class DecisionSaver {
  /** Save of the latest decision that no caller waits for. */
  lastSave: Promise<void> = Promise.resolve();
  /** `Change.wallOffsetMs` of the latest save; null: none since the start. */
  wallOffsetMs: number | null = null;

  constructor(private readonly journal: Journal) {}

  /** Queues a decision of healing, which acts before it is saved. */
  saveEventually(change: Change): void {
    this.wallOffsetMs = change.wallOffsetMs;
    this.lastSave = this.journal.commitEventually(change);
  }

  /**
   * Saves a command before it acts. Only a stop acts without a save, and reports that it is not recorded yet.
   *
   * @param undo returns the change that restores what holds without `change`
   * @returns true: it is on disk; false: a stop that is not on disk yet; a Problem: the command must not act
   */
  async save(change: Change, isStop: boolean, undo: () => Change): Promise<boolean | Problem> {
    try {
      await this.journal.commit(change, { isKeptInDoubt: isStop });
      this.wallOffsetMs = change.wallOffsetMs;
      return true;
    } catch (error) {
      const isInDoubt = doubtOf(error) !== null;
      if (isStop) {
        // The journal itself retries a commit in doubt. Queueing it here too would record its events twice.
        if (!isInDoubt) void this.journal.commitEventually(change);
        return false;
      }
      // The outcome of the commit is unknown. If it was applied, this rolls it back.
      if (isInDoubt) void this.journal.commitEventually(undo());
      return error instanceof Problem ? error : new Problem('database-unavailable', messageOf(error), { cause: error });
    }
  }
}
