import { isProblem, type AgentPatch, type DesiredState } from '../../../src/kernel';
import type { MachineEvent } from '../../../src/healing/machine';
import { doubtOf } from '../../../src/persistence/database/commit-in-doubt';
import { definitionOf } from '../../support/definitions';
import type { ServiceProcess } from '../service/service-process';
import type { SimulationContext } from '../simulation-context';
import { requestOf } from './operator-request';
import type { OperatorRequests } from './operator-requests';
import type { OperatorShell } from './operator-shell';

const RESTART_DELAY_MS = 3_000;
const EITHER: readonly DesiredState[] = ['running', 'stopped'];

interface Parts {
  readonly service: () => ServiceProcess;
  readonly requests: OperatorRequests;
  readonly shell: OperatorShell;
}

/** Operators at the API who start, stop, restart and reset agents, and change their definitions. */
export class Operators {
  /** By agent, the arguments to which it was last changed; null: unknown. */
  private readonly args = new Map<string, string | null>();

  constructor(
    private readonly context: Pick<SimulationContext, 'referee' | 'draw'>,
    private readonly parts: Parts,
  ) {}

  start(agentId: string): void {
    const event: MachineEvent = { type: 'start-asked', by: 'operator', mayTrial: true };
    this.parts.requests.send({ ...requestOf(agentId, event, 'running'), isUnchanged: hasDoneNothing });
  }

  stop(agentId: string): void {
    this.context.referee.allowKill(agentId);
    this.parts.requests.send(
      requestOf(agentId, { type: 'stop-asked', by: 'the operator', hasFreshSnapshot: true }, 'stopped'),
    );
  }

  restart(agentId: string): void {
    const { referee, draw } = this.context;
    referee.allowKill(agentId);
    const args = this.args.get(agentId) ?? null;
    const delayMs = draw(1) < 0.3 ? RESTART_DELAY_MS : 0;
    this.parts.requests.send({
      ...requestOf(agentId, { type: 'restart-asked', reason: 'asked', delayMs }, 'running'),
      isUnchanged: hasDoneNothing,
      onDone: () => {
        // Every launch after a change of the definition uses it.
        if (args !== null && this.args.get(agentId) === args) referee.onRestarted(agentId, args);
      },
    });
  }

  /** Closes the circuit. The desired state does not change. */
  reset(agentId: string): void {
    this.parts.requests.send({
      ...requestOf(agentId, { type: 'reset-asked' }, null),
      ...{ what: 'reset', isAct: true },
    });
  }

  register(agentId: string): void {
    const { draw } = this.context;
    const service = this.parts.service();
    if (!service.isAlive || service.registry.agents.has(agentId)) return;
    this.args.set(agentId, null);
    const autostart = draw(1) < 0.5;
    this.parts.requests.send({
      ...{ agentId, what: 'register', target: autostart ? 'running' : 'stopped', isUnchanged: hasSavedNothing },
      run: async ({ supervisor }) => {
        await supervisor.agents.register(definitionOf({ agentId, autostart }));
        if (autostart) void supervisor.daemon.ensure();
        return { recorded: true };
      },
      onDone: () => {
        if (!autostart && draw(1) < 0.5) this.start(agentId);
      },
    });
  }

  unregister(agentId: string): void {
    this.context.referee.allowKill(agentId);
    this.parts.requests.send({
      ...{ agentId, what: 'unregister', target: 'stopped' as const, isUnchanged: hasSavedNothing },
      run: async ({ supervisor }) => {
        await supervisor.agents.unregister(agentId);
        return { recorded: true };
      },
    });
  }

  /** Changes the arguments of the agent, or its policy. */
  patch(agentId: string): void {
    this.change(agentId, this.context.draw(1) < 0.6);
  }

  /** Restarts, changes the arguments, and restarts again. The first restart may use the arguments from before. */
  patchBetweenRestarts(agentId: string): void {
    this.restart(agentId);
    this.change(agentId, true, () => {
      this.restart(agentId);
    });
  }

  /** Acts in a shell while requests may wait for their answers. Which act came last is unknown then. */
  actInShellMeanwhile(agentId: string): void {
    const { requests, shell } = this.parts;
    requests.noteShellCommand(agentId);
    shell.act(agentId, false);
    if (requests.waitingFor(agentId) > 0) this.context.referee.allow(agentId, EITHER, 'shell');
  }

  private change(agentId: string, isLaunch: boolean, onDone?: () => void): void {
    const { draw } = this.context;
    const { requests, service } = this.parts;
    if (!service().registry.agents.has(agentId)) return;
    const args = `--revision=${requests.nextNumber()}`;
    const policy = { restartDelaySeconds: Math.floor(draw(3)), killTimeoutSeconds: 1 + Math.floor(draw(3)) };
    const patch: AgentPatch = isLaunch ? { args: [args] } : { policy };
    if (isLaunch) this.args.set(agentId, null);
    const overlaps = this.isChanging(agentId);
    requests.send({
      ...{ agentId, what: `patch ${JSON.stringify(patch)}`, target: null },
      run: async ({ supervisor }) => {
        await supervisor.agents.update(agentId, patch);
        return { recorded: true };
      },
      onDone: () => {
        if (isLaunch) this.args.set(agentId, overlaps || this.isChanging(agentId) ? null : args);
        onDone?.();
      },
    });
  }

  /** Returns true while a change of the definition waits for its answer. The order of overlapping changes is unknown. */
  private isChanging(agentId: string): boolean {
    return this.parts.requests.isWaiting(agentId, 'patch');
  }
}

/** Returns true for a refusal after which neither the process nor the disk has changed. */
function hasDoneNothing(error: unknown): boolean {
  return isProblem(error, 'launch-failed') || isProblem(error, 'database-unavailable');
}

/** Returns true for a refusal after which the disk has not changed. */
function hasSavedNothing(error: unknown): boolean {
  return isProblem(error, 'database-unavailable') && doubtOf(error) === null;
}
