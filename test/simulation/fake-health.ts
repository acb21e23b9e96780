import type { Clock, NewId } from '../../src/kernel';
import type { AgentSupervisor } from '../../src/healing/agent-supervisor';
import { FleetWatch } from '../../src/healing/fleet-watch';
import { incarnationOf } from '../../src/healing/machine';
import { NO_HISTORY, withCheck, withoutStreak, withProcess, type HealthHistory } from '../../src/health/history';
import type { CheckResult } from '../../src/health/check-result';
import { verdictOf, type Standing } from '../../src/health/verdict';

const CHECK_MS = 10_000;
export const GRACE_MS = 30_000;

/** One has no health URL: of it only lists and signals tell. */
export const isChecked = (agentId: string): boolean => agentId !== 'c';

const GOOD: CheckResult = { ok: true, responseMs: 5, statusCode: 200, error: null, cause: null };
const HUNG: CheckResult = { ok: false, responseMs: 5_000, statusCode: null, error: 'no answer', cause: 'hung' };
const NOTHING_ELSE: Standing = {
  ...{ heartbeatAgeMs: null, heartbeatTimeoutMs: 60_000, withoutProgressMs: null, progressTimeoutMs: null },
  ...{ tokens: null, memory: null },
};

/** Checks over the fake world, judged by the production rules: history, verdict, fleet. */
export class FakeHealth {
  readonly fleet: FleetWatch;
  private readonly histories = new Map<string, HealthHistory>();
  private isOver = false;

  constructor(
    private readonly clock: Clock,
    newId: NewId,
    private readonly answers: (pid: number) => boolean,
    say: (line: string) => void,
  ) {
    this.fleet = new FleetWatch(clock, newId, {
      degraded: ({ affected }) => {
        say(`a fleet incident begins: ${affected.join(', ')}`);
      },
      changed: () => undefined,
      canary: (_, agentId) => {
        say(`${agentId} is the canary`);
      },
      restored: () => {
        say('the fleet incident is over');
      },
    });
  }

  begin(supervisor: AgentSupervisor, agentIds: readonly string[]): void {
    this.fleet.attach(() => agentIds.filter((agentId) => upRun(supervisor, agentId) !== null));
    const checkAll = () => {
      if (this.isOver) return;
      for (const agentId of agentIds.filter(isChecked)) this.check(supervisor, agentId);
      this.fleet.pass();
      this.clock.after(CHECK_MS, checkAll);
    };
    this.clock.after(CHECK_MS, checkAll);
  }

  end(): void {
    this.isOver = true;
  }

  resumed(): void {
    for (const [agentId, history] of this.histories) this.histories.set(agentId, withoutStreak(history));
  }

  private check(supervisor: AgentSupervisor, agentId: string): void {
    const up = upRun(supervisor, agentId);
    if (up === null) return;
    const incarnation = incarnationOf(up.run);
    let history = withProcess(this.histories.get(agentId) ?? NO_HISTORY, incarnation);
    const check = this.answers(up.run.process.pid) ? GOOD : HUNG;
    const withinGrace = !check.ok && !history.wasGood && this.clock.now() - up.since < GRACE_MS;
    if (!withinGrace) history = withCheck(history, check);
    this.histories.set(agentId, history);
    const failing = verdictOf(history, NOTHING_ELSE);
    const mayAct = this.fleet.noteCheck(agentId, check.ok, failing);
    const problem = check.ok ? null : ({ cause: 'hung', line: 'no answer' } as const);
    supervisor.find(agentId)?.post({ type: 'checked', incarnation, problem, withinGrace, failing, mayAct });
  }
}

function upRun(supervisor: AgentSupervisor, agentId: string) {
  const situation = supervisor.situation(agentId);
  const phase = situation?.state.phase;
  if (situation?.desired !== 'running' || (phase?.kind !== 'verifying' && phase?.kind !== 'running')) return null;
  return { run: phase.run, since: phase.since };
}
