import { Injectable, Logger } from '@nestjs/common';
import { messageOf } from '../../kernel';

/** Receives the ids of the agents that have changed since its last call. */
export type ViewChangeListener = (agentIds: ReadonlySet<string>) => void;

/**
 * Collects the agents whose views may have changed, and passes them to its listeners at most once per turn of the event
 * loop. A listener must read the present state: a note says only that something may have changed, so a doubled note does
 * no harm.
 */
@Injectable()
export class ViewChanges {
  private readonly logger = new Logger('ViewChanges');
  private readonly listeners = new Set<ViewChangeListener>();
  private changed = new Set<string>();
  private turn: NodeJS.Immediate | null = null;

  /** Notes a change. The listeners are called in a later turn, so the caller need not have finished the change. */
  note(agentId: string): void {
    if (this.listeners.size === 0) return;
    this.changed.add(agentId);
    this.turn ??= setImmediate(() => {
      this.notify();
    });
  }

  /**
   * Adds a listener. If it throws, the error is logged, and the other listeners are still called.
   *
   * @returns a function that removes it
   */
  subscribe(listener: ViewChangeListener): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) this.clear();
    };
  }

  private notify(): void {
    const { changed } = this;
    this.clear();
    for (const listener of [...this.listeners]) {
      try {
        listener(changed);
      } catch (error) {
        this.logger.warn({ error: messageOf(error) }, 'view change listener failed');
      }
    }
  }

  private clear(): void {
    if (this.turn !== null) clearImmediate(this.turn);
    this.turn = null;
    this.changed = new Set();
  }
}
