import * as fc from 'fast-check';
import { ALPHABET, type Word } from '../../../test/support/machine-alphabet';
import { labelOf, POLICY, Story } from '../../../test/support/machine-builders';
import type { MachineEvent } from './event';
import { currentRunId, runOf, type Run } from './state';

/** An event of the alphabet, about the present run, an earlier one, or one that was never heard of. */
interface Step {
  readonly word: string;
  readonly about: 'present' | 'earlier' | 'unheard of';
  readonly pick: number;
  readonly waitMs: number;
}

const WORDS = new Map<string, Word>(ALPHABET.map((word) => [word.name, word]));

const steps: fc.Arbitrary<Step> = fc.record({
  word: fc.constantFrom(...WORDS.keys()),
  about: fc.oneof(
    { weight: 5, arbitrary: fc.constant('present' as const) },
    { weight: 1, arbitrary: fc.constantFrom('earlier' as const, 'unheard of' as const) },
  ),
  pick: fc.nat(9),
  waitMs: fc.constantFrom(0, 1, 10, 400, 1_000, 4_000, 11_000, 61_000, 3_600_000),
});

const policies = fc.record({
  restart: fc.constantFrom('always' as const, 'always' as const, 'on-failure' as const, 'never' as const),
  circuit: fc.constantFrom(1, 2, 5).map((failureThreshold) => ({ ...POLICY.circuit, failureThreshold })),
});

/** Looks at a story after each event; says what is wrong, or null. */
type Check = (story: Story, about: string) => string | null;

/** A property of every history: random events, in any order, late, twice, and of any generation. */
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
  return (about === 'earlier' ? known[pick % Math.max(known.length, 1)] : undefined) ?? `unheard of ${pick % 2}`;
}

function launchesOf(story: Story) {
  return story.effects.flatMap((effect) => (effect.type === 'launch' ? [effect.launch] : []));
}

function isAdopted(story: Story): boolean {
  return story.records.includes('operator.restarted') || story.records.includes('agent.adopted');
}

function isAskedToStart(event: MachineEvent | null): boolean {
  return event?.type === 'start-asked' || event?.type === 'restart-asked' || event?.type === 'reset-asked';
}

function isProofOfDeath(event: MachineEvent | null, run: Run): boolean {
  if (event?.type === 'exited') return event.runId === run.runId && event.upSince === run.upSince;
  if (event?.type === 'kill-ended') return event.runId === run.runId && event.gone;
  if (event?.type !== 'observed') return false;
  const { listed, unlisted } = event.observation;
  return ![...listed, ...unlisted].some(({ process }) => process?.pid === run.process.pid);
}

