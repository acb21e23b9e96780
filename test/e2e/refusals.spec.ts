import { writeFileSync } from 'node:fs';
import type { ProblemAnswer } from '../support/api-client';
import { DEFINITION, useGuardedService } from '../support/guarded-service';
import { invalid, refusal } from '../support/refusals';
import { ADMIN_TOKEN, OPERATOR_TOKEN, VIEWER_TOKEN } from '../support/service';
import { until } from '../support/until';

/** Tests ids, queries, and every kind of refusal. */
describe('hostile requests', () => {
  const guarded = useGuardedService();
  const { attempt, withAgent } = guarded;

  it.each([
    '..',
    '%2e%2e',
    '..%2f..%2fetc%2fpasswd',
    '%2e%2e%2fknown',
    'known%2f..',
    '%00',
    'known%00',
    '%0d%0aX:%20y',
    'KNOWN',
    'known%20',
    '%20known',
    'kn%EF%BD%8Fwn',
    '%E2%82%AC',
    '__proto__',
    'constructor',
    'toString',
    '*',
    'known;x',
    "known'--",
    'x'.repeat(64),
    'x'.repeat(8_000),
    '-known',
    'known,outside',
  ])('the id %s is answered with agent-not-found on every route', async (id) => {
    const routes = [
      ['GET', ''],
      ['PATCH', ''],
      ['DELETE', ''],
      ['POST', '/spawn'],
      ['POST', '/restart'],
      ['POST', '/terminate'],
      ['POST', '/circuit-reset'],
      ['POST', '/heartbeat'],
      ['GET', '/restarts'],
    ] as const;
    for (const [method, rest] of routes) {
      const body = method === 'PATCH' ? '{"name":"x"}' : undefined;
      expect(await attempt(method, `/api/agents/${id}${rest}`, body)).toEqual([404, 'agent-not-found']);
    }
  });

  it.each(['%ff', '%', '%zz', '%E0%A4%A', '%c0%ae%c0%ae'])('the id %s is refused as invalid text', async (id) => {
    expect(await attempt('GET', `/api/agents/${id}`)).toEqual([400, 'invalid-request']);
    expect(await attempt('DELETE', `/api/agents/${id}`)).toEqual([400, 'invalid-request']);
  });

  it.each([
    ['/api/events', 'limit=-1', '/limit'],
    ['/api/events', 'limit=0', '/limit'],
    ['/api/events', 'limit=1e9', '/limit'],
    ['/api/events', 'limit=1.5', '/limit'],
    ['/api/events', 'limit=NaN', '/limit'],
    ['/api/events', 'limit=', '/limit'],
    ['/api/events', 'limit=1;DROP', '/limit'],
    ['/api/events', 'limit=1&limit=2', '/limit'],
    ['/api/events', 'limit[]=1', '/limit[]'],
    ['/api/events', 'limit[a]=1', '/limit[a]'],
    ['/api/events', 'after=-1', '/after'],
    ['/api/events', 'after=9e99', '/after'],
    ['/api/events', 'after=Infinity', '/after'],
    ['/api/events', 'after=9007199254740992', '/after'],
    ['/api/events', 'after=1&after=2', '/after'],
    ['/api/events', "type=agent.spawned'%20OR%20'1'='1", '/type'],
    ['/api/events', 'agentId=%00', '/agentId'],
    ['/api/events', 'agentId=../x', '/agentId'],
    ['/api/events', 'agentId=a&agentId=b', '/agentId'],
    ['/api/events', 'constructor=1', '/constructor'],
    ['/api/agents', 'status=halted%00', '/status'],
    ['/api/agents', 'tag=a&tag=b', '/tag'],
    ['/api/agents', `tag=${'x'.repeat(64)}`, '/tag'],
    ['/api/agents', `capability=${'x'.repeat(129)}`, '/capability'],
    ['/api/agents', '%00=1', '/\0'],
    ['/api/agents/known/restarts', 'limit=1001', '/limit'],
  ])('%s?%s is refused', async (route, query, pointer) => {
    expect(await attempt('GET', `${route}?${query}`)).toEqual(invalid(pointer));
  });

  it('a parameter named __proto__ is refused', async () => {
    expect(await attempt('GET', '/api/events?__proto__=1')).toEqual(invalid());
    expect(await attempt('GET', '/api/events?__proto__[limit]=1')).toEqual(invalid('/__proto__[limit]'));
  });

  describe('are refused with', () => {
    const spawn = () => attempt('POST', '/api/agents/new/spawn');

    it.each<[number, string, string, string, string | undefined]>([
      [404, 'not-found', 'GET', '/api/nothing', undefined],
      [404, 'agent-not-found', 'POST', '/api/agents/unknown/spawn', undefined],
      [409, 'agent-exists', 'POST', '/api/agents', JSON.stringify({ ...DEFINITION, agentId: 'known' })],
      [409, 'external-agent', 'POST', '/api/agents/outside/restart', undefined],
      [422, 'invalid-request', 'PATCH', '/api/agents/known', '{"entryPoint":null}'],
      [400, 'invalid-request', 'PATCH', '/api/agents/known', '{'],
    ])('%i %s', async (status, code, method, target, body) => {
      expect((await attempt(method, target, body)).slice(0, 2)).toEqual([status, code]);
    });

    it('401 and 403: no token, half a token, another kind of token, a lower role', async () => {
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
        const answer = await refusal(guarded.service, 'DELETE', '/api/agents/known', undefined, headers);
        expect([headers, ...answer]).toEqual([headers, status, status === 401 ? 'unauthenticated' : 'forbidden']);
      }
      const query = `/api/agents?access_token=${ADMIN_TOKEN}`;
      expect(await refusal(guarded.service, 'GET', query, undefined, [])).toEqual([401, 'unauthenticated']);
    });

    it('409 operation-in-progress: a change during a restart', async () => {
      await withAgent({}, async () => {
        await guarded.admin.spawn('new');
        const restart = guarded.admin.restart('new', { delaySeconds: 2 });
        const patch = await until(async () => {
          const answer = await guarded.admin.request<ProblemAnswer>('PATCH', '/api/agents/new', { name: 'Other' });
          return answer.status === 409 ? answer : null;
        }, 'the restart has begun');
        expect(patch.body.code).toBe('operation-in-progress');
        expect((await restart).name).not.toBe('Other');
      });
    });

    it('422 interpreter-not-found and 502 launch-failed: a program that the system cannot execute', async () => {
      const program = guarded.service.home.program('circular.sh', '');
      writeFileSync(program, `#!${program}\n`);
      await withAgent({ entryPoint: 'circular.sh', interpreter: 'none' }, async () => {
        expect(await spawn()).toEqual([502, 'launch-failed']);
        expect(await guarded.admin.agent('new')).toMatchObject({ desiredState: 'stopped', pid: null });
        guarded.service.home.program('strange.sh', '#!/does/not/exist\n');
        await guarded.admin.expect(200, 'PATCH', '/api/agents/new', { entryPoint: 'strange.sh' });
        expect(await spawn()).toEqual([422, 'interpreter-not-found']);
      });
    });

    it('502 launch-failed: more arguments and variables than the system accepts', async () => {
      const value = 'x'.repeat(32_000);
      await withAgent({}, async () => {
        for (const part of [0, 1, 2, 3]) {
          const env = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`K${part}_${index}`, value]));
          await guarded.admin.expect(200, 'PATCH', '/api/agents/new', { env });
        }
        expect(await spawn()).toEqual([502, 'launch-failed']);
        expect(await guarded.admin.agent('new')).toMatchObject({ desiredState: 'stopped', pid: null });
      });
    });

    it('503 process-manager-unavailable: PM2 hangs', async () => {
      const daemon = guarded.service.home.daemonPid() ?? 0;
      await withAgent({}, async () => {
        process.kill(daemon, 'SIGSTOP');
        try {
          expect(await spawn()).toEqual([503, 'process-manager-unavailable']);
        } finally {
          process.kill(daemon, 'SIGCONT');
        }
        await until(async () => (await guarded.admin.get('/health/ready')).status === 200, 'PM2 answers again');
      });
      // An abandoned call may still take effect, and is undone then.
      await guarded.accept();
    });
  });
});
