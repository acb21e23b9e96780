import { z } from 'zod';
import { FAILURE_CAUSES, readSaved, type Saved } from '../../kernel';
import type { Fallback } from './phase';
import { newAgentState, type AgentState } from './state';

/** The latest time that `Date` can show. A later one would make every view of the agent throw. */
const LATEST_MS = 8.64e15;
/** The longest path that the kernel accepts, in bytes. */
const LONGEST_PATH = 4_096;
/** Milliseconds, on the scale of `Clock.now()` or of the wall clock. */
const time = z.number().min(0).max(LATEST_MS);
const count = z.number().int().min(0);
const cause = z.enum(FAILURE_CAUSES);

const processIdentity = z.object({ pid: count, startTime: z.number().min(0).nullable() });
const fileMark = z.object({ inode: z.number().min(0), size: z.number().min(0) });
const logMark = z.object({ stdout: fileMark, stderr: fileMark, oomKills: z.number().min(0).nullable() });
const filePath = z.string().max(LONGEST_PATH);
const program = z.object({ program: filePath, folder: filePath });

// Add a new member of a saved type with `.default(...)`: rows saved by older versions lack it.
const launchFacts = {
  log: logMark.nullable(),
  program: program.nullable().default(null),
  fingerprint: z.string().nullable().default(null),
};

const run = z.preprocess(
  renameEntryId,
  z.object({
    runId: z.string(),
    ...launchFacts,
    process: processIdentity,
    entryId: count,
    uniqueId: z.string().default(''),
    upSince: time,
    launchedAt: time,
    daemon: processIdentity,
  }),
);

/** Reads a row of an older version, which named the entry's identifier `pmId`. */
function renameEntryId(saved: unknown): unknown {
  if (typeof saved !== 'object' || saved === null || !('pmId' in saved)) return saved;
  const { pmId, ...others } = saved;
  return { entryId: pmId, ...others };
}

const intentOf = (fallback: z.ZodType<Fallback | null>) =>
  z.object({
    by: z.enum(['operator', 'routing', 'autostart', 'healing', 'recovery']),
    reason: z.string(),
    kind: z.enum(['spawn', 'restart']),
    pidBefore: count.nullable(),
    attempt: count.nullable(),
    trial: z.boolean(),
    mustBeListed: z.boolean(),
    afterSweeps: z.boolean(),
    isRetry: z.literal(true).optional(),
    fallback,
  });

const stopped = z.object({ kind: z.literal('stopped'), since: time, isProven: z.literal(true).optional() });

const downOf = (launch: ReturnType<typeof intentOf>) =>
  z.object({
    kind: z.literal('down'),
    since: time,
    why: z.enum(['backing-off', 'halted', 'restart-delay', 'waiting', 'operator-acting', 'daemon-ended']),
    until: time.nullable(),
    isDeleted: z.literal(true).optional(),
    listedUnder: processIdentity.optional(),
    launch: launch.nullable(),
  });

/** A fallback's launch has no fallback of its own, which bounds the recursion. */
const fallbackPhase = z.discriminatedUnion('kind', [stopped, downOf(intentOf(z.null()))]);
const intent = intentOf(z.object({ desired: z.enum(['running', 'stopped']), phase: fallbackPhase }).nullable());
const launch = intent.extend({ runId: z.string() });

const exitFacts = { exitCode: z.number().int().nullable(), signal: z.string().nullable() };

const starting = z.object({
  kind: z.literal('starting'),
  since: time,
  launch,
  revision: count.default(0),
  outcome: z.enum(['pending', 'unknown']),
  absences: count,
  lookAt: time.nullable(),
  listedUnder: processIdentity.nullable(),
  exit: z.object({ ...exitFacts, ordered: z.boolean() }).nullable(),
});

const checked = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('awaited'), problem: z.object({ cause, line: z.string() }).nullable() }),
  z.object({ kind: z.literal('good'), since: time }),
  z.object({ kind: z.literal('failed') }),
]);

const verifying = z.object({ kind: z.literal('verifying'), since: time, run, launch: launch.nullable(), checked });
const running = z.object({ kind: z.literal('running'), since: time, run, stable: z.boolean(), checked });

