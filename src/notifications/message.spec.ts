import * as fc from 'fast-check';
import { formatDigest, escapeHtml, formatMessage, formatSummary } from './message';
import { notificationSchema, type Notification } from './notification';

const ESCALATION: Extract<Notification, { kind: 'escalation' }> = {
  ...{ kind: 'escalation', incidentId: 'i', agentId: 'content-agent', name: 'Content <b>agent</b>' },
  ...{ cause: 'missing-dependency', line: "ModuleNotFoundError: No module named 'x'", evidence: ['a & b', '<script>'] },
  ...{ advice: 'Install it.', attempts: 4, goesOn: false, nextTrialAt: '2026-01-02T03:04:05.000Z', reminderMs: 0 },
};
const MISCONFIGURED: Notification = {
  ...{ kind: 'check-misconfigured', incidentId: 'm', agentId: 'a', name: 'A <b>' },
  ...{ line: 'answered 401', advice: 'Set healthHeaders of its definition.' },
};
const NOTIFICATIONS: readonly Notification[] = [
  ESCALATION,
  { kind: 'reminder', incidentId: 'i', agentId: 'a', name: 'a', cause: 'hung', line: 'no answer', since: 0 },
  { kind: 'recovered', incidentId: 'i', agentId: 'a', name: 'A', downForMs: 61_000 },
  { kind: 'recovered', incidentId: 'j', agentId: 'a', name: 'A', downForMs: 61_000, resumedTask: '<i>crawl</i> shop' },
  MISCONFIGURED,
  {
    ...{ kind: 'fleet-degraded', incidentId: 'f', reason: 'health', affected: 120, running: 200 },
    ...{ evidence: '3 checks in a row failed: answered 503', names: ['a', 'b'] },
  },
  { kind: 'fleet-restored', incidentId: 'f', affected: 120, durationMs: 90_000 },
  { kind: 'daemon-ended', incidentId: 'd', agents: 7 },
];

/** Returns the tags still open at the end. @throws Error if tags do not nest */
function openTags(html: string): string[] {
  const open: string[] = [];
  for (const [, closes, name] of html.matchAll(/<(\/?)([a-z]+)>/g)) {
    if (closes !== '/') open.push(name ?? '');
    else if (open.pop() !== name) throw new Error(`${name ?? ''} is closed out of turn`);
  }
  return open;
}

describe('a message', () => {
  it('of an escalation names the agent, the cause, the error line, the failed restarts and the advice', () => {
    const message = formatMessage(ESCALATION);
    for (const part of ['content-agent', 'missing-dependency', 'No module named', 'Failed restarts: 4', 'Install it.'])
      expect(message).toContain(part);
    expect(message).toContain('2026-01-02 03:04:05 UTC');
    expect(message).toContain('Content &lt;b&gt;agent&lt;/b&gt;');
    expect(message).toContain('<code>a &amp; b</code>');
    expect(message).not.toContain('<script>');
  });

  it('of a misconfigured check names the answer and the fix, and says that nothing is restarted', () => {
    const message = formatMessage(MISCONFIGURED);
    for (const part of ['A &lt;b&gt; (a)', 'answered 401', 'Set healthHeaders', 'nothing is restarted'])
      expect(message).toContain(part);
  });

  it.each(NOTIFICATIONS.map((notification) => [notification.kind, notification] as const))(
    'of %s has balanced tags and fits into one Telegram message',
    (_, notification) => {
      expect(openTags(formatMessage(notification))).toEqual([]);
      expect(formatSummary(notification)).not.toContain('\n');
      expect(formatMessage(notification).length).toBeLessThan(4_096);
    },
  );

  it('contains no markup of an agent and is never too long', () => {
    const text = fc.string({ unit: 'binary', maxLength: 3_000 });
    fc.assert(
      fc.property(text, text, fc.array(text, { maxLength: 9 }), (name, line, evidence) => {
        const message = formatMessage({ ...ESCALATION, name, line, cause: line, advice: line, evidence });
        expect(message.length).toBeLessThanOrEqual(4_096);
        expect(openTags(message)).toEqual([]);
        expect(message.replace(/<\/?(?:b|code)>/g, '')).not.toMatch(/[<>]/);
        expect(message).not.toMatch(/&(?!amp;|lt;|gt;)/);
      }),
      { numRuns: 300 },
    );
  });

  it('of a recovery names the task that was resumed, escaped and cut', () => {
    const recovered = { kind: 'recovered', incidentId: 'i', agentId: 'a', name: 'A', downForMs: 61_000 } as const;
    expect(formatMessage(recovered)).toBe('🟢 A (a) recovered after 61 s');
    expect(formatMessage({ ...recovered, resumedTask: 'crawl\n<b>shop' })).toBe(
      '🟢 A (a) recovered after 61 s; resumed: crawl &lt;b&gt;shop',
    );
    expect(formatMessage({ ...recovered, resumedTask: '<'.repeat(2_000) }).length).toBeLessThan(1_000);
  });

  it('of a recovery that an older version saved can still be read', () => {
    const saved = { kind: 'recovered', incidentId: 'i', agentId: 'a', name: 'A', downForMs: 61_000 };
    expect(notificationSchema.parse(saved)).toEqual(saved);
    expect(notificationSchema.parse({ ...saved, resumedTask: 'x' })).toEqual({ ...saved, resumedTask: 'x' });
  });

  it('strips control characters and text direction marks', () => {
    expect(escapeHtml('a\u001b[31mb\u202ec\u200bd\ne')).toBe('a [31mb c d e');
    expect(escapeHtml('x'.repeat(999)).length).toBe(400);
    expect(escapeHtml(`${'x'.repeat(398)}😀😀`)).toBe(`${'x'.repeat(398)}…`);
  });
});

describe('a digest', () => {
  it('of one notification is its message, of none is empty', () => {
    expect([formatDigest([ESCALATION]), formatDigest([])]).toEqual([
      { html: formatMessage(ESCALATION), shownCount: 1 },
      { html: '', shownCount: 0 },
    ]);
  });

  it('of several notifications has one line each', () => {
    const { html, shownCount } = formatDigest(NOTIFICATIONS);
    for (const notification of NOTIFICATIONS) expect(html).toContain(formatSummary(notification));
    expect(shownCount).toBe(NOTIFICATIONS.length);
  });

  it('of many notifications says how many are left out, and is never too long', () => {
    const many = Array.from({ length: 500 }, () => ({ ...ESCALATION, line: '<'.repeat(400) }));
    const { html, shownCount } = formatDigest(many);
    expect(html.length).toBeLessThanOrEqual(4_096);
    expect(html.endsWith(`… and ${500 - shownCount} more in the next message`)).toBe(true);
    expect(html.match(/•/g)).toHaveLength(shownCount);
    expect(openTags(html)).toEqual([]);
  });
});
