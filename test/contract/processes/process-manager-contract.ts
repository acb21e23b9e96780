import { describeDaemon } from './daemon-contract';
import { describeEntries } from './entry-contract';
import { describeExits, describeLaunches } from './process-contract';
import { useHarness, type ProcessManagerHarness } from './process-manager-harness';
import { describeShell } from './shell-contract';

/** Verifies what callers of the process manager's port may rely on, for the real adapter and the fake one. */
export function describeProcessManagerContract(name: string, make: () => Promise<ProcessManagerHarness>): void {
  describe(`the process manager on ${name}`, () => {
    const suite = useHarness(make);
    describeDaemon(suite);
    describeLaunches(suite);
    describeExits(suite);
    describeShell(suite);
    describeEntries(suite);
  });
}
