import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ALPHABET } from '../../../test/support/machine-alphabet';
import { LIKELY_KEY, POLICY } from '../../../test/support/machine-builders';
import { labelOf } from '../../../test/support/machine-pictures';
import { Story } from '../../../test/support/machine-story';
import type { MachineEvent } from './event';
import type { Phase } from './phase';
import type { HealingPolicy } from './policy';

const FILE = path.join(__dirname, '../../../docs/state-machine.md');
const BEGIN = '<!-- state machine: begin (UPDATE_DOCS=1 npm test -- diagram) -->';
const END = '<!-- state machine: end -->';

/** `always` adds no edges: it does after any exit what `on-failure` does after a crash. */
const POLICIES: readonly HealingPolicy['restart'][] = ['on-failure', 'never'];

/** Threshold that lets an agent back off first and be halted later. */
const FAILURE_THRESHOLD = 3;

/** Longer than `STABLE_SECONDS`, so that an agent on demand becomes stable first. */
const IDLE_STOP_MS = 2 * POLICY.stableMs;

const KINDS: readonly Phase['kind'][] = ['stopped', 'starting', 'verifying', 'running', 'stopping', 'down'];

/** All phases, with the variants of each kind. */
const LABELS = [
  'stopped',
  'starting',
  'starting, unknown',
  'verifying',
  'running',
  'running, stable',
  'stopping, then stopped',
  'stopping, then unregistered',
  'stopping, then start',
  'stopping, then halted',
  'down, backing-off',
  'down, halted',
  'down, restart-delay',
  'down, waiting',
  'down, operator-acting',
  'down, daemon-ended',
];

/** A compiler error here means that an event type is new. Add a word for it to the alphabet. */
const EVENT_TYPES: Readonly<Record<MachineEvent['type'], true>> = {
  'start-asked': true,
  'stop-asked': true,
  'restart-asked': true,
  'recovery-asked': true,
  'reset-asked': true,
  'launch-succeeded': true,
  'launch-failed': true,
  'launch-unknown': true,
  'launch-blocked': true,
  'kill-ended': true,
  exited: true,
  reaped: true,
  'operator-stopped': true,
  'daemon-ending': true,
  observed: true,
  'register-asked': true,
  'update-asked': true,
  'unregister-asked': true,
  'circuit-asked': true,
  checked: true,
  'pause-asked': true,
  'resume-asked': true,
  'escalate-asked': true,
  resumed: true,
  timer: true,
};

interface Edge {
  readonly from: Phase;
  readonly to: Phase;
  readonly type: MachineEvent['type'];
}

interface Exploration {
  readonly labels: ReadonlySet<string>;
  readonly types: ReadonlySet<string>;
  readonly edges: readonly Edge[];
}

/**
 * Returns a key of everything that decides the future, without members that only grow. Stories with equal keys have the
 * same future.
 */
function keyOf(story: Story): string {
  const { desired, circuit, state } = story.machineState;
  const { phase, incident, lastRun } = state;
  const count = Math.min(circuit.failureCount, FAILURE_THRESHOLD);
  const shared = [
    story.policy.restart,
    labelOf(phase),
    desired,
    circuit.state,
    count,
    incident === null,
    lastRun?.daemon.pid,
    state.pausedUntil === null,
    state.previousCause === LIKELY_KEY.cause,
    state.onDemand,
  ];
  return JSON.stringify([...shared, ...detailsOf(phase)]);
}

function detailsOf(phase: Phase): unknown[] {
  switch (phase.kind) {
    case 'starting': {
      const { launch, absences, exit, listedUnder } = phase;
      return [launch.by === 'healing', fallbackOf(launch), absences, exit === null, listedUnder?.pid];
    }
    case 'stopping':
      return [phase.run === null, phase.awaited, phase.absences];
    case 'down':
      return [phase.launch?.by === 'healing', fallbackOf(phase.launch)];
    case 'stopped':
    case 'verifying':
    case 'running':
      return [];
  }
}

function fallbackOf(launch: { readonly fallback: { readonly phase: Phase } | null } | null): string | null {
  const fallback = launch?.fallback ?? null;
  return fallback === null ? null : labelOf(fallback.phase);
}