const afterStop = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('stopped'), updateUntil: time.optional(), by: z.literal('idle').optional() }),
  z.object({ kind: z.literal('start'), launch: intent, delayMs: z.number().min(0) }),
  z.object({ kind: z.literal('halted') }),
  z.object({ kind: z.literal('unregistered') }),
]);

const stopping = z.object({
  kind: z.literal('stopping'),
  since: time,
  runId: z.string(),
  run: run.nullable(),
  awaited: z.enum(['pending', 'unknown']).nullable(),
  absences: count,
  hasExited: z.literal(true).optional(),
  then: afterStop,
  againAt: time.nullable(),
});

const evidence = z.object({
  source: z.enum(['exit', 'stderr', 'stdout', 'launch', 'check', 'heartbeat', 'memory', 'system', 'caller']),
  detail: z.string(),
});

const diagnosis = z.object({
  cause,
  line: z.string(),
  remedy: z.enum(['restart', 'wait', 'person']),
  certainty: z.enum(['certain', 'likely']).default('certain'),
  rule: z.string().nullable().default(null),
  block: z.array(z.string()).readonly().default([]),
  evidence: z.array(evidence).readonly(),
  advice: z.string(),
  ...exitFacts,
  memoryBytes: z.number().min(0).nullable(),
});

const members = {
  phase: z.discriminatedUnion('kind', [stopped, starting, verifying, running, stopping, downOf(intent)]),
  revision: count,
  incident: z.object({ id: z.string(), openedAt: time, attempt: count, escalated: z.boolean() }).nullable(),
  lastRun: run.nullable(),
  unanswered: z.object({ runId: z.string(), ...launchFacts }).nullable(),
  startAskedAt: time,
  stopAskedAt: time,
  ghosts: z.array(z.string()).readonly(),
  failedRunId: z.string().nullable(),
  previousCause: cause.nullable(),
  restarts: count,
  onDemand: z.boolean(),
  lastFailure: z
    .object({
      at: time,
      cause,
      line: z.string(),
      action: z.enum(['restart', 'halt', 'stop', 'none']),
      incidentId: z.string(),
    })
    .nullable(),
  diagnosis: z.object({ diagnosis, incidentId: z.string(), at: time }).nullable(),
  unhealthy: z.object({ incarnation: z.string(), cause }).nullable(),
  pausedUntil: time.nullable(),
  external: z.object({ wasSeen: z.boolean(), failedChecks: count, goodSince: time.nullable() }).nullable(),
  misconfigured: z.object({ setup: z.string(), count }).nullable(),
};

/** Requires every member of `T` at any depth. A missing optional member would otherwise pass as assignable. */
type Whole<T> = T extends readonly (infer E)[]
  ? readonly Whole<E>[]
  : T extends object
    ? { readonly [K in keyof T]-?: Whole<Exclude<T[K], undefined>> }
    : T;
type IsSame<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;
/** Fails to compile if the schema and `AgentState` differ. */
true satisfies IsSame<Whole<z.output<z.ZodObject<typeof members>>>, Whole<AgentState>>;

/**
 * Parses the saved state of an agent; never throws. An invalid member gets its default, and an invalid phase becomes
 * `stopped`. If the agent should run, the first snapshot then decides.
 */
export function parseSavedState(json: unknown): Saved<AgentState> {
  // Not `isProven`: a process of it may live.
  const defaults: AgentState = { ...newAgentState(0), phase: { kind: 'stopped', since: 0 } };
  const { value, faults } = readSaved(members, defaults, json);
  if (faults.length === 0 && !hasPhase(json)) return { value, faults: [{ pointer: '/phase', detail: 'is missing' }] };
  const isStopKnown = !faults.some(({ pointer }) => pointer === '' || pointer.startsWith('/stopAskedAt'));
  // `rehydrateState` clamps this to the present: what runs before the first snapshot counts as older than the stop.
  return { value: isStopKnown ? value : { ...value, stopAskedAt: Infinity }, faults };
}

function hasPhase(json: unknown): boolean {
  return typeof json === 'object' && json !== null && 'phase' in json;
}
