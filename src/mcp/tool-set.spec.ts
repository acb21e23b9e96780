import { z } from 'zod';
import { Problem } from '../kernel';
import { MOST_BYTES } from './page';
import { defineTool, type ToolCall } from './tool';
import { ToolSet } from './tool-set';

let runs = 0;
beforeEach(() => {
  runs = 0;
});

/** A tool that answers with text of a length, or throws. */
const make = (name: string, needs: 'viewer' | 'operator' | 'admin', fault: Error | null = null) =>
  defineTool({
    ...{ name, needs, title: name, description: name, effect: 'reads' },
    input: z.strictObject({ length: z.number().default(1) }),
    output: z.object({ text: z.string() }),
    run: ({ length }) => {
      runs += 1;
      if (fault !== null) throw fault;
      return { text: 'x'.repeat(length), notNamed: 'a member that the schema does not name' };
    },
    line: ({ text }) => `${text.length} letters.`,
  });

const FAULT = new Error('connection to /secret/path failed');
const REFUSAL = new Problem('no-available-agent', 'Nothing is\n\u001b[1mfree.', { retryAfterSeconds: 5 });
const reading = {
  tools: [make('reads', 'viewer'), make('breaks', 'viewer', FAULT), make('refuses', 'viewer', REFUSAL)],
};
const acting = { tools: [make('acts', 'operator'), make('rules', 'admin')] };
// The set uses only their lists.
const set = new ToolSet(reading, acting);

const callAs = (role: ToolCall['role'], name: string, args?: unknown) =>
  set.call(name, args, { role, signal: new AbortController().signal, report: () => undefined });
const errorOf = async (result: ReturnType<typeof callAs>) => {
  const { isError, content, structuredContent } = await result;
  const [first] = content;
  expect([isError, structuredContent, content.length]).toEqual([true, undefined, 1]);
  return JSON.parse(first?.type === 'text' ? first.text : '') as Record<string, unknown>;
};

describe('the set of tools', () => {
  it('lists what a role may call, in one order', () => {
    const names = (role: ToolCall['role']) => set.list(role).map(({ name }) => name);
    expect(names('viewer')).toEqual(['reads', 'breaks', 'refuses']);
    expect(names('operator')).toEqual(['reads', 'breaks', 'refuses', 'acts']);
    expect(names('admin')).toEqual(['reads', 'breaks', 'refuses', 'acts', 'rules']);
    expect(set.list('admin')).toBe(set.list('admin'));
  });

  it('answers with the structure that the schema names, and a line', async () => {
    expect(await callAs('viewer', 'reads')).toEqual({
      content: [{ type: 'text', text: '1 letters.' }],
      structuredContent: { text: 'x' },
    });
  });

  it.each([
    ['viewer', 'acts', 'operator'],
    ['viewer', 'rules', 'admin'],
    ['operator', 'rules', 'admin'],
  ] as const)('forbids a %s to call %s, and runs nothing', async (role, name, needed) => {
    const error = await errorOf(callAs(role, name));
    expect(error).toMatchObject({ code: 'forbidden', detail: expect.stringContaining(needed) as string });
    expect(runs).toBe(0);
  });

  it('refuses arguments that the schema does not allow, before it runs', async () => {
    for (const args of [{ length: 'x' }, { more: 1 }, [], 'x', 1]) {
      expect((await errorOf(callAs('admin', 'rules', args))).code).toBe('invalid-request');
    }
    expect(runs).toBe(0);
  });

  it('says what to do instead, in one visible line', async () => {
    expect(await errorOf(callAs('viewer', 'refuses'))).toEqual({
      ...{ code: 'no-available-agent', detail: 'Nothing is free.', retryAfterSeconds: 5 },
      next: expect.stringMatching(/^Call .*\.$/) as string,
    });
  });

  it('does not show an unexpected fault', async () => {
    const error = await errorOf(callAs('viewer', 'breaks'));
    expect(error).toMatchObject({ code: 'internal-error', next: expect.any(String) as string });
    expect(JSON.stringify(error)).not.toContain('secret');
  });

  it('sends no result that is too large', async () => {
    expect((await errorOf(callAs('viewer', 'reads', { length: MOST_BYTES }))).code).toBe('internal-error');
  });

  it('lists at most 1,000 faults of a call in a small answer', async () => {
    const args = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`${'m'.repeat(200)}${index}`, 1]));
    const { content } = await callAs('viewer', 'reads', args);
    expect(JSON.stringify(content).length).toBeLessThan(MOST_BYTES);
  });

  it('has no answer for a name that no tool has', async () => {
    await expect(callAs('admin', 'drops')).rejects.toThrow('Unknown tool');
  });
});
