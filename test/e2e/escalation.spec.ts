import { appendFileSync, mkdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import { makeBotApi, type BotApi } from '../support/bot-api';
import { makeService, type TestService } from '../support/service';
import { until } from '../support/until';

const TOKEN = '123456:MARKED-TELEGRAM-TOKEN';
const SECRET = 'MARKED-AGENT-SECRET';

interface Diagnosis {
  readonly cause: string;
  readonly restartable: boolean;
  readonly line: string;
  readonly evidence: readonly { readonly source: string; readonly detail: string }[];
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly open: boolean;
}

/** Why an agent failed, and who is told: the real service, real programs, and a Bot API on the loopback. */
describe('what can not be healed', () => {
  let service: TestService;
  let bot: BotApi;

  beforeAll(async () => {
    bot = await makeBotApi();
    service = await makeService({
      settings: { TELEGRAM_BOT_TOKEN: TOKEN, TELEGRAM_CHAT_IDS: '42', TELEGRAM_API_ROOT: bot.url },
    });
  });

  afterAll(async () => {
    await service.destroy();
    await bot.close();
  });

  const said = () => bot.messages('42').join('\n');
  const timesTold = (text: string) => said().split(text).length - 1;
  const diagnosis = (agentId: string) => service.api.expect<Diagnosis>(200, 'GET', `/api/agents/${agentId}/diagnosis`);
  const start = async (agentId: string, entryPoint: string, more: Readonly<Record<string, unknown>> = {}) => {
    await service.api.register({ agentId, name: `The ${agentId}`, entryPoint, ...more });
    await service.api.spawn(agentId);
  };
  const isHalted = (agentId: string) =>
    until(async () => {
      const view = await service.api.agent(agentId);
      return view.status === 'halted' ? view : null;
    }, `${agentId} is halted`);
  const logOf = (agentId: string) => path.join(service.home.pm2Home, 'logs', `${agentId}-error.log`);

  it('nothing has failed: the cause is none', async () => {
    await service.api.register({ agentId: 'fresh', name: 'fresh', entryPoint: 'sleeper.py' });
    expect(await diagnosis('fresh')).toMatchObject({ cause: 'none', open: false, evidence: [] });
  });

  it('what no restart can cure is not restarted: halted at once, told once, with the very line', async () => {
    await start('needs-more', 'imports_nothing.py');
    const view = await isHalted('needs-more');
    expect(view).toMatchObject({ restarts: 0, pid: null, circuit: { state: 'OPEN', failureCount: 1 } });
    expect(view.lastFailure).toMatchObject({
      ...{ cause: 'missing-dependency', action: 'halt' },
      line: "ModuleNotFoundError: No module named 'a_package_that_nobody_has_installed'",
    });
    expect(await diagnosis('needs-more')).toMatchObject({ restartable: false, exitCode: 1, signal: null, open: true });
    await until(() => said().includes('needs-more'), 'a person is told');
    expect(said()).toContain('a_package_that_nobody_has_installed');
    await until(
      async () => (await service.api.eventTypes('needs-more')).includes('escalation.sent'),
      'it stands in the history',
    );
  });

  it('a trial that fails is not told again, nor is anything after a restart of ours', async () => {
    const told = timesTold('needs-more');
    const trials = () =>
      service.api
        .eventTypes('needs-more')
        .then((types) => types.filter((type) => type === 'circuit.half-opened').length);
    const before = await trials();
    await until(async () => (await trials()) > before, 'a trial was made');
    await service.end('SIGKILL');
    await service.start();
    const after = await trials();
    await until(async () => (await trials()) > after, 'another trial was made');
    expect(timesTold('needs-more')).toBe(told);
  });

  it('the line is that of this run: not of 5,000 older ones, nor of an error that was handled; secrets are masked', async () => {
    mkdirSync(path.dirname(logOf('speaks')), { recursive: true });
    appendFileSync(logOf('speaks'), "ModuleNotFoundError: No module named 'of-long-ago'\n".repeat(5_000));
    await start('speaks', 'handles_then_fails.py', {
      env: { SOME_SECRET: SECRET },
      policy: { circuitFailureThreshold: 1, circuitCooldownSeconds: 600 },
    });
    const view = await isHalted('speaks');
    expect(view.lastFailure).toMatchObject({ cause: 'unhandled-exception', line: 'ValueError: cannot work with ***' });
    const found = await diagnosis('speaks');
    expect(found.evidence).toContainEqual({ source: 'stderr', detail: 'ValueError: cannot work with ***' });
    await until(() => said().includes('cannot work with ***'), 'a person is told');
    const everything = JSON.stringify([await service.api.events(), await service.api.agents(), found, said()]);
    expect(everything).not.toContain(SECRET);
    expect(service.output()).not.toContain(SECRET);
  });

  it('also where the log was rotated in between', async () => {
    await start('rotates', 'answers.js', {
      env: { CONTROL: path.join(service.home.root, 'rotates.order') },
      policy: { circuitFailureThreshold: 1, circuitCooldownSeconds: 600 },
    });
    // A second run: from now on there is a file that its launch has seen.
    await service.api.restart('rotates');
    renameSync(logOf('rotates'), `${logOf('rotates')}.1`);
    // The daemon goes on writing to the file that it has open.
    appendFileSync(
      `${logOf('rotates')}.1`,
      "Error: Cannot find module 'left-pad'\n    at Module._resolve (x.js:1:1)\n",
    );
    appendFileSync(path.join(service.home.root, 'rotates.order'), 'exit 1');
    expect((await isHalted('rotates')).lastFailure).toMatchObject({ cause: 'missing-dependency' });
  });

  it('the signal that PM2 hides is told', async () => {
    await start('is-killed', 'sleeper.py', { policy: { circuitFailureThreshold: 1, circuitCooldownSeconds: 600 } });
    process.kill((await service.api.agent('is-killed')).pid ?? 0, 'SIGSEGV');
    await isHalted('is-killed');
    expect(await diagnosis('is-killed')).toMatchObject({
      cause: 'killed-by-signal',
      signal: 'SIGSEGV',
      exitCode: null,
    });
  });

  it('a crash loop goes OPEN, is told once, and its end is told once it is stable', async () => {
    await start('loops', 'crasher.py', {
      args: ['3'],
      policy: { circuitFailureThreshold: 2, circuitCooldownSeconds: 600 },
    });
    await isHalted('loops');
    await until(() => said().includes('loops'), 'a person is told');
    await service.api.expect(200, 'PATCH', '/api/agents/loops', { entryPoint: 'sleeper.py', args: [] });
    await service.api.spawn('loops');
    await until(() => said().includes('loops) runs well again'), 'its end is told', 40_000);
  });

  it('a person who stops it is not told of its end', async () => {
    await start('given-up', 'imports_nothing.py');
    await isHalted('given-up');
    await until(() => said().includes('given-up'), 'a person is told', 40_000);
    await service.api.terminate('given-up');
    await start('told-later', 'imports_nothing.py');
    await until(() => said().includes('told-later'), 'a later one is told', 40_000);
    expect(said()).not.toMatch(/given-up\) runs well again/);
  });

  it('pm2 kill is told by one message, and what it ended stays down', async () => {
    await service.api.register({ agentId: 'ended-1', name: 'ended-1', entryPoint: 'sleeper.py' });
    await service.api.spawn('ended-1');
    await service.home.inShell('kill');
    let last: unknown;
    await until(
      async () => {
        last = (await service.api.events('ended-1')).slice(-8);
        return said().includes('ended on purpose');
      },
      () => `it is told; last: ${JSON.stringify(last)}`,
      60_000,
    );
    expect(timesTold('ended on purpose')).toBe(1);
    await until(async () => (await service.api.agent('ended-1')).desiredState === 'stopped', 'it stays down');
  });

  it('readiness shows what is wrong with Telegram, and goes on being ready', async () => {
    await service.end();
    bot.answers(401, 401, 401);
    await service.start();
    await service.api.register({
      agentId: 'untold',
      name: 'untold',
      entryPoint: 'imports_nothing.py',
      autostart: true,
    });
    const ready = await until(async () => {
      const { status, body } = await service.api.get<{ details: { telegram: { degraded?: boolean } } }>(
        '/health/ready',
      );
      return body.details.telegram.degraded === true ? { status, text: JSON.stringify(body) } : null;
    }, 'it shows');
    expect(ready.status).toBe(200);
    expect(ready.text).not.toContain('MARKED-TELEGRAM');
    expect(service.output()).not.toContain('MARKED-TELEGRAM');
  });
});
