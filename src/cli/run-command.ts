import { detailOf } from '../kernel';

/** Runs a command of the command line, and exits with the code that it returns; with 1, and the reason, if it throws. */
export function runCommand(command: () => Promise<number>): void {
  void command()
    .catch((error: unknown) => {
      process.stderr.write(`agent-spawner: ${detailOf(error)}\n`);
      return 1;
    })
    // The code must be explicit, because the embedded database sets `process.exitCode` itself.
    .then((code) => process.exit(code));
}
