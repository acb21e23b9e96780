import * as fc from 'fast-check';
import { digestOf, escaped, messageOf, summaryOf } from './message';
import type { Notice } from './notice';

const ESCALATION: Extract<Notice, { kind: 'escalation' }> = {
  ...{ kind: 'escalation', incidentId: 'i', agentId: 'content-agent', name: 'Content <b>agent</b>' },
  ...{ cause: 'missing-dependency', line: "ModuleNotFoundError: No module named 'x'", evidence: ['a & b', '<script>'] },
  ...{ advice: 'Install it.', attempts: 4, goesOn: false, nextTrialAt: '2026-01-02T03:04:05.000Z', reminderMs: 0 },
};
const NOTICES: readonly Notice[] = [
  ESCALATION,
  { kind: 'reminder', incidentId: 'i', agentId: 'a', name: 'a', cause: 'hung', line: 'no answer', since: 0 },
  { kind: 'recovered', incidentId: 'i', agentId: 'a', name: 'A', downForMs: 61_000 },
  {
    ...{ kind: 'fleet-degraded', incidentId: 'f', reason: 'health', affected: 120, running: 200 },
    ...{ evidence: '3 checks in a row failed: answered 503', names: ['a', 'b'] },
  },
  { kind: 'fleet-restored', incidentId: 'f', affected: 120, durationMs: 90_000 },
  { kind: 'daemon-ended', incidentId: 'd', agents: 7 },
];

/** Tags that are open at some point, in order; an error where they do not nest. */
function openTags(html: string): string[] {
  const open: string[] = [];
  for (const [, closes, name] of html.matchAll(/<(\/?)([a-z]+)>/g)) {
    if (closes !== '/') open.push(name ?? '');
    else if (open.pop() !== name) throw new Error(`${name ?? ''} is closed out of turn`);
  }
  return open;
}

describe('a message', () => {
  it('of an escalation says what, why, the very line, what was tried, and what to do', () => {
    const message = messageOf(ESCALATION);
    for (const part of ['content-agent', 'missing-dependency', 'No module named', '4 restarts', 'Install it.'])
      expect(message).toContain(part);
    expect(message).toContain('2026-01-02 03:04:05 UTC');
    expect(message).toContain('Content &lt;b&gt;agent&lt;/b&gt;');
    expect(message).toContain('<code>a &amp; b</code>');
    expect(message).not.toContain('<script>');
  });

  it.each(NOTICES.map((notice) => [notice.kind, notice] as const))('of %s is whole and short', (_, notice) => {
    expect(openTags(messageOf(notice))).toEqual([]);
    expect(summaryOf(notice)).not.toContain('\n');
    expect(messageOf(notice).length).toBeLessThan(4_096);
  });

  it('whatever an agent writes, is no markup, and never too long', () => {
    const text = fc.string({ unit: 'binary', maxLength: 3_000 });
    fc.assert(
      fc.property(text, text, fc.array(text, { maxLength: 9 }), (name, line, evidence) => {
        const message = messageOf({ ...ESCALATION, name, line, cause: line, advice: line, evidence });
        expect(message.length).toBeLessThanOrEqual(4_096);
        expect(openTags(message)).toEqual([]);
        expect(message.replace(/<\/?(?:b|code)>/g, '')).not.toMatch(/[<>]/);
        expect(message).not.toMatch(/&(?!amp;|lt;|gt;)/);
      }),
      { numRuns: 300 },
    );
  });

  it('strips what would steer a screen or turn text around', () => {
    expect(escaped('a\u001b[31mb\u202ec\u200bd\ne')).toBe('a [31mb c d e');
    expect(escaped('x'.repeat(999)).length).toBe(400);
    expect(escaped(`${'x'.repeat(398)}😀😀`)).toBe(`${'x'.repeat(398)}…`);
  });
});

describe('a digest', () => {
  it('of one is the message itself, of none is nothing', () => {
    expect([digestOf([ESCALATION]), digestOf([])]).toEqual([messageOf(ESCALATION), '']);
  });

  it('of several has a line each', () => {
    const digest = digestOf(NOTICES);
    for (const notice of NOTICES) expect(digest).toContain(summaryOf(notice));
  });

  it('of very many says how many are left out, and never is too long', () => {
    const many = Array.from({ length: 500 }, () => ({ ...ESCALATION, line: '<'.repeat(400) }));
    const digest = digestOf(many);
    expect(digest.length).toBeLessThanOrEqual(4_096);
    expect(digest).toMatch(/… and \d+ more$/);
    expect(openTags(digest)).toEqual([]);
  });
});
