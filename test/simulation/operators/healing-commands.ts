import type { CircuitEvent } from '../../../src/circuit';
import type { HealingHolds } from '../referee/healing-holds';
import type { ServiceProcess } from '../service/service-process';
import type { SimulationContext } from '../simulation-context';
import { requestOf } from './operator-request';
import type { OperatorRequests } from './operator-requests';

interface Parts {
  readonly service: () => ServiceProcess;
  readonly requests: OperatorRequests;
  readonly holds: HealingHolds;
}

/** Operators at the API who control healing: they pause and resume it, and open and close circuits by hand. */
export class HealingCommands {
  constructor(
    private readonly context: Pick<SimulationContext, 'referee'>,
    private readonly parts: Parts,
  ) {}

  /** Pauses healing of the agent: it neither starts nor kills the agent. */
  pause(agentId: string, forMs: number): void {
    const { requests, holds } = this.parts;
    let until = 0;
    requests.send({
      ...{ agentId, what: `pause for ${forMs} ms`, target: null },
      run: ({ supervisor, clock }) => {
        holds.end('paused', agentId);
        until = holds.after(forMs);
        return supervisor.command(agentId, { type: 'pause-asked', until: clock.now() + forMs }, 'decided');
      },
      onDone: () => {
        holds.begin('paused', agentId, until);
      },
    });
  }

  resume(agentId: string): void {
    this.parts.holds.end('paused', agentId);
    this.parts.requests.send({ ...requestOf(agentId, { type: 'resume-asked' }, null, 'decided'), what: 'resume' });
  }

  /** Counts a failure by hand that opens the circuit at once. @param isTried true: a trial follows the cool-down */
  openCircuit(agentId: string, isTried: boolean): void {
    this.context.referee.allowKill(agentId);
    this.parts.requests.send({
      ...{ agentId, what: isTried ? 'circuit opened' : 'circuit opened for good', target: null },
      run: applyToCircuit(agentId, { type: 'failure', restartable: false, trial: isTried }),
      onDone: () => {
        this.onOpened(agentId);
      },
    });
  }

  /** Counts a success by hand, which closes the circuit. */
  closeCircuit(agentId: string): void {
    this.parts.requests.send({
      ...{ agentId, what: 'circuit closed', target: null, isAct: true },
      run: applyToCircuit(agentId, { type: 'success' }),
    });
  }

  private onOpened(agentId: string): void {
    const { holds, service } = this.parts;
    const { circuits, clock } = service();
    const { state, dueAt } = circuits.circuitOf(agentId);
    if (state === 'OPEN')
      holds.begin('halted by hand', agentId, dueAt === null ? Infinity : holds.after(dueAt - clock.now()));
    else if (!holds.isUnsettled(agentId))
      this.context.referee.report(agentId, `its circuit is ${state} although it was opened by hand`);
  }
}

function applyToCircuit(agentId: string, event: CircuitEvent) {
  return async ({ supervisor }: ServiceProcess) => {
    await supervisor.agents.applyToCircuit(agentId, event);
    return { recorded: true };
  };
}
