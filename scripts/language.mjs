// npm run check runs this: fails if a tracked text file contains a word or phrase that lib/denied-words.json denies,
// or the marker of an unresolved merge conflict. Prints each one as file:line:word. With arguments, checks those files
// instead: node scripts/language.mjs [FILE ...]
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fail, root, say } from './lib/prepare.mjs';

const { denied, exempt } = JSON.parse(readFileSync(new URL('./lib/denied-words.json', import.meta.url), 'utf8'));
/** Between two words of a phrase, a line may break, also in a comment or a quotation. */
const GAP = String.raw`\s+(?:(?:\*|//|#|--|>)\s+)?`;
const DENIED = new RegExp(
  String.raw`(?<![\p{L}\p{N}_])(?:${denied.map((phrase) => phrase.replaceAll(' ', GAP)).join('|')})(?![\p{L}\p{N}_])`,
  'giu',
);
/** Marker that `git merge` leaves at an unresolved conflict. */
const CONFLICT = /^(?:<{7}|>{7}) \S.*$/gm;

const files = process.argv.length > 2 ? process.argv.slice(2) : trackedFiles();
const findings = files.flatMap(findDenied);
if (findings.length === 0) process.exit(0);
for (const finding of findings) say(finding);
fail(`${findings.length} denied words or phrases. Reword the text; scripts/lib/denied-words.json holds the list.`);

function trackedFiles() {
  const { status, stdout, stderr } = spawnSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' });
  if (status !== 0) fail(`git ls-files failed: ${stderr ?? 'git is not installed'}`);
  const skipped = new Set(exempt.map((entry) => entry.path));
  // git still lists a tracked file that was deleted in the working tree.
  return stdout.split('\0').filter((file) => file !== '' && !skipped.has(file) && existsSync(path.join(root, file)));
}

function findDenied(file) {
  const content = readFileSync(path.resolve(root, file));
  if (content.includes(0)) return []; // binary
  const text = changeable(file, content.toString('utf8'));
  return [...text.matchAll(DENIED), ...text.matchAll(CONFLICT)].map(
    ({ index, 0: found }) => `${file}:${lineAt(text, index)}:${found.replace(/\s+/g, ' ')}`,
  );
}

/** Returns the part of a file that may still be reworded: of the changelog, only what is not released yet. */
function changeable(file, text) {
  if (path.basename(file) !== 'CHANGELOG.md') return text;
  const begin = text.indexOf('\n## Unreleased');
  const end = begin < 0 ? 0 : text.indexOf('\n## ', begin + 1);
  return end < 0 ? text : text.slice(0, end);
}

function lineAt(text, index) {
  return text.slice(0, index).split('\n').length;
}
