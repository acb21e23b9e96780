import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { AgentView } from '../../src/kernel';
import { MESSAGE_MS, useEscalationSuite } from '../support/escalation-suite';
import { until } from '../support/until';

const SECRET = 'MARKED-AGENT-SECRET';

/** Diagnosis and notification of a failed agent: the real service, real programs, and a Bot API on the loopback. */
describe('diagnosis and escalation', () => {
  const suite = useEscalationSuite();
  const { chatText, countSent, diagnosisOf, errorLogOf, start, waitUntilHalted } = suite;

  it('report the cause none if nothing has failed', async () => {
    await suite.service.api.register({ agentId: 'fresh', name: 'fresh', entryPoint: 'sleeper.py' });
    expect(await diagnosisOf('fresh')).toMatchObject({
      ...{ cause: 'none', open: false, evidence: [] },
      ...{ certainty: 'certain', rule: null, block: [] },
    });
  });

  it('halt an agent that no restart can cure at once, and notify once, with the line of the error', async () => {
    await start('needs-more', 'imports_nothing.py');
    const view = await waitUntilHalted('needs-more');
    expect(view).toMatchObject({ restarts: 0, pid: null, circuit: { state: 'OPEN', failureCount: 1 } });
    expect(view.lastFailure).toMatchObject({
      ...{ cause: 'missing-dependency', action: 'halt' },
      line: "ModuleNotFoundError: No module named 'a_package_that_nobody_has_installed'",
    });
    expect(await diagnosisOf('needs-more')).toMatchObject({
      restartable: false,
      certainty: 'certain',
      exitCode: 1,
      signal: null,
      open: true,
    });
    await until(() => chatText().includes('needs-more'), 'the operator is notified', MESSAGE_MS);
    expect(chatText()).toContain('a_package_that_nobody_has_installed');
    await until(
      async () => (await suite.service.api.eventTypes('needs-more')).includes('escalation.sent'),
      'it is in the history',
    );
  });

  it('advise to install a missing module for the python that ran', async () => {
    const bin = path.join(suite.service.home.agentsDir, 'with-venv', '.venv', 'bin');
    mkdirSync(bin, { recursive: true });
    symlinkSync(execFileSync('which', ['python3'], { encoding: 'utf8' }).trim(), path.join(bin, 'python'));
    writeFileSync(path.join(suite.service.home.agentsDir, 'with-venv', 'agent.py'), 'import a_package_of_the_venv\n');
    await start('in-venv', 'with-venv/agent.py');
    await waitUntilHalted('in-venv');
    const { advice } = await diagnosisOf('in-venv');
    expect(advice).toContain(`${path.join(bin, 'python')} -m pip install a_package_of_the_venv`);
  });

  it.each(['on-failure', 'always'])('quote the last log line after exit 0, with policy.restart %s', async (restart) => {
    const agentId = `gives-up-${restart}`;
    const policy = { restart, circuitFailureThreshold: 1, circuitCooldownSeconds: 600 };
    await start(agentId, 'gives_up.py', { policy });
    const line = 'exited with code 0 after: CRITICAL another bot polls with the same token. Shutting down.';
    let last: AgentView | undefined;
    await until(
      async () => {
        last = await suite.service.api.agent(agentId);
        return last.lastFailure?.line === line ? last : null;
      },
      () => `its last words are shown; last: ${JSON.stringify(last)}`,
    );
    expect(last).toMatchObject({
      status: restart === 'always' ? 'halted' : 'stopped',
      circuit: { failureCount: restart === 'always' ? 1 : 0 },
      lastFailure: { cause: 'clean-exit' },
    });
    expect(await diagnosisOf(agentId)).toMatchObject({ cause: 'clean-exit', line, exitCode: 0 });
  });

  it('send no second notification after a failed trial or a restart of the supervisor', async () => {
    const told = countSent('needs-more');
    const trials = () =>
      suite.service.api
        .eventTypes('needs-more')
        .then((types) => types.filter((type) => type === 'circuit.half-opened').length);
    const before = await trials();
    await until(async () => (await trials()) > before, 'a trial was made', MESSAGE_MS);
    await suite.service.end('SIGKILL');
    await suite.service.start();
    const after = await trials();
    // The cool-down doubles with each trial.
    await until(async () => (await trials()) > after, 'another trial was made', MESSAGE_MS);
    expect(countSent('needs-more')).toBe(told);
  });

  it('quote the log of this run, not older lines or a handled error, and mask secrets', async () => {
    mkdirSync(path.dirname(errorLogOf('speaks')), { recursive: true });
    appendFileSync(errorLogOf('speaks'), "ModuleNotFoundError: No module named 'of-long-ago'\n".repeat(5_000));
    await start('speaks', 'handles_then_fails.py', {
      env: { SOME_SECRET: SECRET },
      policy: { circuitFailureThreshold: 1, circuitCooldownSeconds: 600 },
    });
    const view = await waitUntilHalted('speaks');
    expect(view.lastFailure).toMatchObject({ cause: 'unhandled-exception', line: 'ValueError: cannot work with ***' });
    const found = await diagnosisOf('speaks');
    expect(found.evidence).toContainEqual({ source: 'stderr', detail: 'ValueError: cannot work with ***' });
    await until(() => chatText().includes('cannot work with ***'), 'the operator is notified', MESSAGE_MS);
    const everything = JSON.stringify([
      await suite.service.api.events(),
      await suite.service.api.agents(),
      found,
      chatText(),
    ]);
    expect(everything).not.toContain(SECRET);
    expect(suite.service.output()).not.toContain(SECRET);
  });

  it('quote the right line after a log rotation', async () => {
    await start('rotates', 'answers.js', {
      env: { CONTROL: path.join(suite.service.home.root, 'rotates.order') },
      policy: { circuitFailureThreshold: 1, circuitCooldownSeconds: 600 },
    });
    // A second run: the log exists at its launch.
    await suite.service.api.restart('rotates');
    renameSync(errorLogOf('rotates'), `${errorLogOf('rotates')}.1`);
    // The daemon keeps writing to the file that it has open.
    appendFileSync(
      `${errorLogOf('rotates')}.1`,
      "Error: Cannot find module 'left-pad'\n    at Module._resolve (x.js:1:1)\n",
    );
    appendFileSync(path.join(suite.service.home.root, 'rotates.order'), 'exit 1');
    expect((await waitUntilHalted('rotates')).lastFailure).toMatchObject({ cause: 'missing-dependency' });
  });

  it('name the signal that PM2 hides', async () => {
    await start('is-killed', 'sleeper.py', { policy: { circuitFailureThreshold: 1, circuitCooldownSeconds: 600 } });
    process.kill((await suite.service.api.agent('is-killed')).pid ?? 0, 'SIGSEGV');
    await waitUntilHalted('is-killed');
    expect(await diagnosisOf('is-killed')).toMatchObject({
      cause: 'killed-by-signal',
      signal: 'SIGSEGV',
      exitCode: null,
    });
  });

  it('open the circuit of a crash loop, notify once, and notify again once the agent is stable', async () => {
    await start('loops', 'crasher.py', {
      args: ['3'],
      policy: { circuitFailureThreshold: 2, circuitCooldownSeconds: 600 },
    });
    await waitUntilHalted('loops');
    await until(() => chatText().includes('loops'), 'the operator is notified', MESSAGE_MS);
    await suite.service.api.expect(200, 'PATCH', '/api/agents/loops', { entryPoint: 'sleeper.py', args: [] });
    await suite.service.api.spawn('loops');
    await until(() => chatText().includes('loops) recovered after'), 'the recovery is sent', MESSAGE_MS);
  });

  it('send no recovery of an agent that the operator stopped', async () => {
    await start('given-up', 'imports_nothing.py');
    await waitUntilHalted('given-up');
    await until(() => chatText().includes('given-up'), 'the operator is notified', MESSAGE_MS);
    await suite.service.api.terminate('given-up');
    await start('told-later', 'imports_nothing.py');
    await until(() => chatText().includes('told-later'), 'a later one is sent', MESSAGE_MS);
    expect(chatText()).not.toMatch(/given-up\) recovered after/);
  });

  it('send one message for pm2 kill, and leave the killed agents stopped', async () => {
    await suite.service.api.register({ agentId: 'ended-1', name: 'ended-1', entryPoint: 'sleeper.py' });
    await suite.service.api.spawn('ended-1');
    await suite.service.home.inShell('kill');
    let last: unknown;
    await until(
      async () => {
        last = (await suite.service.api.events('ended-1')).slice(-8);
        return chatText().includes('shut down on purpose');
      },
      () => `it is sent; last: ${JSON.stringify(last)}`,
      90_000,
    );
    expect(countSent('shut down on purpose')).toBe(1);
    await until(async () => (await suite.service.api.agent('ended-1')).desiredState === 'stopped', 'it stays down');
  });

  it('send a new message, with a sound, for the first notification of each incident', () => {
    for (const agentId of ['needs-more', 'speaks', 'is-killed', 'loops', 'given-up', 'told-later']) {
      const first = suite.bot.calls.find(({ text }) => text.includes(agentId));
      expect([agentId, first?.method]).toEqual([agentId, 'sendMessage']);
    }
  });

  it('report the fault of Telegram in the readiness, which stays ready', async () => {
    await suite.service.end();
    suite.bot.answers(401, 401, 401);
    await suite.service.start();
    await suite.service.api.register({
      agentId: 'untold',
      name: 'untold',
      entryPoint: 'imports_nothing.py',
      autostart: true,
    });
    const ready = await until(async () => {
      const { status, body } = await suite.service.api.get<{ details: { telegram: { degraded?: boolean } } }>(
        '/health/ready',
      );
      return body.details.telegram.degraded === true ? { status, text: JSON.stringify(body) } : null;
    }, 'it shows');
    expect(ready.status).toBe(200);
    expect(ready.text).not.toContain('MARKED-TELEGRAM');
    expect(suite.service.output()).not.toContain('MARKED-TELEGRAM');
  });
});
