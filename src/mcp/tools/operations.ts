import { z } from 'zod';
import { text } from '../../kernel';
import { AgentViews, AgentWaits } from '../../healing';
import { ProcessLauncher } from '../../launcher';
import { agentStateSchema, lineOf, stateOf } from '../agent-state';
import { defineTool, type Tool } from '../tool';
import { reportChanges } from './report-changes';
import { id, onAgent } from './arguments';

const afterwards = { needs: 'operator', output: agentStateSchema, line: lineOf } as const;

/** The operations of an operator on one agent, as the routes below `/api/agents/:id`. */
export function operations(launcher: ProcessLauncher, views: AgentViews, waits: AgentWaits): readonly Tool[] {
  return [
    defineTool({
      name: 'start_agent',
      title: 'Start agent',
      description: 'Starts a stopped or halted agent; a running one is left alone. Then use wait_for.',
      ...afterwards,
      effect: 'settles',
      input: onAgent,
      run: async ({ id: agentId }, call) => {
        await reportChanges({ waits, views, agentId, call }, () => launcher.spawn(agentId));
        return stateOf(views.view(agentId));
      },
    }),
    defineTool({
      name: 'restart_agent',
      title: 'Restart agent',
      description: 'Stops and starts an agent; its current work is lost.',
      ...afterwards,
      effect: 'endsAgain',
      input: z.strictObject({ id, reason: text(500).optional() }),
      run: async ({ id: agentId, reason }, call) => {
        await reportChanges({ waits, views, agentId, call }, () => launcher.restart(agentId, { reason }));
        return stateOf(views.view(agentId));
      },
    }),
    defineTool({
      name: 'stop_agent',
      title: 'Stop agent',
      description: 'Stops an agent and all its processes until it is started again.',
      ...afterwards,
      effect: 'ends',
      input: onAgent,
      output: agentStateSchema.extend({ recorded: z.boolean().describe('false: stopped, but not saved yet') }),
      run: async ({ id: agentId }) => {
        const { recorded } = await launcher.terminate(agentId);
        return { ...stateOf(views.view(agentId)), recorded };
      },
    }),
    defineTool({
      name: 'pause_agent',
      title: 'Pause healing',
      description: 'Pauses healing of an agent: it is neither killed nor restarted meanwhile. 0 minutes end the pause.',
      ...afterwards,
      effect: 'settles',
      input: z.strictObject({ id, minutes: z.number().min(0).max(10_080) }),
      run: async ({ id: agentId, minutes }) => {
        if (minutes === 0) await launcher.resume(agentId);
        else await launcher.pause(agentId, minutes);
        return stateOf(views.view(agentId));
      },
    }),
    defineTool({
      name: 'reset_circuit',
      title: 'Reset circuit',
      description: 'Closes the circuit of a halted agent and starts it if it should run. Cure the cause first.',
      ...afterwards,
      effect: 'settles',
      input: onAgent,
      run: async ({ id: agentId }) => {
        await launcher.resetCircuit(agentId);
        return stateOf(views.view(agentId));
      },
    }),
  ];
}
