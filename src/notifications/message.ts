import type { Notice } from './notice';

/** Telegram's limit of a message. */
const MESSAGE_LENGTH = 4_096;
const PART_LENGTH = 400;
const SUMMARY_LENGTH = 160;
const EVIDENCE_LINES = 3;

// eslint-disable-next-line no-control-regex -- an agent's words must not steer what shows them, nor turn text around
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/g;

/** Text of a stranger as one line of Telegram's HTML: every part of it is data. */
export function escaped(text: string, max = PART_LENGTH): string {
  const line = text.replace(UNPRINTABLE, ' ').trim();
  const short = line.length > max ? `${line.slice(0, max - 1)}…` : line;
  // Half of a surrogate pair is no character.
  const whole = short.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '');
  return whole.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

/** One notice, whole. */
export function messageOf(notice: Notice): string {
  switch (notice.kind) {
    case 'escalation':
      return escalation(notice);
    case 'reminder':
    case 'recovered':
    case 'fleet-restored':
      return summaryOf(notice);
    case 'fleet-degraded':
      return fleetDegraded(notice);
    case 'daemon-ended':
      return `${summaryOf(notice)}\nStart what should run again: its agents stay stopped until then.`;
  }
}

/** Several notices in one message: a line each, as many as have room. */
export function digestOf(notices: readonly Notice[]): string {
  const [only, second] = notices;
  if (only === undefined) return '';
  if (second === undefined) return messageOf(only);
  const head = `<b>${notices.length} notices</b>`;
  const lines: string[] = [];
  let length = head.length + 40;
  for (const notice of notices) {
    const line = `• ${summaryOf(notice)}`;
    if (length + line.length + 1 > MESSAGE_LENGTH) break;
    lines.push(line);
    length += line.length + 1;
  }
  const left = notices.length - lines.length;
  return [head, ...lines, ...(left > 0 ? [`… and ${left} more`] : [])].join('\n');
}

/** One line. */
export function summaryOf(notice: Notice): string {
  switch (notice.kind) {
    case 'escalation': {
      const what = notice.goesOn ? 'keeps failing' : 'is halted';
      return `🔴 ${titleOf(notice)} ${what}: ${escaped(notice.cause)} – ${escaped(notice.line, SUMMARY_LENGTH)}`;
    }
    case 'reminder': {
      const since = new Date(notice.since).toISOString().slice(0, 16).replace('T', ' ');
      return `🔴 ${titleOf(notice)} is still halted, since ${since} UTC: ${escaped(notice.line, SUMMARY_LENGTH)}`;
    }
    case 'recovered':
      return `🟢 ${titleOf(notice)} runs well again, after ${durationOf(notice.downForMs)}`;
    case 'fleet-degraded':
      return `🟠 ${notice.affected || 'Many'} of ${notice.running} agents are affected by one cause: ${escaped(notice.evidence, SUMMARY_LENGTH)}`;
    case 'fleet-restored':
      return `🟢 The cause that affected ${notice.affected || 'many'} agents is over, after ${durationOf(notice.durationMs)}`;
    case 'daemon-ended':
      return `🟠 PM2's daemon was ended on purpose; ${notice.agents} agents are stopped`;
  }
}

function escalation(notice: Extract<Notice, { kind: 'escalation' }>): string {
  const next =
    notice.nextTrialAt === null
      ? 'No further try is made until you start it.'
      : `Next try: ${escaped(notice.nextTrialAt.slice(0, 19).replace('T', ' '))} UTC.`;
  const evidence = notice.evidence.slice(0, EVIDENCE_LINES).map((line) => `<code>${escaped(line)}</code>`);
  return [
    `🔴 <b>${titleOf(notice)} ${notice.goesOn ? 'keeps failing' : 'is halted'}</b>`,
    `Cause: ${escaped(notice.cause)} – ${escaped(notice.line)}`,
    ...evidence,
    `Tried: ${notice.attempts === 0 ? 'no restart' : `${notice.attempts} restarts`}. ${notice.goesOn ? 'It is tried again after long pauses.' : next}`,
    escaped(notice.advice),
  ].join('\n');
}

function fleetDegraded(notice: Extract<Notice, { kind: 'fleet-degraded' }>): string {
  const names = notice.names.map((name) => escaped(name, 64)).join(', ');
  const left = notice.affected - notice.names.length;
  return [
    `<b>${summaryOf(notice)}</b>`,
    'Failures of health are recorded, and nothing is restarted for them.',
    ...(names === '' ? [] : [`Among them: ${names}${left > 0 ? ` and ${left} more` : ''}`]),
  ].join('\n');
}

function titleOf({ agentId, name }: { readonly agentId: string; readonly name: string }): string {
  return name === agentId ? escaped(agentId, 64) : `${escaped(name, 64)} (${escaped(agentId, 64)})`;
}

function durationOf(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1_000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
