import * as fc from 'fast-check';
import { ALPHABET, type Word } from '../../../test/support/machine-alphabet';
import { POLICY } from '../../../test/support/machine-builders';
import { labelOf } from '../../../test/support/machine-pictures';
import { Story } from '../../../test/support/machine-story';
import type { MachineEvent } from './event';
import type { Run } from './phase';
import { currentRunId, runOf } from './state';

/** Event of the alphabet, about the present run, an earlier one, or an unknown one. */
interface Step {
  readonly word: string;
  readonly about: 'present' | 'earlier' | 'unknown';
  readonly pick: number;
  readonly waitMs: number;
}

const WORDS = new Map<string, Word>(ALPHABET.map((word) => [word.name, word]));

const steps: fc.Arbitrary<Step> = fc.record({
  word: fc.constantFrom(...WORDS.keys()),
  about: fc.oneof(
    { weight: 5, arbitrary: fc.constant('present' as const) },
    { weight: 1, arbitrary: fc.constantFrom('earlier' as const, 'unknown' as const) },
  ),
  pick: fc.nat(9),
  waitMs: fc.constantFrom(0, 1, 10, 400, 1_000, 4_000, 11_000, 61_000, 3_600_000),
});

const policies = fc.record({
  restart: fc.constantFrom('always' as const, 'always' as const, 'on-failure' as const, 'never' as const),
  circuit: fc.constantFrom(1, 2, 5).map((failureThreshold) => ({ ...POLICY.circuit, failureThreshold })),
});

/** Checks a story after each event. Returns what is wrong; null: nothing. */
type Check = (story: Story, about: string) => string | null;

/** Asserts a property of every history: random events, in any order, late, twice, and of any generation. */
function always(makeCheck: () => Check): void {
  const histories = fc.property(policies, fc.array(steps, { minLength: 1, maxLength: 40 }), (policy, history) => {
    const check = makeCheck();
    const story = new Story(policy);
    const trace: string[] = [];
    for (const step of history) {
      const about = runIdFor(story, step);
      WORDS.get(step.word)?.say(story.waits(step.waitMs), about);
      trace.push(`${step.word} (${about}): ${story.phase}, ${story.desired}, ${story.circuit}`);
      const wrong = check(story, about);
      if (wrong !== null) throw new Error(`${wrong}\n${trace.join('\n')}`);
    }
  });
  fc.assert(histories, { numRuns: 3_000 });
}

function runIdFor(story: Story, { about, pick }: Step): string {
  if (about === 'present') return story.runId;
  const known = [...story.runs.keys()];
  return (about === 'earlier' ? known[pick % Math.max(known.length, 1)] : undefined) ?? `unknown ${pick % 2}`;
}

function launchesOf(story: Story) {
  return story.effects.flatMap((effect) => (effect.type === 'launch' ? [effect.launch] : []));
}

function isAdopted(story: Story): boolean {
  return story.records.includes('operator.restarted') || story.records.includes('agent.adopted');
}

function isAskedToStart(event: MachineEvent | null): boolean {
  if (event?.type === 'register-asked') return event.autostart;
  return event?.type === 'start-asked' || event?.type === 'restart-asked' || event?.type === 'reset-asked';
}

function isProofOfDeath(event: MachineEvent | null, run: Run): boolean {
  if (event?.type === 'exited') return event.runId === run.runId && event.upSince === run.upSince;
  if (event?.type === 'kill-ended') return event.runId === run.runId && event.gone;
  if (event?.type !== 'observed') return false;
  const { listed, unlisted } = event.observation;
  return ![...listed, ...unlisted].some(({ process }) => process?.pid === run.process.pid);
}

