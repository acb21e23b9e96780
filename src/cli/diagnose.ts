import path from 'node:path';
import { diagnose } from '../healing/diagnosis/diagnose';
import { parseArguments, USAGE, type DiagnoseArguments } from './diagnose-arguments';
import { readLogTail } from './log-tail';
import { diagnosisJson, diagnosisText } from './diagnose-report';
import { runCommand } from './run-command';

const WRONG_USAGE = 2;

/** npm runs the command in the folder of the project, and names the one that it was called in. */
const resolve = (file: string) => (file === '-' ? file : path.resolve(process.env.INIT_CWD ?? '.', file));

async function report({ stderr, stdout, exitCode, signal, isJson }: DiagnoseArguments): Promise<string> {
  const diagnosis = diagnose({
    ...{ exitCode, signal, stderrAt: null, stdoutAt: null, oomKills: null, memoryBytes: null },
    stderr: await readLogTail(resolve(stderr)),
    stdout: stdout === null ? '' : await readLogTail(resolve(stdout)),
    ...{ secrets: [], program: null, variables: null },
  });
  return isJson ? diagnosisJson(diagnosis) : diagnosisText(diagnosis);
}

runCommand(async () => {
  const parsed = parseArguments(process.argv.slice(2));
  if (parsed.kind === 'wrong') {
    process.stderr.write(`${parsed.problem}\n\n${USAGE}\n`);
    return WRONG_USAGE;
  }
  process.stdout.write(parsed.kind === 'help' ? `${USAGE}\n` : await report(parsed.arguments));
  return 0;
});