describe('transition, whatever comes in whatever order', () => {
  it('is total, and writes into nothing that it is given', () => {
    // A story hands in what it has frozen; a decision that throws, or writes, ends the property.
    always(() => () => null);
  });

  it('launches only what is desired to run', () => {
    always(
      () => (story) =>
        launchesOf(story).length > 0 && story.desired !== 'running' ? 'launched, but not desired' : null,
    );
  });

  it('launches at most once at a time', () => {
    always(() => (story) => (launchesOf(story).length > 1 ? 'launched twice' : null));
  });

  it('launches only once the run before is proven dead, and then awaits that one launch', () => {
    always(() => (story) => {
      const [launch] = launchesOf(story);
      if (launch === undefined) return null;
      if (story.phase !== 'starting' || story.runId !== launch.runId) return 'does not await what it launched';
      const run = runOf(story.before.state.phase);
      return run === null || isProofOfDeath(story.event, run) ? null : 'launched beside a live run';
    });
  });

  it('obeys a stop at any moment, and launches nothing after it until somebody starts it again', () => {
    always(() => {
      let isStopped = false;
      return (story) => {
        if (story.event?.type === 'stop-asked') {
          isStopped = true;
          if (story.desired !== 'stopped') return 'a stop did not take';
        } else if (isAskedToStart(story.event) || isAdopted(story)) isStopped = false;
        if (!isStopped) return null;
        if (story.desired !== 'stopped') return 'a stop was undone';
        return launchesOf(story).length > 0 ? 'launched against a stop' : null;
      };
    });
  });

  it('has what is desired to be stopped stopped, on its way there, or waiting for the end of a pm2 update', () => {
    const allowed = ['stopped', 'stopping, then stopped', 'down, daemon-ended'];
    always(() => (story) => {
      if (story.desired === 'running' || allowed.includes(story.phase)) return null;
      return 'desired to be stopped, and is not';
    });
  });

  it('answers whoever asked for a stop as soon as nothing of it is under way', () => {
    always(() => {
      let waits = false;
      return (story) => {
        if (story.event?.type === 'stop-asked') waits = true;
        if (story.answers.some((answer) => answer.startsWith('down: '))) waits = false;
        return waits && !story.phase.startsWith('stopping') ? 'a stop was not answered' : null;
      };
    });
  });

  it('is not moved by an outcome or an exit of another run than the present one', () => {
    const outcomes = ['launch-succeeded', 'launch-failed', 'launch-unknown', 'launch-blocked', 'kill-ended', 'exited'];
    always(() => (story, about) => {
      if (story.event === null || !outcomes.includes(story.event.type)) return null;
      if (about === currentRunId(story.before.state.phase)) return null;
      if (story.situation !== story.before) return 'an old generation changed the state';
      // The one thing that an old generation may bring about: a launch that was given up has come true.
      const expected = story.event.type === 'launch-succeeded' ? [`end given-up ${story.event.run.process.pid}`] : [];
      const isQuiet = story.effects.length === expected.length && story.acts.every((act) => expected.includes(act));
      return isQuiet ? null : 'an old generation brought something about';
    });
  });

  it('counts at most one failure of a run, until it is started again in a shell under the same id', () => {
    always(() => {
      const counted = new Set<string>();
      return (story) => {
        const failures = story.effects.filter((effect) => effect.type === 'circuit' && effect.event.type === 'failure');
        const runId = story.situation.state.failedRunId ?? 'none';
        if (isAdopted(story)) counted.delete(story.runId);
        if (failures.length === 0) return null;
        if (failures.length > 1 || counted.has(runId)) return `two failures of ${runId}`;
        counted.add(runId);
        return null;
      };
    });
  });

  it('raises the count of the circuit by a diagnosed failure alone, and by one', () => {
    always(() => (story) => {
      const raised = story.situation.circuit.failureCount - story.before.circuit.failureCount;
      if (raised <= 0) return null;
      return raised === 1 && story.records.includes('recovery.diagnosed') ? null : 'counted without a diagnosis';
    });
  });

  it('tells a person once an incident', () => {
    always(() => {
      const told = new Set<string>();
      return (story) => {
        if (!story.records.includes('recovery.escalated')) return null;
        const id = story.situation.state.incident?.id ?? 'none';
        if (told.has(id)) return `told twice of ${id}`;
        told.add(id);
        return null;
      };
    });
  });

  it('has a deadline wherever nothing else is sure to come', () => {
    always(() => (story) => {
      const { phase } = story.situation.state;
      const { state, dueAt } = story.situation.circuit;
      const isRest = phase.kind === 'stopped' || (phase.kind === 'running' && phase.stable);
      const isAnswered = phase.kind === 'starting' && phase.outcome === 'pending';
      const isKilled = phase.kind === 'stopping' && (phase.run !== null || phase.awaited !== 'unknown');
      const isHaltedForGood = phase.kind === 'down' && phase.why === 'halted' && dueAt === null && state === 'OPEN';
      if (isRest || isAnswered || isKilled || isHaltedForGood) return null;
      return story.deadline === null ? `nothing will ever end ${labelOf(phase)}` : null;
    });
  });
});
