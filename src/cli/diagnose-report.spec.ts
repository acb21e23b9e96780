import { diagnosisOf, type Diagnosis } from '../kernel';
import { diagnosisJson, diagnosisText } from './diagnose-report';

const make = (changes: Partial<Diagnosis> = {}): Diagnosis => ({
  ...diagnosisOf('credentials', 'AuthError: key refused', { exitCode: 1 }),
  ...{ rule: 'key-refused', certainty: 'certain', block: ['AuthError: key refused', 'status: 401'] },
  ...changes,
});

describe('the report on a diagnosis', () => {
  it('has one line for each fact, and the lines that it was read from', () => {
    expect(
      diagnosisText(make({ advice: 'Correct the key.' }))
        .split('\n')
        .slice(0, -3),
    ).toEqual([
      'cause   credentials (certain)',
      'then    halted at once, because no restart can help',
      'line    AuthError: key refused',
      'rule    key-refused',
      'exit    code 1',
      'advice  Correct the key.',
      '',
      'read from',
      '  AuthError: key refused',
      '  status: 401',
    ]);
  });

  it.each([
    [{ remedy: 'restart' }, 'restarted, with a growing delay'],
    [{ remedy: 'wait' }, 'waited for'],
    [{ remedy: 'person', certainty: 'likely' }, 'halted if two runs in a row end by this cause'],
    [{ rule: null }, 'no rule matched'],
    [{ exitCode: null, signal: 'SIGKILL' }, 'signal SIGKILL'],
    [{ exitCode: null }, 'code unknown'],
  ] as const)('of %j says: %s', (changes, words) => {
    expect(diagnosisText(make(changes))).toContain(words);
  });

  it('without output names no lines', () => {
    expect(diagnosisText(make({ block: [] }))).not.toContain('read from');
  });

  it('says how to report a wrong one, and to look for secrets first', () => {
    expect(diagnosisText(make())).toMatch(/Is this wrong\?.*check that no secret is left/);
  });

  it('as JSON has the members that the API has', () => {
    expect(Object.keys(JSON.parse(diagnosisJson(make())) as object)).toEqual([
      ...['cause', 'line', 'remedy', 'certainty', 'rule', 'block', 'evidence', 'advice', 'exitCode', 'signal'],
    ]);
  });
});
