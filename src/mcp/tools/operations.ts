import { z } from 'zod';
import { text } from '../../kernel';
import { AgentViews, AgentWaits } from '../../healing';
import { ProcessLauncher } from '../../launcher';
import { agentStateSchema, lineOf, stateOf } from '../agent-state';
import { defineTool, type Tool, type ToolCall } from '../tool';
import { id, onAgent } from './arguments';
import { reportChanges } from './report-changes';

const STATE = { needs: 'operator', output: agentStateSchema, line: lineOf } as const;

/** Provides the operations of an operator on one agent, as the routes below `/api/agents/:id`. */
export class Operations {
  constructor(
    private readonly launcher: ProcessLauncher,
    private readonly views: AgentViews,
    private readonly waits: AgentWaits,
  ) {}

  all(): readonly Tool[] {
    return [this.start(), this.restart(), this.stop(), this.pause(), this.resetCircuit()];
  }

  private start(): Tool {
    return defineTool({
      ...STATE,
      name: 'start_agent',
      title: 'Start agent',
      description: 'Starts a stopped or halted agent; a running one is left alone. Then use wait_for.',
      effect: 'settles',
      input: onAgent,
      run: ({ id: agentId }, call) => this.reported(agentId, call, () => this.launcher.spawn(agentId)),
    });
  }

  private restart(): Tool {
    return defineTool({
      ...STATE,
      name: 'restart_agent',
      title: 'Restart agent',
      description: 'Stops and starts an agent; its current work is lost.',
      effect: 'endsAgain',
      input: z.strictObject({ id, reason: text(500).optional() }),
      run: ({ id: agentId, reason }, call) =>
        this.reported(agentId, call, () => this.launcher.restart(agentId, { reason })),
    });
  }

  private stop(): Tool {
    return defineTool({
      ...STATE,
      name: 'stop_agent',
      title: 'Stop agent',
      description: 'Stops an agent and all its processes until it is started again.',
      effect: 'ends',
      input: onAgent,
      output: agentStateSchema.extend({ recorded: z.boolean().describe('false: stopped, but not saved yet') }),
      run: async ({ id: agentId }) => {
        const { recorded } = await this.launcher.terminate(agentId);
        return { ...this.stateOf(agentId), recorded };
      },
    });
  }

  private pause(): Tool {
    return defineTool({
      ...STATE,
      name: 'pause_agent',
      title: 'Pause healing',
      description: 'Pauses healing of an agent: it is neither killed nor restarted meanwhile. 0 minutes end the pause.',
      effect: 'settles',
      input: z.strictObject({ id, minutes: z.number().min(0).max(10_080) }),
      run: async ({ id: agentId, minutes }) => {
        if (minutes === 0) await this.launcher.resume(agentId);
        else await this.launcher.pause(agentId, minutes);
        return this.stateOf(agentId);
      },
    });
  }

  private resetCircuit(): Tool {
    return defineTool({
      ...STATE,
      name: 'reset_circuit',
      title: 'Reset circuit',
      description: 'Closes the circuit of a halted agent and starts it if it should run. Cure the cause first.',
      effect: 'settles',
      input: onAgent,
      run: async ({ id: agentId }) => {
        await this.launcher.resetCircuit(agentId);
        return this.stateOf(agentId);
      },
    });
  }

  private async reported(agentId: string, call: ToolCall, operate: () => Promise<unknown>) {
    await reportChanges({ waits: this.waits, views: this.views, agentId, call }, operate);
    return this.stateOf(agentId);
  }

  private stateOf(agentId: string) {
    return stateOf(this.views.view(agentId));
  }
}