describe('transition, for any events in any order', () => {
  it('is total and never mutates its input', () => {
    // The story freezes its input, so a decision that throws or mutates it fails the property.
    always(() => () => null);
  });

  it('launches only agents that should run', () => {
    always(
      () => (story) =>
        launchesOf(story).length > 0 && story.desired !== 'running' ? 'launched, but not desired' : null,
    );
  });

  it('launches at most once at a time', () => {
    always(() => (story) => (launchesOf(story).length > 1 ? 'launched twice' : null));
  });

  it('launches only after the previous run is proven dead', () => {
    always(() => (story) => {
      const [launch] = launchesOf(story);
      if (launch === undefined) return null;
      if (story.phase !== 'starting' || story.runId !== launch.runId) return 'does not await what it launched';
      const run = runOf(story.before.state.phase);
      return run === null || isProofOfDeath(story.event, run) ? null : 'launched beside a live run';
    });
  });

  it('obeys a stop at any moment and launches nothing until the next start', () => {
    always(() => {
      let isStopped = false;
      return (story) => {
        if (story.event?.type === 'stop-asked') {
          isStopped = true;
          if (story.desired !== 'stopped') return 'a stop was ignored';
        } else if (isAskedToStart(story.event) || isAdopted(story)) isStopped = false;
        if (!isStopped) return null;
        if (story.desired !== 'stopped') return 'a stop was undone';
        return launchesOf(story).length > 0 ? 'launched against a stop' : null;
      };
    });
  });

  it('keeps an agent that should be stopped in a phase that leads there', () => {
    const allowed = ['stopped', 'stopping, then stopped', 'stopping, then unregistered', 'down, daemon-ended'];
    always(() => (story) => {
      if (story.desired === 'running' || allowed.includes(story.phase)) return null;
      return 'desired to be stopped, and is not';
    });
  });

  it('answers a stop once it is over', () => {
    always(() => {
      let waits = false;
      return (story) => {
        if (story.event?.type === 'stop-asked') waits = true;
        if (story.answers.some((answer) => answer.startsWith('down: '))) waits = false;
        return waits && !story.phase.startsWith('stopping') ? 'a stop was not answered' : null;
      };
    });
  });

  it('ignores outcomes and exits of other runs', () => {
    const outcomes = ['launch-succeeded', 'launch-failed', 'launch-unknown', 'launch-blocked', 'kill-ended', 'exited'];
    always(() => (story, about) => {
      if (story.event === null || !outcomes.includes(story.event.type)) return null;
      if (about === currentRunId(story.before.state.phase)) return null;
      if (story.machineState !== story.before) return 'an old generation changed the state';
      // The only effect of an old generation: a launch that was given up succeeded late, and is killed.
      const expected = story.event.type === 'launch-succeeded' ? [`end given-up ${story.event.run.process.pid}`] : [];
      const isQuiet = story.effects.length === expected.length && story.acts.every((act) => expected.includes(act));
      return isQuiet ? null : 'an old generation had effects';
    });
  });

  it('counts at most one failure of a run until it is started again in a shell', () => {
    always(() => {
      const counted = new Set<string>();
      return (story) => {
        const failures = story.machineState.circuit.failureCount - story.before.circuit.failureCount;
        const runId = story.machineState.state.failedRunId ?? 'none';
        if (isAdopted(story)) counted.delete(story.runId);
        if (failures <= 0 || story.event?.type === 'circuit-asked') return null;
        if (failures > 1 || counted.has(runId)) return `two failures of ${runId}`;
        counted.add(runId);
        return null;
      };
    });
  });

  it('raises the failure count only by one and only for a diagnosed failure', () => {
    always(() => (story) => {
      const raised = story.machineState.circuit.failureCount - story.before.circuit.failureCount;
      if (raised <= 0 || story.event?.type === 'circuit-asked') return null;
      return raised === 1 && story.records.includes('recovery.diagnosed') ? null : 'counted without a diagnosis';
    });
  });

  it('halts by a likely cause only after two runs of an incident that failed by it', () => {
    always(() => {
      let earlier = '';
      return (story) => {
        const { incident, diagnosis } = story.machineState.state;
        if (!story.records.includes('recovery.diagnosed') || story.before.state.pausedUntil !== null) return null;
        const isSecond = earlier === `${incident?.id}: ${diagnosis?.diagnosis.cause}`;
        earlier = `${incident?.id}: ${diagnosis?.diagnosis.cause}`;
        const { state, failureCount } = story.before.circuit;
        const isBelow = state === 'CLOSED' && failureCount + 1 < story.policy.circuit.failureThreshold;
        if (diagnosis?.diagnosis.certainty !== 'likely' || !isBelow || story.policy.restart === 'never') return null;
        return isSecond || story.machineState.circuit.state === 'CLOSED' ? null : 'halted by one likely failure';
      };
    });
  });

  it('escalates an incident at most once', () => {
    always(() => {
      const escalated = new Set<string>();
      return (story) => {
        if (!story.records.includes('recovery.escalated')) return null;
        const id = story.machineState.state.incident?.id ?? 'none';
        if (escalated.has(id)) return `escalated twice: ${id}`;
        escalated.add(id);
        return null;
      };
    });
  });

  it('has a deadline wherever no other event is certain', () => {
    always(() => (story) => {
      const { phase } = story.machineState.state;
      const { state, dueAt } = story.machineState.circuit;
      const isRest = phase.kind === 'stopped' || (phase.kind === 'running' && phase.stable);
      const isAnswered = phase.kind === 'starting' && phase.outcome === 'pending';
      const isKilled = phase.kind === 'stopping' && (phase.run !== null || phase.awaited !== 'unknown');
      const isHaltedForGood = phase.kind === 'down' && phase.why === 'halted' && dueAt === null && state === 'OPEN';
      if (isRest || isAnswered || isKilled || isHaltedForGood) return null;
      return story.deadline === null ? `nothing will ever leave ${labelOf(phase)}` : null;
    });
  });
});
