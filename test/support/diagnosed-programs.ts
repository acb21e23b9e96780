import { spawnSync } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import { SystemClock } from '../../src/config';
import { RunLog, type LogMark } from '../../src/healing/diagnosis';
import { Diagnostician } from '../../src/healing/diagnosis/run-diagnosis';
import { makeTempFolder, type TempFolder } from './temp-folder';

interface Exit {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** Programs that run in real interpreters. Their output goes to log files as PM2's daemon writes them. */
export interface DiagnosedPrograms {
  readonly folder: TempFolder;
  readonly log: RunLog;
  readonly diagnostician: Diagnostician;
  /** The kernel's count of out-of-memory kills, and its increase within the last seconds. */
  readonly kernel: { count: number; recent: number };
  readonly errorLog: () => string;
  /** Runs a program as a run of the agent. @returns its exit code and signal */
  readonly run: (interpreter: string, program: string, env?: Readonly<Record<string, string>>) => Exit;
  /** Diagnoses an exit. @param mark the end of the log at the launch of the run */
  readonly gather: (end: Exit, mark: LogMark, secrets?: string[]) => ReturnType<Diagnostician['gather']>;
  /** Runs a program and diagnoses its exit. Every value of `env` is a secret. */
  readonly diagnose: (
    interpreter: string,
    program: string,
    env?: Readonly<Record<string, string>>,
  ) => ReturnType<Diagnostician['gather']>;
}

/** Gives each test of a file its own folder of logs. */
export function useDiagnosedPrograms(): DiagnosedPrograms {
  let folder: TempFolder;
  let log: RunLog;
  let diagnostician: Diagnostician;
  const kernel = { count: 3, recent: 0 };

  beforeEach(() => {
    folder = makeTempFolder();
    const fileOf = (agentId: string, stream: string) =>
      folder.at(`${agentId}-${stream === 'stdout' ? 'out' : 'error'}.log`);
    log = new RunLog(fileOf, () => undefined, { count: () => kernel.count, recent: () => kernel.recent });
    diagnostician = new Diagnostician(log, new SystemClock());
  });
  afterEach(() => {
    folder.remove();
  });

  const errorLog = () => folder.at('agent-error.log');
  const run: DiagnosedPrograms['run'] = (interpreter, program, env = {}) => {
    const file = folder.at(interpreter === 'node' ? 'program.mjs' : 'program.py');
    writeFileSync(file, program);
    const { status, signal, stdout, stderr } = spawnSync(interpreter, [file], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, ...env },
      timeout: 30_000,
    });
    appendFileSync(folder.at('agent-out.log'), stdout);
    appendFileSync(errorLog(), stderr);
    return { exitCode: status, signal };
  };
  const gather: DiagnosedPrograms['gather'] = (end, mark, secrets = []) =>
    diagnostician.gather({ agentId: 'agent', ...end, mark, secrets, program: null, variables: null });

  return {
    get folder() {
      return folder;
    },
    get log() {
      return log;
    },
    get diagnostician() {
      return diagnostician;
    },
    ...{ kernel, errorLog, run, gather },
    diagnose: async (interpreter, program, env = {}) => {
      const mark = await log.mark('agent');
      return gather(run(interpreter, program, env), mark, Object.values(env));
    },
  };
}
