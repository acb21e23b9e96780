import { z } from 'zod';
import { invalid } from '../../kernel';
import { AgentLogs, LOG_STREAMS, type LogStream } from '../../healing';
import { fitLast, MOST_BYTES, type Page } from '../page';
import { defineTool, type Tool } from '../tool';
import { untrustedLines } from '../untrusted';
import { cursor, id } from './arguments';

const MOST_LINE = 1_000;
const MOST_LINES = 200;
/** Lines that a cursor may lie back. The log is not read further back than its last 256 kB anyway. */
const MOST_SKIPPED = 100_000;
const CURSOR = /^(\d{1,6})\.(\d{1,6})$/;

/** Returns the newest lines of the logs of an agent, oldest first. The cursor is the number of lines shown of each. */
export function agentLogs(logs: AgentLogs): Tool {
  return defineTool({
    name: 'agent_logs',
    title: 'Agent logs',
    description: 'Returns the newest lines of an agent’s stdout and stderr; the cursor leads to older ones.',
    needs: 'operator',
    effect: 'reads',
    input: z.strictObject({
      id,
      stream: z.enum(LOG_STREAMS).optional(),
      lines: z.number().int().min(1).max(MOST_LINES).default(50).describe('per stream, default 50'),
      cursor,
    }),
    output: z.object({
      id: z.string(),
      untrustedStdout: z.array(z.string()),
      untrustedStderr: z.array(z.string()),
      truncated: z.boolean(),
      cursor: z.string().optional(),
    }),
    run: async ({ id: agentId, stream, lines, cursor: given }) => {
      const skipped = parseCursor(given);
      const isShown = (each: LogStream) => stream === undefined || stream === each;
      const room = (MOST_BYTES - 800) / (stream === undefined ? 2 : 1);
      const read = async (each: LogStream): Promise<Page<string>> => {
        if (!isShown(each)) return { items: [], truncated: false };
        const tail = await logs.tail(agentId, each, { lines, skip: skipped[each] });
        const page = fitLast(untrustedLines(tail.lines, MOST_LINE), room);
        return { items: page.items, truncated: page.truncated || tail.hasEarlier };
      };
      const [stdout, stderr] = await Promise.all([read('stdout'), read('stderr')]);
      const truncated = stdout.truncated || stderr.truncated;
      const next = `${skipped.stdout + stdout.items.length}.${skipped.stderr + stderr.items.length}`;
      return {
        ...{ id: agentId, untrustedStdout: [...stdout.items], untrustedStderr: [...stderr.items], truncated },
        ...(truncated ? { cursor: next } : {}),
      };
    },
    line: ({ id: agentId, untrustedStdout, untrustedStderr, truncated }) =>
      `${untrustedStdout.length} lines of stdout and ${untrustedStderr.length} of stderr of ${agentId}${truncated ? '; there are older ones' : ''}.`,
  });
}

/** @throws Problem `invalid-request` for a text that is no cursor of this tool */
function parseCursor(given: string | undefined): Readonly<Record<LogStream, number>> {
  if (given === undefined) return { stdout: 0, stderr: 0 };
  const [, stdout, stderr] = CURSOR.exec(given) ?? [];
  if (stdout === undefined || stderr === undefined)
    throw invalid([{ pointer: '/cursor', detail: 'must be a cursor of an earlier result' }]);
  return { stdout: Math.min(Number(stdout), MOST_SKIPPED), stderr: Math.min(Number(stderr), MOST_SKIPPED) };
}
