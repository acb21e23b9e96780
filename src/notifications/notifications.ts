import { Logger } from '@nestjs/common';
import { exponentialDelay, isSettledWithin, messageOf as textOf, type Clock, type Random, type Timer } from '../kernel';
import type { Tx } from '../persistence';
import { BUDGET_MS, planFor, type LastMessage } from './budget';
import { digestOf, summaryOf } from './message';
import type { Messenger, SendOutcome } from './messenger';
import type { Notice } from './notice';
import type { NoticeStore, SavedNotice } from './notice-store';

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 300_000;
/** A notice is on disk this long after it was queued, or its transaction is still waiting. */
const COMMITTED_MS = 100;
const LOOK_AGAIN_MS = 2_000;
const END_MS = 2_000;

export interface NotificationsOptions {
  /** null: there is no token, so notices are logged only. */
  readonly messenger: Messenger | null;
  readonly chatIds: readonly string[];
  readonly budgetMs?: number;
}

export interface NotificationsStatus {
  readonly configured: boolean;
  /** Why nobody can be told; null: nothing is wrong. */
  readonly degraded: string | null;
  readonly waiting: number;
}

interface Chat {
  readonly id: string;
  last: LastMessage | null;
  /** What the last message says. */
  shown: readonly Notice[];
  retryAt: number;
  retries: number;
  error: string | null;
}

/**
 * Tells people, through outages and restarts of ours: a notice is on disk before it is told, and told until the disk knows
 * that it was. Only a kill between Telegram's answer and our save makes it come twice.
 */
export class Notifications {
  private readonly logger = new Logger('Notifications');
  private readonly chats: readonly Chat[];
  private timer: Timer | null = null;
  private running: Promise<void> = Promise.resolve();
  private isWorking = false;
  private isAgain = false;
  private isEnded = false;
  private unauthorized: string | null = null;
  private waitingCount = 0;
  /** Queued in transactions that may not be committed yet. */
  private queued = 0;
  private sent: (notice: Notice, chats: number) => void = () => undefined;

  constructor(
    private readonly store: NoticeStore,
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly options: NotificationsOptions,
  ) {
    const fresh = { last: null, shown: [], retryAt: 0, retries: 0, error: null };
    this.chats = options.messenger === null ? [] : options.chatIds.map((id) => ({ id, ...fresh }));
  }

  /** Told of each notice that everybody has. */
  attach(sent: (notice: Notice, chats: number) => void): void {
    this.sent = sent;
  }

  /** Within the caller's transaction: it is told if that is committed, and only then. */
  async queue(tx: Tx, notices: readonly Notice[]): Promise<void> {
    for (const notice of notices) await this.store.add(tx, notice, this.clock.wall());
    if (notices.length === 0) return;
    this.queued += 1;
    this.wakeIn(COMMITTED_MS);
  }

  /** Nothing more is to be told of an incident. */
  closeIncident(tx: Tx, incidentId: string): Promise<void> {
    return this.store.closeIncident(tx, incidentId);
  }

  /** Begins with what was left waiting. */
  begin(): void {
    void this.store.prune(this.clock.wall()).catch(() => undefined); // the next start tries again
    this.wakeIn(0);
  }

  /** Tells nothing more; what is being told is waited for, but not for long. */
  async end(): Promise<void> {
    this.isEnded = true;
    this.timer?.cancel();
    await isSettledWithin(this.clock, this.running, END_MS);
  }

  status(): NotificationsStatus {
    const configured = this.options.messenger !== null;
    const failed = this.chats.find(({ error }) => error !== null);
    const noChats = configured && this.chats.length === 0 ? 'TELEGRAM_CHAT_IDS names nobody' : null;
    const degraded = this.unauthorized ?? noChats ?? failed?.error ?? null;
    return { configured, degraded, waiting: this.waitingCount };
  }

  private wakeIn(delayMs: number): void {
    if (this.isEnded) return;
    this.timer?.cancel();
    this.timer = this.clock.after(delayMs, () => {
      if (this.isWorking) this.isAgain = true;
      else this.running = this.work();
    });
  }

  /** One pass at a time; what is asked for meanwhile makes another. */
  private async work(): Promise<void> {
    this.isWorking = true;
    let nextMs: number | null = LOOK_AGAIN_MS;
    try {
      nextMs = await this.tell();
    } catch (error) {
      this.logger.warn({ error: textOf(error) }, 'notices wait for the database');
    } finally {
      this.isWorking = false;
    }
    if (this.isAgain) nextMs = 0;
    this.isAgain = false;
    if (nextMs !== null) this.wakeIn(nextMs);
  }

  /** @returns when to look again; null: when something is queued */
  private async tell(): Promise<number | null> {
    const wall = this.clock.wall();
    const reminderAt = await this.store.nextReminder();
    if (reminderAt !== null && reminderAt <= wall) await this.store.remind(wall);
    const { queued } = this;
    const waiting = await this.store.waiting();
    this.waitingCount = waiting.length;
    const seen = waiting.length > 0 ? await this.tellAll(waiting) : null;
    const remindMs = reminderAt === null ? null : Math.max(1_000, reminderAt - wall);
    // A transaction that was under way may have been committed only now.
    const lookMs = queued > 0 ? LOOK_AGAIN_MS : null;
    this.queued = Math.max(0, this.queued - queued);
    return earliest([seen, remindMs, lookMs]);
  }

