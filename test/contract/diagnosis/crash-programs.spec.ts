import { diagnose } from '../../../src/healing/diagnosis/diagnose';
import { listCrashPrograms, runCrashProgram } from '../../support/crash-programs';

const UNKNOWN = { stderrAt: null, stdoutAt: null, oomKills: null, memoryBytes: null, program: null, variables: null };

/** Runs programs that crash like those of public bug reports. */
describe('the diagnosis of a program that crashes', () => {
  it.each(listCrashPrograms().map((each) => [each.file, each.title, each] as const))(
    'is what an expert expects: %s (%s)',
    (file, _, { expectCause, expectRestartable, expectLineContains }) => {
      const { cause, remedy, line } = diagnose({ ...UNKNOWN, ...runCrashProgram(file), secrets: [] });
      expect(expectCause).toContain(cause);
      expect(remedy !== 'person').toBe(expectRestartable ?? remedy !== 'person');
      expect(line).toContain(expectLineContains ?? '');
    },
  );
});
