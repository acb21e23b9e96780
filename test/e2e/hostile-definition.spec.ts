import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { LinuxProcessInspector } from '../../src/processes';
import { useGuardedService } from '../support/guarded-service';
import { invalid } from '../support/refusals';
import { makeTempFolder, type TempFolder } from '../support/temp-folder';
import { until } from '../support/until';

/** Tests hostile paths, variables and announced URLs. */
describe('a hostile definition', () => {
  const guarded = useGuardedService({ SUPABASE_SERVICE_ROLE_KEY: 'key-of-the-tests', OPENAI_API_KEY: 'wanted' });
  const { attempt, register, withAgent } = guarded;
  let outside: TempFolder;

  beforeAll(() => {
    outside = makeTempFolder();
    outside.file('agent.sh', '#!/bin/sh\nexec sleep 3600\n', 0o755);
  });

  afterAll(() => {
    outside.remove();
  });

  const change = (members: Readonly<Record<string, unknown>>) =>
    attempt('PATCH', '/api/agents/known', JSON.stringify(members));
  const spawn = () => attempt('POST', '/api/agents/new/spawn');

  describe('with an entry point or a folder', () => {
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
      '../agents-of-others/x.py',
      '../agents/../x',
    ])('outside AGENTS_DIR is refused: %s', async (given) => {
      for (const member of ['entryPoint', 'cwd']) {
        expect(await register({ [member]: given })).toEqual(invalid(`/${member}`));
        expect(await change({ [member]: given })).toEqual(invalid(`/${member}`));
      }
    });

    it('that is AGENTS_DIR itself or a URL launches nothing', async () => {
      expect(await register({ entryPoint: '.' })).toEqual(invalid('/entryPoint'));
      for (const entryPoint of ['file:///etc/passwd', 'http://127.0.0.1/x.py', '~/x.sh', '$HOME/x.sh', '-c']) {
        await withAgent({ entryPoint }, async () => {
          expect(await spawn()).toEqual([422, 'entry-point-not-found']);
        });
      }
    });

    it('behind a link out of AGENTS_DIR is refused: a file, a folder and a chain of links', async () => {
      const { agentsDir } = guarded.service.home;
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

    it.each(['entryPoint', 'cwd'])(
      'behind a link that is created after the registration is not launched: %s',
      async (member) => {
        const link = path.join(guarded.service.home.agentsDir, 'later');
        const given = member === 'entryPoint' ? 'later/agent.sh' : 'later';
        await withAgent({ [member]: given }, async () => {
          expect(await spawn()).toEqual([422, 'entry-point-not-found']);
          symlinkSync(outside.root, link);
          try {
            expect(await spawn()).toEqual([422, 'entry-point-not-found']);
            expect(await attempt('POST', '/api/agents/new/restart')).toEqual([422, 'entry-point-not-found']);
            const { body } = await guarded.admin.post<{ results: object[] }>('/api/agents/spawn', { tags: [] });
            expect(body.results).toContainEqual({ agentId: 'new', ok: false, error: 'entry-point-not-found' });
            expect(await guarded.admin.agent('new')).toMatchObject({ desiredState: 'stopped', pid: null });
          } finally {
            rmSync(link);
          }
        });
      },
    );

    it('behind a circular link, or with too long a path, is reported as not found', async () => {
      symlinkSync('circle.sh', path.join(guarded.service.home.agentsDir, 'circle.sh'));
      for (const entryPoint of ['circle.sh', `${'x'.repeat(300)}.sh`, 'deep/'.repeat(200)]) {
        await withAgent({ entryPoint }, async () => {
          expect(await spawn()).toEqual([422, 'entry-point-not-found']);
        });
      }
    });

    it('with a virtual environment whose python is elsewhere is launched with that python', async () => {
      const bin = path.join(guarded.service.home.agentsDir, 'with-venv', '.venv', 'bin');
      mkdirSync(bin, { recursive: true });
      writeFileSync(path.join(bin, '..', '..', 'agent.py'), 'import time\ntime.sleep(3600)\n');
      outside.file('python', '#!/bin/sh\nexec python3 "$@"\n', 0o755);
      symlinkSync(outside.at('python'), path.join(bin, 'python'));
      await withAgent({ entryPoint: 'with-venv/agent.py' }, async () => {
        expect((await guarded.admin.spawn('new')).pid).toEqual(expect.any(Number));
      });
    });
  });

  describe('with a variable', () => {
    it.each([
      ...['API_TOKENS', 'SUPABASE_SERVICE_ROLE_KEY', 'SUPABASE_URL', 'DATA_DIR', 'DEADMAN_URL', 'PORT'],
      ...['TELEGRAM_BOT_TOKEN', 'TELEGRAM_CHAT_IDS', 'TELEGRAM_API_ROOT'],
      ...['PM2_HOME', 'AGENT_TOKEN', 'AGENT_X', 'PM2_X', 'api_tokens', 'API_TOKENS ', 'API_TOKENS=', 'A-B', ''],
    ])('that is a setting is never passed on: %s', async (name) => {
      expect(await register({ envFrom: ['HOME', name] })).toEqual(invalid('/envFrom/1'));
      expect(await change({ envFrom: [name] })).toEqual(invalid('/envFrom/0'));
    });

    it.each([
      ...['LD_PRELOAD', 'LD_LIBRARY_PATH', 'LD_X', 'DYLD_INSERT_LIBRARIES'],
      ...['AGENT_ID', 'AGENT_TOKEN', 'AGENT_X', 'PM2_HOME'],
      ...['PM2_X', 'name', 'pm_exec_path', 'pm_id', 'status', 'env', 'args', 'exec_mode', 'autorestart', 'unique_id'],
      ...['constructor', 'toString', 'A=B', 'A B', 'A\nB', '1A', '', 'Ä', 'A\0'],
    ])('that is reserved or malformed is refused: %j', async (name) => {
      const pointer = `/env/${name}`;
      expect(await register({ env: { [name]: 'x' } })).toEqual(invalid(pointer));
      expect(await change({ env: { [name]: 'x' } })).toEqual(invalid(pointer));
    });

    it('keeps its stored value with ***, and is refused with *** if it has none', async () => {
      expect(await change({ env: { OWN: '***', NEW: '***' } })).toEqual(invalid('/env/NEW'));
      await withAgent({ env: { KEPT: 'kept', GONE: 'gone' } }, async () => {
        await guarded.admin.expect(200, 'PATCH', '/api/agents/new', {
          env: { KEPT: '***', GONE: null, MORE: 'a=b\n c' },
        });
        const started = await guarded.admin.spawn('new');
        const environment = await until(
          () => new LinuxProcessInspector().environment(started.pid ?? 0),
          'its environment can be read',
        );
        expect(environment.get('KEPT')).toBe('kept');
        expect(environment.get('MORE')).toBe('a=b\n c');
        expect(environment.has('GONE')).toBe(false);
      });
    });

    it('that is neither reserved nor malformed is accepted, because only an admin sets it', async () => {
      const env = { NODE_OPTIONS: '--no-warnings', PYTHONPATH: '/x', PATH: '/nowhere', HOME: '/tmp' };
      await withAgent({ env, envFrom: ['OPENAI_API_KEY'], interpreter: 'node', entryPoint: 'sleeper.js' }, async () => {
        const started = await guarded.admin.spawn('new');
        const environment = new LinuxProcessInspector().environment(started.pid ?? 0);
        expect(Object.fromEntries(environment ?? [])).toMatchObject({ ...env, OPENAI_API_KEY: 'wanted' });
      });
    });
  });

  describe('with an announced URL', () => {
    const announce = (url: string) =>
      attempt('POST', '/api/agents/known/heartbeat', JSON.stringify({ endpoint: url, healthUrl: url }));

    it.each([
      ...['http://127.0.0.1@evil.com', 'http://127.0.0.1:1@evil.com/', 'http://evil.com#@127.0.0.1'],
      ...['http://evil.com?@127.0.0.1', 'http://evil.com\\@127.0.0.1', 'http://127.0.0.1\\.evil.com'],
      ...['http://localhost.evil.com', 'http://localhost.', 'http://127.0.0.1.evil.com'],
      ...['http://2130706433/', 'http://0x7f.1', 'http://0x7f000001', 'http://0177.0.0.1', 'http://127.1'],
      ...['http://[::ffff:127.0.0.1]', 'http://[::]', 'http://0.0.0.0', 'http://0', 'http://[::1%25lo]'],
      ...['http://10.0.0.1', 'http://169.254.169.254/latest/meta-data', 'https://127.0.0.1', 'file:///etc/passwd'],
      ...['javascript:alert(1)', 'data:,x', 'gopher://127.0.0.1', 'unix:/var/run/docker.sock', '//127.0.0.1'],
      ...['http:127.0.0.1', 'http:///127.0.0.1', 'http://\u2460\u2461\u2466.0.0.1', 'http://127\u3002 0.0.1'],
      ...['http://127.0.0.1:99999', ' http://127.0.0.1', 'http://127.0.0.1\n'],
    ])('of another machine is refused: %s', async (url) => {
      expect(await announce(url)).toEqual(invalid('/endpoint', '/healthUrl'));
    });

    it("of the supervisor's own port is refused in every spelling", async () => {
      const { port } = new URL(guarded.service.url);
      for (const host of ['127.0.0.1', 'localhost', 'LOCALHOST', '[::1]', '127.9.9.9']) {
        for (const rest of [port, `0${port}`, `${port}/health/live`, `${port}?x`, `${port}#@evil.com`]) {
          expect(await announce(`http://${host}:${rest}`)).toEqual(invalid('/endpoint', '/healthUrl'));
        }
      }
    });
  });
});
