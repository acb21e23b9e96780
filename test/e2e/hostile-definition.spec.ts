import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { AgentView } from '../../src/kernel';
import { LinuxProcessInspector } from '../../src/runtime';
import type { ApiClient, ProblemAnswer } from '../support/api-client';
import { expectUntouched, invalid, refusal } from '../support/refusals';
import { ADMIN_TOKEN, makeService, OPERATOR_TOKEN, VIEWER_TOKEN, type TestService } from '../support/service';
import { settledState, type State } from '../support/state-of';
import { makeTempFolder, type TempFolder } from '../support/temp-folder';
import { until } from '../support/until';

/** What a definition may ask for, and an agent may say: paths, environments, announcements; and each refusal there is. */
describe('a hostile definition', () => {
  let service: TestService;
  let admin: ApiClient;
  let outside: TempFolder;
  let before: State;
  let pid: number;

  beforeAll(async () => {
    outside = makeTempFolder();
    outside.file('agent.sh', '#!/bin/sh\nexec sleep 3600\n', 0o755);
    service = await makeService({
      settings: { RATE_LIMIT_PER_MINUTE: '0', SUPABASE_SERVICE_ROLE_KEY: 'key-of-the-tests', OPENAI_API_KEY: 'wanted' },
    });
    admin = service.api;
    pid = service.pid;
    await admin.register({ agentId: 'known', name: 'Known', entryPoint: 'sleeper.sh', env: { OWN: 'value' } });
    await admin.register({ agentId: 'outside', name: 'Outside', entryPoint: null });
    await admin.spawn('known');
    before = await settledState(admin);
  });

  afterAll(async () => {
    await service.destroy();
    outside.remove();
  });

  afterEach(async () => {
    await expectUntouched(service, before, pid);
  });

  const definition = { agentId: 'new', name: 'New', entryPoint: 'sleeper.sh' };
  const register = (members: Readonly<Record<string, unknown>>) =>
    refusal(service, 'POST', '/api/agents', JSON.stringify({ ...definition, ...members }));
  const change = (members: Readonly<Record<string, unknown>>) =>
    refusal(service, 'PATCH', '/api/agents/known', JSON.stringify(members));
  const act = (agentId: string, operation: string, body?: string) =>
    refusal(service, 'POST', `/api/agents/${agentId}/${operation}`, body);

  /** An agent for one test, gone after it. */
  async function withAgent(members: Readonly<Record<string, unknown>>, use: (view: AgentView) => Promise<void>) {
    const view = await admin.register({ ...definition, ...members });
    try {
      await use(view);
    } finally {
      await until(
        async () => (await admin.request('DELETE', `/api/agents/${view.agentId}`)).status === 204,
        'the agent of the test is gone',
      );
      // It is gone, and with it all that was still to come of it.
      before = await settledState(admin, 200);
    }
  }

  describe('of an entry point or a folder', () => {
    it.each([
      '..',
      '../',
      '../../etc/passwd',
      'a/../../x',
      './../x.py',
      '/',
      '/etc/passwd',
      '//etc/passwd',
      '....//../../x',
      '../agents-of-somebody-else/x.py',
      '../agents/../x',
    ])('outside AGENTS_DIR is refused: %s', async (given) => {
      for (const member of ['entryPoint', 'cwd']) {
        expect(await register({ [member]: given })).toEqual(invalid(`/${member}`));
        expect(await change({ [member]: given })).toEqual(invalid(`/${member}`));
      }
    });

    it('that is AGENTS_DIR itself, or a URL, runs nothing', async () => {
      expect(await register({ entryPoint: '.' })).toEqual(invalid('/entryPoint'));
      for (const entryPoint of ['file:///etc/passwd', 'http://127.0.0.1/x.py', '~/x.sh', '$HOME/x.sh', '-c']) {
        await withAgent({ entryPoint }, async () => {
          expect(await act('new', 'spawn')).toEqual([422, 'entry-point-not-found']);
        });
      }
    });

    it('behind a link that leads out is refused, for a file, a folder and a chain of links', async () => {
      const { agentsDir } = service.home;
      const links = ['link.sh', 'folder', 'first', 'second'].map((name) => path.join(agentsDir, name));
      symlinkSync(outside.at('agent.sh'), links[0] ?? '');
      symlinkSync(outside.root, links[1] ?? '');
      symlinkSync('second', links[2] ?? '');
      symlinkSync(path.join('..', 'agents', 'folder'), links[3] ?? '');
      try {
        for (const entryPoint of ['link.sh', 'folder/agent.sh', 'first/agent.sh', 'folder/not-there-yet.sh']) {
          expect(await register({ entryPoint })).toEqual(invalid('/entryPoint'));
        }
        for (const cwd of ['folder', 'first', 'second']) expect(await register({ cwd })).toEqual(invalid('/cwd'));
      } finally {
        for (const link of links) rmSync(link);
      }
    });

    it.each(['entryPoint', 'cwd'])('behind a link laid after the registration is not launched: %s', async (member) => {
      const link = path.join(service.home.agentsDir, 'later');
      const given = member === 'entryPoint' ? 'later/agent.sh' : 'later';
      await withAgent({ [member]: given }, async () => {
        expect(await act('new', 'spawn')).toEqual([422, 'entry-point-not-found']);
        symlinkSync(outside.root, link);
        try {
          expect(await act('new', 'spawn')).toEqual([422, 'entry-point-not-found']);
          expect(await act('new', 'restart')).toEqual([422, 'entry-point-not-found']);
          const { body } = await admin.post<{ results: object[] }>('/api/agents/spawn', { tags: [] });
          expect(body.results).toContainEqual({ agentId: 'new', ok: false, error: 'entry-point-not-found' });
          expect(await admin.agent('new')).toMatchObject({ desiredState: 'stopped', pid: null });
        } finally {
          rmSync(link);
        }
      });
    });

    it('behind a link in a circle, or longer than any path, is no file', async () => {
      symlinkSync('circle.sh', path.join(service.home.agentsDir, 'circle.sh'));
      for (const entryPoint of ['circle.sh', `${'x'.repeat(300)}.sh`, 'deep/'.repeat(200)]) {
        await withAgent({ entryPoint }, async () => {
          expect(await act('new', 'spawn')).toEqual([422, 'entry-point-not-found']);
        });
      }
    });

    it('with a virtual environment whose python lies elsewhere is launched by it', async () => {
      const bin = path.join(service.home.agentsDir, 'with-venv', '.venv', 'bin');
      mkdirSync(bin, { recursive: true });
      writeFileSync(path.join(bin, '..', '..', 'agent.py'), 'import time\ntime.sleep(3600)\n');
      outside.file('python', '#!/bin/sh\nexec python3 "$@"\n', 0o755);
      symlinkSync(outside.at('python'), path.join(bin, 'python'));
      await withAgent({ entryPoint: 'with-venv/agent.py' }, async () => {
        expect((await admin.spawn('new')).pid).toEqual(expect.any(Number));
      });
    });
  });

  describe('of an environment', () => {
    it.each([
      'API_TOKENS',
      'SUPABASE_SERVICE_ROLE_KEY',
      'SUPABASE_URL',
      'TELEGRAM_BOT_TOKEN',
      'TELEGRAM_CHAT_IDS',
      'TELEGRAM_API_ROOT',
      'DATA_DIR',
      'DEADMAN_URL',
      'PORT',
      ...['PM2_HOME', 'AGENT_TOKEN', 'AGENT_X', 'PM2_X', 'api_tokens', 'API_TOKENS ', 'API_TOKENS=', 'A-B', ''],
    ])('may not be passed on: %s', async (name) => {
      expect(await register({ envFrom: ['HOME', name] })).toEqual(invalid('/envFrom/1'));
      expect(await change({ envFrom: [name] })).toEqual(invalid('/envFrom/0'));
    });

    it.each([
      'LD_PRELOAD',
      'LD_LIBRARY_PATH',
      'LD_X',
      'DYLD_INSERT_LIBRARIES',
      'AGENT_ID',
      'AGENT_TOKEN',
      'AGENT_X',
      'PM2_HOME',
      ...['PM2_X', 'name', 'pm_exec_path', 'pm_id', 'status', 'env', 'args', 'exec_mode', 'autorestart', 'unique_id'],
      ...['constructor', 'toString', 'A=B', 'A B', 'A\nB', '1A', '', 'Ä', 'A\0'],
    ])('may not be set: %j', async (name) => {
      const pointer = `/env/${name}`;
      expect(await register({ env: { [name]: 'x' } })).toEqual(invalid(pointer));
      expect(await change({ env: { [name]: 'x' } })).toEqual(invalid(pointer));
    });

    it('keeps what is stored behind ***, and makes nothing of it where nothing is', async () => {
      expect(await change({ env: { OWN: '***', NEW: '***' } })).toEqual(invalid('/env/NEW'));
      await withAgent({ env: { KEPT: 'kept', GONE: 'gone' } }, async () => {
        await admin.expect(200, 'PATCH', '/api/agents/new', { env: { KEPT: '***', GONE: null, MORE: 'a=b\n c' } });
        const started = await admin.spawn('new');
        const environment = await until(
          () => new LinuxProcessInspector().environment(started.pid ?? 0),
          'its environment can be read',
        );
        expect(environment.get('KEPT')).toBe('kept');
        expect(environment.get('MORE')).toBe('a=b\n c');
        expect(environment.has('GONE')).toBe(false);
      });
    });

    it('may hold what is not refused: it is an admin who says so', async () => {
      const env = { NODE_OPTIONS: '--no-warnings', PYTHONPATH: '/x', PATH: '/nowhere', HOME: '/tmp' };
      await withAgent({ env, envFrom: ['OPENAI_API_KEY'], interpreter: 'node', entryPoint: 'sleeper.js' }, async () => {
        const started = await admin.spawn('new');
        const environment = new LinuxProcessInspector().environment(started.pid ?? 0);
        expect(Object.fromEntries(environment ?? [])).toMatchObject({ ...env, OPENAI_API_KEY: 'wanted' });
      });
    });
  });

  describe('of an announcement', () => {
    const announce = (url: string) =>
      refusal(service, 'POST', '/api/agents/known/heartbeat', JSON.stringify({ endpoint: url, healthUrl: url }));

    it.each([
      'http://127.0.0.1@evil.com',
      'http://127.0.0.1:1@evil.com/',
      'http://evil.com#@127.0.0.1',
      'http://evil.com?@127.0.0.1',
      'http://evil.com\\@127.0.0.1',
      'http://127.0.0.1\\.evil.com',
      'http://localhost.evil.com',
      'http://localhost.',
      'http://127.0.0.1.evil.com',
      'http://2130706433/',
      'http://0x7f.1',
      'http://0x7f000001',
      'http://0177.0.0.1',
      'http://127.1',
      'http://[::ffff:127.0.0.1]',
      'http://[::]',
      'http://0.0.0.0',
      'http://0',
      'http://[::1%25lo]',
      'http://10.0.0.1',
      'http://169.254.169.254/latest/meta-data',
      'https://127.0.0.1',
      'file:///etc/passwd',
      'javascript:alert(1)',
      'data:,x',
      'gopher://127.0.0.1',
      'unix:/var/run/docker.sock',
      '//127.0.0.1',
      'http:127.0.0.1',
      'http:///127.0.0.1',
      'http://\u2460\u2461\u2466.0.0.1',
      'http://127\u3002 0.0.1',
      'http://127.0.0.1:99999',
      ' http://127.0.0.1',
      'http://127.0.0.1\n',
    ])('of another place than this machine is refused: %s', async (url) => {
      expect(await announce(url)).toEqual(invalid('/endpoint', '/healthUrl'));
    });

    it('of our own port is refused, however it is written', async () => {
      const { port } = new URL(service.url);
      for (const host of ['127.0.0.1', 'localhost', 'LOCALHOST', '[::1]', '127.9.9.9']) {
        for (const rest of [port, `0${port}`, `${port}/health/live`, `${port}?x`, `${port}#@evil.com`]) {
          expect(await announce(`http://${host}:${rest}`)).toEqual(invalid('/endpoint', '/healthUrl'));
        }
      }
    });
  });

  describe('and everything else that is refused', () => {
    it.each<[number, string, string, string, string | undefined]>([
      [404, 'not-found', 'GET', '/api/nothing', undefined],
      [404, 'agent-not-found', 'POST', '/api/agents/nobody/spawn', undefined],
      [409, 'agent-exists', 'POST', '/api/agents', JSON.stringify({ ...definition, agentId: 'known' })],
      [409, 'external-agent', 'POST', '/api/agents/outside/restart', undefined],
      [422, 'invalid-request', 'PATCH', '/api/agents/known', '{"entryPoint":null}'],
      [400, 'invalid-request', 'PATCH', '/api/agents/known', '{'],
    ])('%i %s', async (status, code, method, target, body) => {
      expect((await refusal(service, method, target, body)).slice(0, 2)).toEqual([status, code]);
    });

    it('401 and 403: no token, half of one, one of another kind, one of a lower role', async () => {
      const tries: [number, string[]][] = [
        [401, []],
        [401, ['Authorization: ']],
        [401, ['Authorization: Bearer']],
        [401, [`Authorization: Basic ${Buffer.from(`admin:${ADMIN_TOKEN}`).toString('base64')}`]],
        [401, [`Authorization: ${ADMIN_TOKEN}`]],
        [401, [`Authorization: Bearer ${ADMIN_TOKEN.slice(0, -1)}`]],
        [401, [`Authorization: Bearer ${ADMIN_TOKEN}x`]],
        [401, [`Authorization: Bearer ${ADMIN_TOKEN} ${ADMIN_TOKEN}`]],
        [401, [`Authorization: Bearer ${'x'.repeat(5_000)}`]],
        [401, [`X-Api-Key: ${ADMIN_TOKEN}`, `Cookie: token=${ADMIN_TOKEN}`]],
        [403, [`Authorization: Bearer ${VIEWER_TOKEN}`]],
        [403, [`Authorization: Bearer ${OPERATOR_TOKEN}`]],
      ];
      for (const [status, headers] of tries) {
        const answer = await refusal(service, 'DELETE', '/api/agents/known', undefined, headers);
        expect([headers, ...answer]).toEqual([headers, status, status === 401 ? 'unauthenticated' : 'forbidden']);
      }
      const query = `/api/agents?access_token=${ADMIN_TOKEN}`;
      expect(await refusal(service, 'GET', query, undefined, [])).toEqual([401, 'unauthenticated']);
    });

    it('409 operation-in-progress: a change meets a restart', async () => {
      await withAgent({}, async () => {
        await admin.spawn('new');
        const restart = admin.restart('new', { delaySeconds: 2 });
        const patch = await until(async () => {
          const answer = await admin.request<ProblemAnswer>('PATCH', '/api/agents/new', { name: 'Other' });
          return answer.status === 409 ? answer : null;
        }, 'the restart has begun');
        expect(patch.body.code).toBe('operation-in-progress');
        expect((await restart).name).not.toBe('Nobody');
      });
    });

    it('422 interpreter-not-found, and 502 launch-failed: a program that the system does not execute', async () => {
      const program = service.home.program('circular.sh', '');
      writeFileSync(program, `#!${program}\n`);
      await withAgent({ entryPoint: 'circular.sh', interpreter: 'none' }, async () => {
        expect(await act('new', 'spawn')).toEqual([502, 'launch-failed']);
        expect(await admin.agent('new')).toMatchObject({ desiredState: 'stopped', pid: null });
        service.home.program('strange.sh', '#!/does/not/exist\n');
        await admin.expect(200, 'PATCH', '/api/agents/new', { entryPoint: 'strange.sh' });
        expect(await act('new', 'spawn')).toEqual([422, 'interpreter-not-found']);
      });
    });

    it('502 launch-failed: more arguments and variables than the system takes', async () => {
      const value = 'x'.repeat(32_000);
      await withAgent({}, async () => {
        for (const part of [0, 1, 2, 3]) {
          const env = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`K${part}_${index}`, value]));
          await admin.expect(200, 'PATCH', '/api/agents/new', { env });
        }
        expect(await act('new', 'spawn')).toEqual([502, 'launch-failed']);
        expect(await admin.agent('new')).toMatchObject({ desiredState: 'stopped', pid: null });
      });
    });

    it('503 process-manager-unavailable: PM2 hangs', async () => {
      const daemon = service.home.daemonPid() ?? 0;
      await withAgent({}, async () => {
        process.kill(daemon, 'SIGSTOP');
        try {
          expect(await act('new', 'spawn')).toEqual([503, 'process-manager-unavailable']);
        } finally {
          process.kill(daemon, 'SIGCONT');
        }
        await until(async () => (await admin.get('/health/ready')).status === 200, 'PM2 answers again');
      });
      // What was given up may happen yet, and is undone then.
      before = await settledState(admin);
    });
  });
});
