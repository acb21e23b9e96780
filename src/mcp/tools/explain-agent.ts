import { z } from 'zod';
import { isoTime, type AgentView } from '../../kernel';
import { includesRole } from '../../auth';
import type { Role } from '../../config';
import { RestartLog } from '../../events';
import { AgentViews, SelfHealingLoop } from '../../healing';
import { agentStateSchema, lineOf, stateOf } from '../agent-state';
import { fitFirst } from '../page';
import { defineTool, type Tool } from '../tool';
import { untrustedLine, untrustedLines } from '../untrusted';
import { onAgent } from './arguments';

const MOST_LINE = 400;
const MOST_EVIDENCE = 2_500;
const RESTARTS_SHOWN = 5;

/** Explains the state of an agent: what failed and why, what was tried, what happens next, and what the caller may do. */
export function explainAgent(views: AgentViews, loop: SelfHealingLoop, restarts: RestartLog): Tool {
  return defineTool({
    name: 'explain_agent',
    title: 'Explain agent',
    description: 'Explains the state of an agent: diagnosis, what was tried, what happens next, what you may do.',
    needs: 'viewer',
    effect: 'reads',
    input: onAgent,
    output: agentStateSchema.extend({
      diagnosis: z.object({
        cause: z.string(),
        certainty: z.string(),
        restartable: z.boolean(),
        open: z.boolean(),
        incident: z.string().nullable(),
        at: z.string().nullable(),
        exitCode: z.number().nullable(),
        signal: z.string().nullable(),
        untrustedLine: z.string(),
        untrustedAdvice: z.string(),
        untrustedEvidence: z.array(z.string()),
      }),
      tried: z.array(z.object({ at: z.string(), success: z.boolean(), untrustedReason: z.string() })),
      next: z.string(),
      youMay: z.array(z.string()),
      truncated: z.boolean(),
    }),
    run: async ({ id }, { role }) => {
      const view = views.view(id);
      const diagnosis = loop.diagnose(id);
      const tried = await restarts.list(id, RESTARTS_SHOWN);
      const evidence = fitFirst(
        untrustedLines([...diagnosis.block, ...diagnosis.evidence.map(({ detail }) => detail)], MOST_LINE),
        MOST_EVIDENCE,
      );
      const { cause, certainty, open, exitCode, signal, line, advice } = diagnosis;
      return {
        ...stateOf(view),
        diagnosis: {
          ...{ cause, certainty, restartable: diagnosis.remedy !== 'person', open, incident: diagnosis.incidentId },
          at: diagnosis.incidentId === null ? null : isoTime(diagnosis.diagnosedAt),
          ...{ exitCode, signal },
          untrustedLine: untrustedLine(line, MOST_LINE),
          untrustedAdvice: untrustedLine(advice, MOST_LINE),
          untrustedEvidence: [...evidence.items],
        },
        tried: tried.map(({ restartedAt, success, reason }) => ({
          at: isoTime(restartedAt),
          success,
          untrustedReason: untrustedLine(reason, MOST_LINE / 2),
        })),
        next: nextOf(view),
        youMay: optionsOf(view, role),
        truncated: evidence.truncated,
      };
    },
    line: (result) => `${lineOf(result)} ${result.next}`,
  });
}

/** Says what the supervisor will do next with an agent, and when. */
export function nextOf(view: AgentView): string {
  const { status, nextAttemptAt, pausedUntil, entryPoint } = view;
  if (pausedUntil !== null) return `Healing is paused until ${pausedUntil}; nothing is restarted before.`;
  if (entryPoint === null) return 'The supervisor only watches it. It is started and stopped elsewhere.';
  switch (status) {
    case 'stopped':
      return 'It stays stopped until it is started.';
    case 'halted':
      return nextAttemptAt === null
        ? 'No restart follows until its circuit is reset.'
        : `One trial starts at ${nextAttemptAt}.`;
    case 'backing-off':
      return nextAttemptAt === null ? 'A restart follows.' : `A restart follows at ${nextAttemptAt}.`;
    case 'starting':
    case 'recovering':
      return 'It is being started and verified. Use wait_for.';
    case 'unhealthy':
      return 'It is restarted if its checks keep failing.';
    case 'running':
    case 'unknown':
      return 'Nothing is due.';
  }
}

const OPTIONS: readonly { readonly tool: string; readonly needs: Role; readonly if: (view: AgentView) => boolean }[] = [
  { tool: 'wait_for', needs: 'viewer', if: ({ status }) => status !== 'stopped' && status !== 'running' },
  { tool: 'agent_logs', needs: 'operator', if: isManaged },
  { tool: 'start_agent', needs: 'operator', if: (view) => isManaged(view) && view.pid === null },
  { tool: 'restart_agent', needs: 'operator', if: (view) => isManaged(view) && view.pid !== null },
  { tool: 'stop_agent', needs: 'operator', if: (view) => isManaged(view) && view.desiredState === 'running' },
  { tool: 'pause_agent', needs: 'operator', if: () => true },
  { tool: 'reset_circuit', needs: 'operator', if: ({ circuit }) => circuit.state !== 'CLOSED' },
];

function isManaged({ entryPoint }: AgentView): boolean {
  return entryPoint !== null;
}

function optionsOf(view: AgentView, role: Role): string[] {
  return OPTIONS.filter((option) => includesRole(role, option.needs) && option.if(view)).map(({ tool }) => tool);
}
