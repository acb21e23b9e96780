import {
  diagnosisOf,
  maskSecrets,
  plainLine,
  stripEscapes,
  type Certainty,
  type Diagnosis,
  type Evidence,
  type FailureCause,
} from '../../kernel';
import { adviseOn, adviseOnSignal, type KnownVariables } from './advice';
import { classify, type Classified } from './classify';
import { explainCode, signalOfCode } from './exit-code';
import type { RunProgram } from './install-advice';
import { isAlarm, readReason, type Reason } from './output/reason';

const LINE_LENGTH = 300;
const EVIDENCE_LENGTH = 500;
const EVIDENCE_LINES = 3;
const BLOCK_LINES = 20;
/** A stream that was written so much later than the other has the last words. */
const LATER_MS = 10_000;
/** Signals with which a process kills itself after an error. */
const OWN_SIGNALS: ReadonlySet<string> = new Set(['SIGABRT', 'SIGTRAP', 'SIGILL']);

/** Everything known about the exit of one run. */
export interface DiagnosisFacts {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Last output of this run. */
  readonly stderr: string;
  readonly stdout: string;
  /** Time of the last write to each stream, in epoch milliseconds; null: unknown. */
  readonly stderrAt: number | null;
  readonly stdoutAt: number | null;
  /** Processes that the kernel killed for lack of memory within seconds of the exit; null: unknown. */
  readonly oomKills: number | null;
  readonly memoryBytes: number | null;
  /** Secret values of the agent, to be masked. */
  readonly secrets: readonly string[];
  /** Program of the run; null: unknown. */
  readonly program: RunProgram | null;
  /** Variables of the agent and of the supervisor; null: unknown. */
  readonly variables: KnownVariables | null;
}

interface Found {
  readonly cause: FailureCause;
  readonly line: string;
  readonly evidence: readonly Evidence[];
  /** Replaces the cause's own advice. */
  readonly advice?: string | undefined;
  /** Signal that PM2 did not report. */
  readonly signal?: string;
  readonly certainty?: Certainty;
  readonly rule?: string | null;
  readonly block?: readonly string[];
}

type Source = 'stderr' | 'stdout';

/** Reason that the output gives for the exit, and the stream that gives it. */
interface Output extends Reason {
  readonly source: Source;
}

/** Diagnoses why a run exited, from its exit and its last output; pure. Linear in the size of the output. */
export function diagnose(facts: DiagnosisFacts): Diagnosis {
  const { cause, line, evidence, advice, signal = facts.signal, ...explained } = findCause(facts);
  // The output was masked as a whole; the other texts may quote a definition.
  const shown = (text: string, max: number) => plainLine(maskSecrets(text, facts.secrets), max);
  const { exitCode, memoryBytes } = facts;
  return diagnosisOf(cause, shown(line, LINE_LENGTH), {
    evidence: evidence.map(({ source, detail }) => ({ source, detail: shown(detail, EVIDENCE_LENGTH) })),
    exitCode: signal === null ? exitCode : null,
    signal,
    memoryBytes,
    certainty: explained.certainty ?? 'certain',
    rule: explained.rule ?? null,
    block: (explained.block ?? []).slice(0, BLOCK_LINES).map((each) => shown(each, LINE_LENGTH)),
    ...(advice === undefined ? {} : { advice: shown(advice, EVIDENCE_LENGTH) }),
  });
}

function findCause(facts: DiagnosisFacts): Found {
  const output = readOutput(facts);
  if (facts.signal !== null) return bySignal(facts, facts.signal, output);
  if (isInterrupt(output)) return byInterrupt();
  if (facts.exitCode === 0) return byCodeZero(output);
  return byOutput(facts, output) ?? byCode(facts, output);
}

/** Reads both streams, masked before they are split, and chooses the one that tells the reason. */
function readOutput(facts: DiagnosisFacts): Output {
  const [stderr, stdout] = (['stderr', 'stdout'] as const).map((source): Output => {
    // A colour in the middle of a secret would hide it.
    const text = maskSecrets(stripEscapes(facts[source]), facts.secrets);
    return { ...readReason(text), source };
  }) as [Output, Output];
  const [errorAt, outAt] = [facts.stderrAt, facts.stdoutAt];
  const lead = errorAt === null || outAt === null ? 0 : outAt - errorAt;
  const strengthOf = ({ strength }: Output, isLater: boolean) => strength + (isLater && strength >= 2 ? 3 : 0);
  const isOutBetter = strengthOf(stdout, lead > LATER_MS) > strengthOf(stderr, lead < -LATER_MS);
  return isOutBetter ? stdout : stderr;
}

function bySignal(facts: DiagnosisFacts, signal: string, output: Output): Found {
  const exit: Evidence = { source: 'exit', detail: `signal ${signal}` };
  if (signal === 'SIGKILL' && (facts.oomKills ?? 0) > 0) return byOomKill(exit, 'killed by SIGKILL');
  const own = OWN_SIGNALS.has(signal) ? byOutput(facts, output) : null;
  if (own !== null) return { ...own, evidence: [exit, ...own.evidence.filter(({ source }) => source !== 'exit')] };
  const words = output.words.slice(-1).map(({ words: detail }) => ({ source: output.source, detail }));
  const shown = { evidence: [exit, ...words], advice: adviseOnSignal(signal), block: blockOf(output) };
  return { cause: 'killed-by-signal', line: `killed by ${signal}`, ...shown };
}

