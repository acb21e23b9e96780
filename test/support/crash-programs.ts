import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

/** Programs that crash. Another folder may be given, to check programs that are not in this repository. */
export const CRASH_FOLDER = process.env.CRASH_PROGRAMS ?? path.join(__dirname, '../fixtures/crashes');

const crashPrograms = z.array(
  z.object({
    file: z.string(),
    title: z.string(),
    /** Causes that are right. */
    expectCause: z.array(z.string()),
    /** null: arguable. */
    expectRestartable: z.boolean().nullable(),
    /** Words that the shown line must have; null: any. */
    expectLineContains: z.string().nullable(),
  }),
);

export type CrashProgram = z.output<typeof crashPrograms>[number];

/** Reads what an expert expects of each program. */
export function listCrashPrograms(): readonly CrashProgram[] {
  return crashPrograms.parse(JSON.parse(readFileSync(path.join(CRASH_FOLDER, 'index.json'), 'utf8')));
}

/** How a program exited, and all that it printed. */
export interface CrashedProgram {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

const INTERPRETERS: Readonly<Record<string, string>> = {
  ...{ '.py': 'python3', '.sh': 'bash', '.js': 'node', '.mjs': 'node', '.cjs': 'node' },
};

/** Runs a program that crashes, by the interpreter of its extension, and waits for its exit. */
export function runCrashProgram(file: string): CrashedProgram {
  const interpreter = INTERPRETERS[path.extname(file)];
  if (interpreter === undefined) throw new Error(`${file} has an extension without an interpreter`);
  const { status, signal, stdout, stderr } = spawnSync(interpreter, [path.join(CRASH_FOLDER, file)], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
    timeout: 60_000,
    maxBuffer: 64 * 1_024 * 1_024,
  });
  return { exitCode: status, signal, stdout, stderr };
}
