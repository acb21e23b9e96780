import type { Abstract, Type } from '@nestjs/common';
import { Logger } from 'nestjs-pino';
import packageJson from '../package.json';
import { Readiness } from './api';
import { Circuits } from './circuit';
import { SETTINGS, type ResolvedSettings } from './config';
import {
  AgentSupervisor,
  AgentWaits,
  Bootstrap,
  FleetJournal,
  FleetWatch,
  SelfHealingLoop,
  SupervisorEvents,
} from './healing';
import { HealthMonitor, Heartbeats, TokenBudgets } from './health';
import { Notifications } from './notifications';
import { SupabaseMirror } from './mirror';
import { Backups, Retention, WriteQueue } from './persistence';
import { AgentDefinitions, AgentRegistry } from './registry';
import { PROCESS_MANAGER, type ProcessManager } from './processes';

/** Limit of the flush at shutdown. */
const FLUSH_MS = 5_000;

export type Token<T> = symbol | Type<T> | Abstract<T>;
/** Returns the part that Nest provides under a token. */
export type Find = <T>(token: Token<T>) => T;

/** One step of the start or the shutdown. Its reason says why it is at its place: move it only if the reason allows. */
export interface Step {
  readonly needs: readonly Token<unknown>[];
  readonly run: (find: Find) => unknown;
  readonly reason: string;
}

function step<T>(part: Token<T>, act: (part: T, find: Find) => unknown, reason: string, needs: Token<unknown>[] = []) {
  return { needs: [part, ...needs], run: (find: Find) => act(find(part), find), reason } satisfies Step;
}

/** Before the port is bound. Each step ends before the next one begins. */
export const LOAD: readonly Step[] = [
  step(SupabaseMirror, (mirror) => mirror.begin(), 'Changes of the steps below are mirrored too.'),
  step(AgentDefinitions, (definitions) => definitions.load(), 'Everything else is about registered agents.'),
  step(Circuits, (circuits) => circuits.load(), 'The state of an agent includes its circuit.'),
  step(Heartbeats, (heartbeats) => heartbeats.load(), 'Verdicts need the last heartbeats.'),
  step(TokenBudgets, (tokens) => tokens.load(), 'Verdicts need the token use.'),
  step(
    FleetWatch,
    async (fleet, find) => {
      fleet.load(await find(FleetJournal).load());
    },
    'An open incident delays restarts.',
    [FleetJournal],
  ),
  step(Bootstrap, (bootstrap) => bootstrap.load(), 'Creates the actors from definitions, circuits and saved states.'),
];

/** After the port is bound: a port in use fails the start before any launch, and agents get the address. */
export const SUPERVISE: readonly Step[] = [
  step(
    SupervisorEvents,
    (events) => {
      events.recordStart(packageJson.version);
    },
    'Comes before the events of any agent.',
  ),
  step(
    SelfHealingLoop,
    (loop, find) => loop.run(find<ResolvedSettings>(SETTINGS).HEALING_INTERVAL_SECONDS),
    'Connecting to PM2 may take long. The API already answers meanwhile.',
    [SETTINGS],
  ),
];

/** At the same time as {@link SUPERVISE}. Requests other than /health/ are held until these steps end. */
export const OPEN: readonly Step[] = [
  step(AgentRegistry, (registry) => registry.seedFirstStart(), 'A request must see the first-start agents.'),
  step(
    Readiness,
    (readiness) => {
      readiness.markRegistered();
    },
    'All agents are registered.',
  ),
];

/** Last: work in the background, which nothing waits for. */
export const BACKGROUND: readonly Step[] = [
  step(
    Notifications,
    (notifications) => {
      notifications.begin();
    },
    'Sends what an earlier process left waiting.',
  ),
  step(
    HealthMonitor,
    (health, find) => {
      health.startLoop(find<ResolvedSettings>(SETTINGS).HEALTH_INTERVAL_SECONDS);
    },
    'Needs the actors. Before the first snapshot there is no process to check.',
    [SETTINGS],
  ),
  step(
    Retention,
    (retention) => {
      retention.begin();
    },
    'Pruning is not urgent.',
  ),
  step(
    Backups,
    (backups) => {
      backups.begin();
    },
    'Backups are not urgent.',
  ),
];

/** While callers are still connected. Stopping a part that never started does nothing. */
export const QUIESCE: readonly Step[] = [
  step(
    HealthMonitor,
    (health) => {
      health.stopLoop();
    },
    'No verdict may start an action from here on.',
  ),
  step(Notifications, (notifications) => notifications.end(), 'Waits for calls that are under way.'),
  step(
    Retention,
    (retention) => {
      retention.end();
    },
    'No pass begins after this.',
  ),
  step(
    SelfHealingLoop,
    (loop) => {
      loop.stop();
    },
    'No pass begins after this.',
  ),
  step(
    AgentWaits,
    (waits) => {
      waits.end();
    },
    'Answers every caller that waits for a state. No agent reaches one after this.',
  ),
  step(
    AgentSupervisor,
    (supervisor) => {
      supervisor.end();
    },
    'Answers every waiting caller. Agents keep running.',
  ),
];

/** After {@link QUIESCE}. The HTTP server closes after this. */
export const DISCONNECT: readonly Step[] = [
  step<ProcessManager>(PROCESS_MANAGER, (runtime) => runtime.close(), 'No actor uses PM2 any more.'),
];

/** After the HTTP server is closed: no caller adds a change. */
export const SAVE: readonly Step[] = [
  step(
    WriteQueue,
    async (queue, find) => {
      if (await queue.flush(FLUSH_MS)) return;
      // The next start reconciles the agents with what was saved.
      find(Logger).warn({ changes: queue.size }, 'final flush incomplete');
    },
    'Everything that was decided is handed over by now.',
    [Logger],
  ),
  step(
    SupabaseMirror,
    (mirror) => mirror.end(),
    'Stops uploading. Changes that still wait are uploaded after the next start.',
  ),
  step(Backups, (backups) => backups.end(), 'The database closes next.'),
];
