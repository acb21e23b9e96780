import type { CallToolResult } from '@modelcontextprotocol/server';
import type { Problem, ProblemCode } from '../kernel';
import { bytesOf, fitFirst, MOST_BYTES } from './page';
import { untrustedLine } from './untrusted';

const RETRY = 'Call again later. get_agent shows the state.';

/** Says for each code what a planner may do instead. */
const NEXT: Readonly<Record<ProblemCode, string>> = {
  'invalid-request': 'Correct the arguments by the input schema, then call again.',
  unauthenticated: 'Ask the operator for a valid token.',
  forbidden: 'Do not retry. Ask the operator to do it, or for a token with the required role.',
  'agent-not-found': 'Call list_agents for the ids.',
  'not-found': 'Call tools/list for the tools.',
  'agent-exists': 'Choose another id, or use the agent that has it: get_agent.',
  'external-agent': 'Ask the operator: this agent is started and stopped outside the supervisor.',
  'operation-in-progress': 'Call wait_for, then get_agent, before you call again.',
  'entry-point-not-found': 'Ask the operator to put the file in place. Route the task to another agent meanwhile.',
  'interpreter-not-found': 'Ask the operator to install the interpreter. Route the task to another agent meanwhile.',
  'launch-failed': 'Call explain_agent. Do not start it again before the cause is gone.',
  'process-manager-unavailable': RETRY,
  'database-unavailable': RETRY,
  'no-capable-agent': 'Call list_capabilities, and route a task type that an agent has.',
  'no-available-agent': 'Call explain_agent for a rejected agent, or route again later.',
  'wait-timeout': 'Call wait_for again, or explain_agent to see what it waits for.',
  'too-many-requests': 'Wait before the next call.',
  'payload-too-large': 'Send less in one call.',
  'internal-error': 'Do not retry at once. Report the id in the detail to the operator.',
};

/** Codes whose detail may quote what an agent wrote. */
const QUOTES_AGENTS: ReadonlySet<ProblemCode> = new Set(['launch-failed', 'internal-error']);
const MOST_TEXT = 1_000;

/**
 * Returns the result of a refused or failed call: its code, what happened, and what to do instead, as JSON in the text.
 * Not as `structuredContent`: clients check that against the output schema also for an error.
 */
export function toolError(problem: Problem): CallToolResult {
  const { code, retryAfterSeconds } = problem;
  const detail = untrustedLine(problem.detail, MOST_TEXT);
  const error = {
    code,
    ...(QUOTES_AGENTS.has(code) ? { untrustedDetail: detail } : { detail }),
    next: NEXT[code],
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
  const room = MOST_BYTES / 2 - bytesOf(error);
  const errors = fitFirst(problem.errors ?? [], room).items;
  const text = JSON.stringify(errors.length === 0 ? error : { ...error, errors });
  return { isError: true, content: [{ type: 'text', text }] };
}
