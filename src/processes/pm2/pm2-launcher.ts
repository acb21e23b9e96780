import { basename } from 'node:path';
import { detailOf, type Clock } from '../../kernel';
import type { EntryRef } from '../entry-ref';
import type { LaunchOutcome, LaunchPlan } from '../launch/launch-plan';
import type { ProcessInspector } from '../process-table/process-inspector';
import { drainEvents, type Connection } from './connection';
import type { Pm2Entry } from './entries';
import type { EntryLookup } from './entry-lookup';
import { removeChannel } from './node-channel';
import { NAMESPACE, preparedSchema } from './pm2-packet';
import { Pm2Home } from './pm2-home';

/**
 * Matches errors of the machine, not of the agent. The last is PM2's message for a child whose pipes it could not
 * create.
 */
const RESOURCES = /\b(?:EMFILE|ENFILE|EAGAIN|ENOMEM)\b|could not be forked properly/;

export interface Pm2LauncherOptions {
  readonly pm2Home: string;
  readonly clock: Pick<Clock, 'wall'>;
  readonly inspector: Pick<ProcessInspector, 'facts'>;
  /** PATH of the supervisor. */
  readonly path: string | undefined;
}

/** Launches processes by PM2's `prepare`, at most one per call. */
export class Pm2Launcher {
  constructor(
    private readonly options: Pm2LauncherOptions,
    private readonly lookup: EntryLookup,
  ) {}

  /** @param connection the open connection, or null while disconnected */
  async launch(connection: Connection | null, plan: LaunchPlan, replaces: EntryRef | null): Promise<LaunchOutcome> {
    if (connection === null) return failNotAsked('not connected to PM2');
    let replaced: Pm2Entry | null = null;
    if (replaces !== null) {
      try {
        replaced = await this.lookup.findDead(connection, replaces);
      } catch (error) {
        return failNotAsked(detailOf(error));
      }
      if (replaced?.agentId !== plan.agentId) return failNotAsked("the agent's entry in PM2's list has changed");
    }
    const { pm2Home, clock, path } = this.options;
    const request = buildPrepareRequest(removeChannel(plan, path), pm2Home, replaced, clock.wall());
    const answer = await connection.rpc.call('prepare', request);
    switch (answer.kind) {
      case 'answered':
        return this.readAnswer(connection, plan, answer.value);
      case 'refused':
        return failLaunch(answer.message);
      case 'not-sent':
        return failNotAsked(answer.message);
      case 'unknown':
        return { kind: 'unknown', detail: answer.message };
    }
  }

  /** PM2 calls a launch a success even if there is no process (PM2-FACTS, 4), so only a pid proves it. */
  private async readAnswer(connection: Connection, plan: LaunchPlan, value: unknown): Promise<LaunchOutcome> {
    const parsed = preparedSchema.safeParse(value);
    const prepared = parsed.success ? parsed.data[0] : undefined;
    if (prepared === undefined) return { kind: 'unknown', detail: "PM2's answer to the launch is not readable" };
    const record = prepared.pm2_env;
    const pid = prepared.process?.pid ?? prepared.pid;
    if (typeof pid !== 'number' || pid <= 0) return this.stopGhost(connection, plan, record.pm_id);
    const startTime = this.options.inspector.facts(pid)?.startTime ?? null;
    return {
      kind: 'launched',
      process: { pid, startTime },
      entryId: record.pm_id,
      uniqueId: record.unique_id ?? '',
      upSince: record.pm_uptime ?? 0,
    };
  }

  /**
   * Stops an entry that is online without a pid, because it makes PM2 fail to measure all other entries. It is not
   * deleted: a missing entry means that the operator deleted it.
   */
  private async stopGhost(connection: Connection, plan: LaunchPlan, pmId: number): Promise<LaunchOutcome> {
    await connection.rpc.call('stopProcessId', pmId);
    await drainEvents();
    const code = connection.takeSpawnError(plan.program) ?? 'PM2 gave no reason, see pm2.log';
    return failLaunch(`the system could not execute ${basename(plan.program)}: ${code}`);
  }
}

function failNotAsked(evidence: string): LaunchOutcome {
  return { kind: 'failed', reason: 'not-asked', evidence };
}

function failLaunch(evidence: string): LaunchOutcome {
  return { kind: 'failed', reason: RESOURCES.test(evidence) ? 'resources' : 'refused', evidence };
}

/** A stopped entry that the new process replaces. */
export interface ReplacedEntry {
  readonly entryId: number;
  readonly restartTime: number;
}

/**
 * Builds the argument of `prepare` by hand, so that no variable of the supervisor is sent. With the `pm_id` of a
 * stopped entry, PM2 replaces that entry atomically (docs/adr/0001). The agent keeps its number and its restart count
 * in `pm2 ls`, and is listed at every moment.
 *
 * `autorestart` is off, and `max_memory_restart`, `cron_restart` and `watch` are never set, because they make PM2
 * restart the process by itself (PM2-FACTS, 10).
 */
export function buildPrepareRequest(
  plan: LaunchPlan,
  pm2Home: string,
  replaced: ReplacedEntry | null,
  now: number,
): object {
  const home = new Pm2Home(pm2Home);
  return {
    name: plan.agentId,
    namespace: NAMESPACE,
    pm_exec_path: plan.program,
    args: plan.args,
    // Run the program directly, so that a Node agent does not run in PM2's wrapper.
    exec_interpreter: 'none',
    // `pm2 describe` fails without it.
    node_args: [],
    exec_mode: 'fork_mode',
    pm_cwd: plan.cwd,
    autorestart: false,
    autostart: true,
    treekill: true,
    kill_timeout: plan.killTimeoutMs,
    kill_retry_time: 20,
    pmx: false,
    vizion: false,
    merge_logs: true,
    windowsHide: true,
    pm_out_log_path: home.outputFile(plan.agentId, 'stdout'),
    pm_err_log_path: home.outputFile(plan.agentId, 'stderr'),
    env: plan.env,
    ...(replaced === null
      ? { pm_pid_path: home.agentPidFile(plan.agentId, null) }
      : {
          pm_id: replaced.entryId,
          restart_time: replaced.restartTime + 1,
          unstable_restarts: 0,
          created_at: now,
          pm_pid_path: home.agentPidFile(plan.agentId, replaced.entryId),
        }),
  };
}
