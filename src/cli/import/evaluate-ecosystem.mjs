// Evaluates an ecosystem file as PM2 does, in a process of its own: the file is code. Writes one line to descriptor 3:
// {"content": ...} or {"error": "..."}. Standard output and error are the file's own.
import { readFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import vm from 'node:vm';

const RESULT = 3;

async function evaluate(file, kind) {
  const require = createRequire(file);
  if (kind === 'json') return vm.runInThisContext(`(${readFileSync(file, 'utf8')})`, { filename: file });
  // The parser that PM2 itself uses.
  if (kind === 'yaml') {
    const ofPm2 = createRequire(createRequire(import.meta.url).resolve('pm2/package.json'));
    return ofPm2('js-yaml').load(readFileSync(file, 'utf8'));
  }
  const exported = kind === 'mjs' ? await import(pathToFileURL(file).href) : require(file);
  return exported?.default ?? exported;
}

function write(result) {
  const line = Buffer.from(`${JSON.stringify(result)}\n`);
  for (let written = 0; written < line.length;) written += writeSync(RESULT, line, written);
}

const [file, kind] = process.argv.slice(2);
try {
  write({ content: (await evaluate(path.resolve(file), kind)) ?? null });
} catch (error) {
  write({ error: String(error?.message ?? error) });
}
// The file may have left timers or connections behind.
process.exit(0);
