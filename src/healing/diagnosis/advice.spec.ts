import { adviseOn, adviseOnSignal } from './advice';
import { matchRule } from './rules/all-rules';

const PYTHON = { program: '/srv/.venv/bin/python', folder: '/srv' };

/** Returns the advice on a line of output. */
function advise(
  lines: readonly string[],
  variables: Parameters<typeof adviseOn>[1]['variables'] = null,
  frames: readonly string[] = [],
): string | undefined {
  const match = matchRule(lines, frames);
  if (match === null) throw new Error(`no rule matches ${lines.join()}`);
  return adviseOn(match, { program: PYTHON, variables, lines });
}

const ENVIRON = ['File "<frozen os>", line 685, in __getitem__', 'raise KeyError(key) from None'];

describe('the advice on a missing variable', () => {
  it.each([
    ['a client of a provider', ['OpenAIError: The OPENAI_API_KEY environment variable is missing or empty'], []],
    ['os.environ', ["KeyError: 'OPENAI_API_KEY'"], ENVIRON],
    ['a shell', ['run.sh: line 4: OPENAI_API_KEY: unbound variable'], []],
    ['pydantic', ['1 validation error for Settings', 'openai_api_key', 'Field required [type=missing]'], []],
  ])('names it in the words of %s', (_, lines, frames) => {
    expect(advise(lines, { agent: [], supervisor: [] }, frames)).toContain('Set OPENAI_API_KEY in env');
  });

  it.each([
    ['the supervisor has it', { agent: [], supervisor: ['A_KEY'] }, 'Add A_KEY to envFrom'],
    ['the supervisor has one of two', { agent: [], supervisor: ['A_KEY'] }, 'Add A_KEY to envFrom'],
    ['neither has it', { agent: [], supervisor: [] }, 'envFrom cannot pass it on'],
    ['the definition sets it', { agent: ['A_KEY'], supervisor: [] }, 'A_KEY is set in env or envFrom, but empty'],
    ['the variables are unknown', null, 'Set A_KEY in env, or pass it on by envFrom'],
  ])('says what to do if %s', (_, variables, advice) => {
    expect(advise(['Error: missing environment variable A_KEY'], variables)).toContain(advice);
  });

  it('says that only some of them can be passed on', () => {
    expect(advise(['Missing environment variables: A_KEY, B_KEY'], { agent: [], supervisor: ['A_KEY'] })).toBe(
      'Add A_KEY to envFrom: the supervisor has it and can pass it on. Set the others in env. Then spawn the agent.',
    );
  });
});

describe('the advice', () => {
  it('on a missing module names the python that ran, and the command', () => {
    expect(advise(["ModuleNotFoundError: No module named 'httpx'"])).toContain(
      '/srv/.venv/bin/python -m pip install httpx',
    );
  });

  it('on spent money asks for credit, not for patience', () => {
    expect(advise(['openai.RateLimitError: Error code: 429 - insufficient_quota'])).toContain('add credit');
  });

  it('of a rule without an advice of its own is that of the cause', () => {
    expect(advise(['openai.RateLimitError: Error code: 429'])).toBeUndefined();
  });

  it.each([
    ['SIGSEGV', true],
    ['SIGABRT', true],
    ['SIGKILL', false],
    ['SIGTERM', false],
  ])('on %s speaks of native code: %s', (signal, isNative) => {
    expect(adviseOnSignal(signal)?.includes('native code') ?? false).toBe(isNative);
  });
});