function byOomKill(exit: Evidence, what: string): Found {
  const detail = 'the kernel killed for lack of memory within seconds of it';
  return { cause: 'out-of-memory', line: `${what}; ${detail}`, evidence: [exit, { source: 'system', detail }] };
}

/**
 * Detects what Python prints when SIGINT kills it. A daemon that the supervisor did not start reports that as exit code
 * 0.
 */
function isInterrupt({ block, source }: Output): boolean {
  return (
    source === 'stderr' && block !== null && block.standing !== 'logged' && /^KeyboardInterrupt\b/.test(block.line)
  );
}

function byInterrupt(): Found {
  const evidence: Evidence[] = [
    { source: 'exit', detail: 'signal SIGINT' },
    { source: 'stderr', detail: 'KeyboardInterrupt' },
  ];
  return { cause: 'killed-by-signal', line: 'killed by SIGINT', evidence, signal: 'SIGINT' };
}

const GAVE_UP =
  'It gave up and exited with code 0: correct what its last words say, and let it exit with another code after an error.';

/** Diagnoses an exit with code 0. Programs that exit with 0 after an error name it in their last output alone. */
function byCodeZero(output: Output): Found {
  const exit: Evidence = { source: 'exit', detail: 'code 0' };
  const line = output.block?.line ?? errorWords(output);
  if (line === null) return { cause: 'clean-exit', line: 'exited with code 0', evidence: [exit] };
  const evidence = [...evidenceOf(output, line), exit];
  const facts = { evidence, advice: GAVE_UP, block: blockOf(output) };
  return { cause: 'clean-exit', line: `exited with code 0 after: ${line}`, ...facts };
}

/** Returns the latest words about an error; null: none. What goes to standard error is about one, unless it denies it. */
function errorWords({ words, source }: Output): string | null {
  const last = words.slice(-EVIDENCE_LINES);
  const alarm = last.findLast(isAlarm);
  if (alarm !== undefined) return alarm.words;
  const line = last.at(-1);
  return source === 'stderr' && line !== undefined && line.level !== 'quiet' ? line.words : null;
}

/** Diagnoses by the error that ended the run, or by its last words. */
function byOutput(facts: DiagnosisFacts, output: Output): Found | null {
  const classified = classify(output);
  if (classified === null) return null;
  const { match, line } = classified;
  const isDeadByCode = signalOfCode(facts.exitCode) !== null && output.block?.standing === 'logged';
  if (match === null && (output.block === null || isDeadByCode)) return null;
  const cause = match?.rule.cause ?? 'unhandled-exception';
  return {
    ...{ cause, line, certainty: classified.certainty, rule: match?.rule.name ?? null, block: blockOf(output) },
    evidence: [...evidenceOf(output, match?.line ?? line), exitOf(facts)],
    advice: adviceOf(facts, classified, output),
  };
}

function adviceOf({ program, variables }: DiagnosisFacts, { match }: Classified, output: Output): string | undefined {
  return match === null ? undefined : adviseOn(match, { program, variables, lines: blockOf(output) });
}

/** Diagnoses a run that names no cause, by its exit code. Its last words are shown all the same. */
function byCode(facts: DiagnosisFacts, output: Output): Found {
  const { exitCode } = facts;
  const [exit, words] = [exitOf(facts), describeWords(output)];
  const shown = { evidence: [exit, ...evidenceOf(output, words)], block: blockOf(output) };
  const signal = signalOfCode(exitCode);
  if (signal === 'SIGKILL' && (facts.oomKills ?? 0) > 0) return byOomKill(exit, `killed by SIGKILL (exit code 137)`);
  if (signal !== null) {
    const line = `killed by ${signal}: exited with code ${exitCode ?? ''}, as a wrapper does for its child`;
    return { cause: 'killed-by-signal', line, advice: adviseOnSignal(signal), ...shown };
  }
  const what =
    exitCode === null ? 'exited while the supervisor was down; exit code unknown' : `exited with code ${exitCode}`;
  const line = words === null ? what : `${what} after: ${words}`;
  const meaning = explainCode(exitCode);
  return meaning === null ? { cause: 'unknown', line, ...shown } : { ...meaning, line, ...shown };
}

/** Returns the program's own last meaningful words: about an error if there are any; null: it said nothing. */
function describeWords({ words }: Output): string | null {
  const line = words.slice(-EVIDENCE_LINES).findLast(isAlarm) ?? words.at(-1);
  return line?.words.trim() ?? null;
}

function exitOf({ exitCode }: DiagnosisFacts): Evidence {
  return { source: 'exit', detail: exitCode === null ? 'code not known' : `code ${exitCode}` };
}

/** Returns the telling line first, then what stands with it. */
function evidenceOf(output: Output, telling: string | null): Evidence[] {
  const lines = [telling, ...blockOf(output)].filter((each) => each !== null);
  return [...new Set(lines)].slice(0, EVIDENCE_LINES).map((detail) => ({ source: output.source, detail }));
}

/** Returns the lines that the diagnosis was read from. */
function blockOf({ block, words }: Output): string[] {
  if (block === null) return words.map((each) => each.words.trim());
  const others = [...block.causes, ...block.contexts].flatMap(({ line, details }) => [line, ...details]);
  return [block.line, ...block.details, ...others];
}
