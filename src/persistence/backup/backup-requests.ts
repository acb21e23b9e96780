import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { errorCodeOf, sleep, type Clock } from '../../kernel';

// Requests are files, not signals. A signal kills a service that has not installed its handler yet, and it carries no
// answer.
const REQUEST = /^request-([0-9a-f-]{36})$/;
const ANSWER = /^answer-[0-9a-f-]{36}(?:\.draft)?$/;
const POLL_MS = 200;

const answerSchema = z.union([z.object({ file: z.string() }), z.object({ error: z.string() })]);
export type BackupAnswer = z.output<typeof answerSchema>;

/** Removes the waiting requests from the folder and returns their ids. Answer each with {@link answerRequest}. */
export function takeRequests(folder: string): string[] {
  const ids = namesIn(folder).flatMap((name) => REQUEST.exec(name)?.[1] ?? []);
  for (const id of ids) rmSync(path.join(folder, `request-${id}`), { recursive: true, force: true });
  return ids;
}

export function answerRequest(folder: string, id: string, answer: BackupAnswer): void {
  const file = path.join(folder, `answer-${id}`);
  const draft = `${file}.draft`;
  try {
    writeFileSync(draft, JSON.stringify(answer), { mode: 0o600 });
  } catch {
    // On a full disk an empty file can still be written. It reports that the backup failed, but not why.
    truncateSync(draft);
  }
  renameSync(draft, file);
}

/** Removes the requests and answers that an earlier process left behind. */
export function clearRequests(folder: string): void {
  for (const name of namesIn(folder))
    if (REQUEST.test(name) || ANSWER.test(name)) rmSync(path.join(folder, name), { recursive: true, force: true });
}

/**
 * Requests a backup from the service that uses this folder.
 *
 * @param isAlive returns true while that service runs
 * @returns null if the service exited or did not answer in time
 */
export async function requestBackup(
  folder: string,
  { clock, isAlive, timeoutMs }: { readonly clock: Clock; readonly isAlive: () => boolean; readonly timeoutMs: number },
): Promise<BackupAnswer | null> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const id = randomUUID();
  const [request, answer] = [path.join(folder, `request-${id}`), path.join(folder, `answer-${id}`)];
  writeFileSync(request, '', { mode: 0o600 });
  const end = clock.now() + timeoutMs;
  try {
    while (isAlive() && clock.now() < end) {
      const text = readIfThere(answer);
      if (text !== null) return text === '' ? { error: 'the backup failed' } : answerSchema.parse(JSON.parse(text));
      await sleep(clock, POLL_MS);
    }
    return null;
  } finally {
    for (const file of [request, answer]) rmSync(file, { force: true });
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return null;
    throw error;
  }
}
