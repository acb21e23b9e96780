import type { Notification } from './notification';

/** Telegram's limit of a message. */
const MESSAGE_LENGTH = 4_096;
const PART_LENGTH = 400;
const SUMMARY_LENGTH = 160;
const EVIDENCE_LINES = 3;

// eslint-disable-next-line no-control-regex -- agent output must not control a terminal or reverse text direction
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/g;

/** Returns untrusted text as one escaped line of Telegram's HTML. */
export function escapeHtml(text: string, max = PART_LENGTH): string {
  const line = text.replace(UNPRINTABLE, ' ').trim();
  const short = line.length > max ? `${line.slice(0, max - 1)}…` : line;
  // Removes unpaired surrogates, which the cut may leave.
  const whole = short.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '');
  return whole.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

/** Formats one notification in full. */
export function formatMessage(notification: Notification): string {
  switch (notification.kind) {
    case 'escalation':
      return escalation(notification);
    case 'reminder':
    case 'recovered':
    case 'fleet-restored':
      return formatSummary(notification);
    case 'check-misconfigured':
      return `${formatSummary(notification)}\n${escapeHtml(notification.advice)}\nThe agent keeps running: nothing is restarted for this.`;
    case 'fleet-degraded':
      return fleetDegraded(notification);
    case 'daemon-ended':
      return `${formatSummary(notification)}\nThe agents stay stopped until you start them.`;
  }
}

export interface Digest {
  readonly html: string;
  /** How many of the notifications it shows, from the first on. At least one, if there is any. */
  readonly shownCount: number;
}

/** Formats several notifications as one message, one line each, as many as fit. */
export function formatDigest(notifications: readonly Notification[]): Digest {
  const [only, second] = notifications;
  if (only === undefined) return { html: '', shownCount: 0 };
  if (second === undefined) return { html: formatMessage(only), shownCount: 1 };
  const head = `<b>${notifications.length} notifications</b>`;
  const lines: string[] = [];
  let length = head.length + 60;
  for (const notification of notifications) {
    const line = `• ${formatSummary(notification)}`;
    if (length + line.length + 1 > MESSAGE_LENGTH) break;
    lines.push(line);
    length += line.length + 1;
  }
  const left = notifications.length - lines.length;
  const rest = left > 0 ? [`… and ${left} more in the next message`] : [];
  return { html: [head, ...lines, ...rest].join('\n'), shownCount: lines.length };
}

/** Formats a notification as one line. */
export function formatSummary(notification: Notification): string {
  switch (notification.kind) {
    case 'escalation': {
      const what = notification.goesOn ? 'keeps failing' : 'is halted';
      return `🔴 ${titleOf(notification)} ${what}: ${escapeHtml(notification.cause)} – ${escapeHtml(notification.line, SUMMARY_LENGTH)}`;
    }
    case 'reminder': {
      const since = new Date(notification.since).toISOString().slice(0, 16).replace('T', ' ');
      return `🔴 ${titleOf(notification)} is still halted, since ${since} UTC: ${escapeHtml(notification.line, SUMMARY_LENGTH)}`;
    }
    case 'recovered': {
      const { downForMs, resumedTask } = notification;
      const resumed = resumedTask === undefined ? '' : `; resumed: ${escapeHtml(resumedTask, SUMMARY_LENGTH)}`;
      return `🟢 ${titleOf(notification)} recovered after ${durationOf(downForMs)}${resumed}`;
    }
    case 'check-misconfigured':
      return `🟠 The health check of ${titleOf(notification)} is misconfigured: ${escapeHtml(notification.line, SUMMARY_LENGTH)}`;
    case 'fleet-degraded':
      return `🟠 ${notification.affected || 'Many'} of ${notification.running} agents are affected by one cause: ${escapeHtml(notification.evidence, SUMMARY_LENGTH)}`;
    case 'fleet-restored':
      return `🟢 The common cause that affected ${notification.affected || 'many'} agents ended after ${durationOf(notification.durationMs)}`;
    case 'daemon-ended':
      return `🟠 PM2's daemon was shut down on purpose; ${notification.agents} agents are stopped`;
  }
}

function escalation(notification: Extract<Notification, { kind: 'escalation' }>): string {
  const next =
    notification.nextTrialAt === null
      ? 'No further restart until you start the agent.'
      : `Next restart: ${escapeHtml(notification.nextTrialAt.slice(0, 19).replace('T', ' '))} UTC.`;
  const evidence = notification.evidence.slice(0, EVIDENCE_LINES).map((line) => `<code>${escapeHtml(line)}</code>`);
  return [
    `🔴 <b>${titleOf(notification)} ${notification.goesOn ? 'keeps failing' : 'is halted'}</b>`,
    `Cause: ${escapeHtml(notification.cause)} – ${escapeHtml(notification.line)}`,
    ...evidence,
    `Failed restarts: ${notification.attempts}. ${notification.goesOn ? 'Restarts continue, with long pauses.' : next}`,
    escapeHtml(notification.advice),
  ].join('\n');
}

function fleetDegraded(notification: Extract<Notification, { kind: 'fleet-degraded' }>): string {
  const names = notification.names.map((name) => escapeHtml(name, 64)).join(', ');
  const left = notification.affected - notification.names.length;
  return [
    `<b>${formatSummary(notification)}</b>`,
    'Health failures are recorded, but no agent is restarted for them.',
    ...(names === '' ? [] : [`Affected: ${names}${left > 0 ? ` and ${left} more` : ''}`]),
  ].join('\n');
}

function titleOf({ agentId, name }: { readonly agentId: string; readonly name: string }): string {
  return name === agentId ? escapeHtml(agentId, 64) : `${escapeHtml(name, 64)} (${escapeHtml(agentId, 64)})`;
}

function durationOf(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1_000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
