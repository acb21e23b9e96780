import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { plainLine, Problem, type Clock } from '../../kernel';

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 4_194_304;
const ERROR_LENGTH = 300;

/** Name endings of the files that PM2 reads as configuration, in the order in which it looks for them. */
const KINDS = [
  ['.json', 'json'],
  ['.yml', 'yaml'],
  ['.yaml', 'yaml'],
  ['.config.js', 'js'],
  ['.config.cjs', 'js'],
  ['.config.mjs', 'mjs'],
] as const;

const resultSchema = z.union([z.object({ content: z.unknown() }), z.object({ error: z.string() })]);

/** Returns how PM2 reads a file of this name; null: PM2 would run it as a program. */
export function kindOf(file: string): string | null {
  return KINDS.find(([ending]) => path.basename(file).includes(ending))?.[1] ?? null;
}

/**
 * Evaluates an ecosystem file in a process of its own, because it is code. That process and what it started are killed
 * afterwards, and after 10 s at the latest.
 *
 * @param file absolute path
 * @returns what the file exports, as JSON has it: functions are missing
 * @throws Problem `invalid-request` that says what is wrong with the file
 */
export async function evaluateEcosystem(file: string, clock: Clock): Promise<unknown> {
  const kind = kindOf(file);
  if (!existsSync(file)) throw new Problem('invalid-request', `${file} does not exist. Check the path.`);
  if (kind === null) {
    const endings = KINDS.map(([ending]) => ending).join(', ');
    throw new Problem('invalid-request', `${file} is no ecosystem file to PM2: its name must contain ${endings}.`);
  }
  const line = await runEvaluation(file, kind, clock);
  const result = resultSchema.parse(JSON.parse(line));
  if ('error' in result) throw broken(file, plainLine(result.error, ERROR_LENGTH));
  return result.content;
}

function runEvaluation(file: string, kind: string, clock: Clock): Promise<string> {
  const program = path.join(__dirname, 'evaluate-ecosystem.mjs');
  // A process group of its own, so that what the file starts can be killed with it.
  const child = spawn(process.execPath, [program, file, kind], {
    cwd: path.dirname(file),
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    detached: true,
  });
  const output = child.stdio[3];
  return new Promise<string>((resolve, reject) => {
    let text = '';
    const limit = clock.after(TIMEOUT_MS, () => {
      fail(`it did not end within ${TIMEOUT_MS / 1_000} s`);
    });
    const end = () => {
      limit.cancel();
      output?.destroy();
      killGroup(child.pid);
    };
    const fail = (why: string) => {
      end();
      reject(broken(file, why));
    };
    output?.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (text.length > MAX_BYTES) fail('it exports more than 4 MB');
      else if (text.endsWith('\n')) {
        end();
        resolve(Buffer.from(text, 'latin1').toString('utf8'));
      }
    });
    output?.once('close', () => {
      fail('it ended the process that evaluates it');
    });
    child.once('error', ({ message }) => {
      fail(message);
    });
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The whole group has exited.
  }
}

function broken(file: string, why: string): Problem {
  return new Problem('invalid-request', `${file} cannot be evaluated: ${why}. Correct the file; nothing was changed.`);
}
