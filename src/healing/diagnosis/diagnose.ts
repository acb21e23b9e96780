import { diagnosisOf, type Diagnosis, type Evidence, type FailureCause } from '../../kernel';
import { fatalOf, linesOf } from './fatal';
import { causeOfLine } from './patterns';
import { maskSecrets, plainLine } from './plain-text';

const LINE_LENGTH = 300;
const EVIDENCE_LENGTH = 500;
/** Without an exception, so many of the last lines may name a cause. */
const LAST_LINES = 3;
const EVIDENCE_LINES = 3;

/** Everything that is known of the end of one run. */
export interface DiagnosisFacts {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** What this run wrote last. */
  readonly stderr: string;
  readonly stdout: string;
  /** Processes that the kernel ended for lack of memory since the launch; null: not known. */
  readonly oomKills: number | null;
  readonly memoryBytes: number | null;
  /** Values of the agent's own environment: they are masked. */
  readonly secrets: readonly string[];
}

/** Why a run ended, by its exit and what it said; pure. */
export function diagnose(facts: DiagnosisFacts): Diagnosis {
  const { cause, line, evidence } = found(facts);
  const shown = (text: string, max: number) => plainLine(maskSecrets(text, facts.secrets), max);
  const { exitCode, signal, memoryBytes } = facts;
  return diagnosisOf(cause, shown(line, LINE_LENGTH), {
    evidence: evidence.map(({ source, detail }) => ({ source, detail: shown(detail, EVIDENCE_LENGTH) })),
    exitCode: signal === null ? exitCode : null,
    signal,
    memoryBytes,
  });
}

interface Found {
  readonly cause: FailureCause;
  readonly line: string;
  readonly evidence: readonly Evidence[];
}

function found(facts: DiagnosisFacts): Found {
  if (facts.signal !== null) return bySignal(facts, facts.signal);
  if (facts.exitCode === 0)
    return { cause: 'clean-exit', line: 'ended with exit code 0', evidence: [{ source: 'exit', detail: 'code 0' }] };
  return byFatal(facts) ?? byLastLines(facts) ?? byCode(facts);
}

function bySignal(facts: DiagnosisFacts, signal: string): Found {
  const exit: Evidence = { source: 'exit', detail: `signal ${signal}` };
  if (signal === 'SIGKILL' && (facts.oomKills ?? 0) > 0) {
    const detail = 'the kernel ended processes for lack of memory since its start';
    return {
      cause: 'out-of-memory',
      line: `ended by SIGKILL; ${detail}`,
      evidence: [exit, { source: 'system', detail }],
    };
  }
  const heap =
    signal === 'SIGABRT' ? linesOf(facts.stderr).findLast((line) => line.includes('heap out of memory')) : undefined;
  if (heap !== undefined)
    return { cause: 'out-of-memory', line: heap, evidence: [exit, { source: 'stderr', detail: heap }] };
  return { cause: 'killed-by-signal', line: `ended by ${signal}`, evidence: [exit, ...lastWords(facts, 1)] };
}

/** An exception that ended it. */
function byFatal(facts: DiagnosisFacts): Found | null {
  for (const source of ['stderr', 'stdout'] as const) {
    const fatal = fatalOf(facts[source]);
    if (fatal === null) continue;
    const causes = fatal.lines.map(causeOfLine).filter((each) => each !== null);
    const evidence: Evidence[] = fatal.lines.slice(0, EVIDENCE_LINES).map((detail) => ({ source, detail }));
    return { cause: causes[0] ?? 'unhandled-exception', line: fatal.line, evidence: [...evidence, exitOf(facts)] };
  }
  return null;
}

/** No exception, but its last words say what was wrong. */
function byLastLines(facts: DiagnosisFacts): Found | null {
  for (const source of ['stderr', 'stdout'] as const) {
    const last = linesOf(facts[source])
      .filter((line) => line.trim() !== '')
      .slice(-LAST_LINES)
      .reverse();
    for (const line of last) {
      const cause = causeOfLine(line);
      if (cause !== null) return { cause, line, evidence: [{ source, detail: line }, exitOf(facts)] };
    }
  }
  return null;
}

function byCode(facts: DiagnosisFacts): Found {
  const line =
    facts.exitCode === null
      ? 'ended while nobody watched; its exit code is not known'
      : `ended with exit code ${facts.exitCode}`;
  return { cause: 'unknown', line, evidence: [exitOf(facts), ...lastWords(facts, EVIDENCE_LINES)] };
}

function exitOf({ exitCode }: DiagnosisFacts): Evidence {
  return { source: 'exit', detail: exitCode === null ? 'code not known' : `code ${exitCode}` };
}

function lastWords({ stderr, stdout }: DiagnosisFacts, count: number): Evidence[] {
  const source = stderr.trim() === '' ? 'stdout' : 'stderr';
  const lines = linesOf(source === 'stderr' ? stderr : stdout).filter((line) => line.trim() !== '');
  return lines.slice(-count).map((detail) => ({ source, detail }));
}