/** Explores breadth first from a new agent, with every word of the alphabet, until no new key appears. */
function explore(): Exploration {
  const circuit = { ...POLICY.circuit, failureThreshold: FAILURE_THRESHOLD };
  const queue = POLICIES.map((restart) => new Story({ restart, circuit, idleStopMs: IDLE_STOP_MS }));
  const seen = new Set(queue.map(keyOf));
  const edges = new Map<string, Edge>();
  for (const story of queue) {
    const from = story.machineState.state.phase;
    for (const word of ALPHABET) {
      const next = word.say(story.fork().waits(1), story.runId);
      if (next.event === null) continue;
      const edge = { from, to: next.machineState.state.phase, type: next.event.type };
      edges.set([labelOf(edge.from), labelOf(edge.to), edge.type].join(' > '), edge);
      const key = keyOf(next);
      if (seen.has(key)) continue;
      seen.add(key);
      queue.push(next);
    }
  }
  const all = [...edges.values()];
  const labels = new Set(all.flatMap(({ from, to }) => [labelOf(from), labelOf(to)]));
  return { labels, types: new Set(all.map(({ type }) => type)), edges: all };
}

/** Returns where some phases lead, in the order of the kinds, and by which events. Omits edges within a kind. */
function exitsOf(edges: readonly Edge[], isFrom: (phase: Phase) => boolean): [Phase['kind'], string][] {
  return KINDS.flatMap((kind): [Phase['kind'], string][] => {
    const leaving = edges.filter(({ from, to }) => isFrom(from) && from.kind !== kind && to.kind === kind);
    const types = [...new Set(leaving.map(({ type }) => type))].sort();
    return types.length === 0 ? [] : [[kind, types.join(', ')]];
  });
}

function diagram({ edges }: Exploration): string {
  const arrows = KINDS.flatMap((kind) =>
    exitsOf(edges, (phase) => phase.kind === kind).map(([to, types]) => `    ${kind} --> ${to}: ${types}`),
  );
  return ['```mermaid', 'stateDiagram-v2', '    [*] --> stopped', ...arrows, '```'].join('\n');
}

function downTable({ edges }: Exploration): string {
  const rows = LABELS.filter((label) => label.startsWith('down, ')).map((label) => {
    const exits = exitsOf(edges, (phase) => labelOf(phase) === label).map(([to, types]) => `**${to}**: ${types}`);
    return `| \`${label.slice('down, '.length)}\` | ${exits.join('; ')} |`;
  });
  return ['| down, since | leads to |', '| --- | --- |', ...rows].join('\n');
}

describe('the state machine, explored from a new agent', () => {
  let exploration: Exploration;

  beforeAll(() => {
    exploration = explore();
  });

  it('covers every type of event', () => {
    expect([...exploration.types].sort()).toEqual(Object.keys(EVENT_TYPES).sort());
  });

  it('reaches every phase, with every reason and next step', () => {
    expect([...exploration.labels].sort()).toEqual([...LABELS].sort());
  });

  it('reaches running only through verifying, and leaves stopping for verifying only by a start in a shell', () => {
    const into = (kind: Phase['kind']) =>
      new Set(exploration.edges.flatMap(({ from, to }) => (to.kind === kind ? [from.kind] : [])));
    expect(into('running')).toEqual(new Set(['verifying', 'running']));
    const outOfStopping = exploration.edges.filter(
      ({ from, to }) => from.kind === 'stopping' && to.kind === 'verifying',
    );
    expect(new Set(outOfStopping.map(({ type }) => type))).toEqual(new Set(['observed']));
  });

  it('is drawn in docs/state-machine.md', () => {
    const text = readFileSync(FILE, 'utf8');
    const begin = text.indexOf(BEGIN);
    const end = text.indexOf(END);
    if (begin < 0 || end < begin) throw new Error('docs/state-machine.md has no place for the diagram');
    const drawn = [BEGIN, '', diagram(exploration), '', downTable(exploration), '', END].join('\n');
    const next = text.slice(0, begin) + drawn + text.slice(end + END.length);
    if (process.env.UPDATE_DOCS === '1') writeFileSync(FILE, next);
    else expect(text).toBe(next);
  });
});