  private async tellAll(waiting: readonly SavedNotice[]): Promise<number | null> {
    if (this.unauthorized !== null) return null;
    if (this.chats.length === 0) {
      for (const saved of waiting) {
        this.logger.warn({ ...saved.notice }, summaryOf(saved.notice));
        await this.done(saved);
      }
      return null;
    }
    const pauses = await Promise.all(this.chats.map((chat) => this.tellChat(chat, waiting)));
    for (const saved of waiting) {
      const current = this.told.get(saved.id);
      if (current === undefined) continue;
      const told = [...new Set([...saved.told, ...current])];
      const isDone = this.chats.every(({ id }) => told.includes(id));
      await this.store.saveTold({ ...saved, told }, isDone, this.clock.wall());
      this.told.delete(saved.id);
      if (!isDone) continue;
      this.waitingCount -= 1;
      this.sent(saved.notice, this.chats.length);
    }
    return earliest(pauses);
  }

  private async done(saved: SavedNotice): Promise<void> {
    await this.store.saveTold(saved, true, this.clock.wall());
    this.waitingCount -= 1;
  }

  /** Chats that were told in this pass, by notice; kept until the disk has it. */
  private readonly told = new Map<string, Set<string>>();

  /** @returns after what time the chat wants to be looked at again; null: it has everything */
  private async tellChat(chat: Chat, waiting: readonly SavedNotice[]): Promise<number | null> {
    const isTold = (saved: SavedNotice) =>
      saved.told.includes(chat.id) || this.told.get(saved.id)?.has(chat.id) === true;
    const open = waiting.filter((saved) => !isTold(saved));
    if (open.length === 0) return null;
    const now = this.clock.now();
    if (now < chat.retryAt) return chat.retryAt - now;
    const plan = planFor(chat.last, now, this.options.budgetMs ?? BUDGET_MS);
    if (plan.kind === 'wait') return plan.untilMs;
    if (this.isEnded) return null;
    const fresh = open.map(({ notice }) => notice);
    const shown = plan.kind === 'edit' ? [...chat.shown, ...fresh] : fresh;
    const outcome = await this.call(chat.id, plan.kind === 'edit' ? plan.messageId : null, digestOf(shown));
    return this.noteOutcome(chat, outcome, { open, shown, isEdit: plan.kind === 'edit' });
  }

  private async call(chatId: string, messageId: number | null, html: string): Promise<SendOutcome> {
    const { messenger } = this.options;
    if (messenger === null) return { kind: 'refused-chat', error: 'there is no token' };
    return messageId === null ? messenger.send(chatId, html) : messenger.edit(chatId, messageId, html);
  }

  private noteOutcome(
    chat: Chat,
    outcome: SendOutcome,
    sent: { readonly open: readonly SavedNotice[]; readonly shown: readonly Notice[]; readonly isEdit: boolean },
  ): number | null {
    const now = this.clock.now();
    switch (outcome.kind) {
      case 'sent': {
        const sentAt = sent.isEdit ? (chat.last?.sentAt ?? now) : now;
        chat.last = { messageId: outcome.messageId, sentAt, editedAt: now };
        Object.assign(chat, { shown: sent.shown, retries: 0, retryAt: 0, error: null });
        this.noteTold(chat, sent.open);
        return null;
      }
      case 'retry':
        chat.retries += 1;
        chat.error = outcome.error;
        chat.retryAt = now + (outcome.afterMs ?? this.pauseAfter(chat.retries));
        return chat.retryAt - now;
      case 'refused-chat':
        this.noteRefused(chat, outcome.error, sent.isEdit);
        // A message that cannot be edited any more is followed by a new one; a chat that takes none is given up.
        if (!sent.isEdit) this.noteTold(chat, sent.open);
        return sent.isEdit ? 0 : null;
      case 'unauthorized':
        this.unauthorized = `Telegram refuses the token: ${outcome.error}. Correct TELEGRAM_BOT_TOKEN and start again; what waits is told then.`;
        this.logger.warn({ error: outcome.error }, 'Telegram refuses the token; nobody can be told');
        return null;
    }
  }

  private noteRefused(chat: Chat, error: string, isEdit: boolean): void {
    chat.last = null;
    if (isEdit) return;
    chat.error = error;
    this.logger.warn({ chat: chat.id, error }, 'a chat cannot be told');
  }

  private noteTold(chat: Chat, open: readonly SavedNotice[]): void {
    for (const { id } of open) this.told.set(id, (this.told.get(id) ?? new Set()).add(chat.id));
  }

  private pauseAfter(retries: number): number {
    return exponentialDelay(retries, { baseMs: FIRST_RETRY_MS, maxMs: LONGEST_RETRY_MS }, this.random);
  }
}

function earliest(times: readonly (number | null)[]): number | null {
  const given = times.filter((time) => time !== null);
  return given.length === 0 ? null : Math.min(...given);
}
