import { readFileSync } from 'node:fs';
import path from 'node:path';
import { DEFINITION, useGuardedService } from '../support/guarded-service';
import { invalid } from '../support/refusals';
import { until } from '../support/until';

/** Tests bodies and texts. Definitions, ids and queries, and connections have their own files. */
describe('hostile input', () => {
  const guarded = useGuardedService();
  const { attempt, register } = guarded;

  describe('a body', () => {
    /** The start of a valid body, so that nothing else is wrong with it. */
    const START = '{"agentId":"new","name":"New","entryPoint":null';

    it.each<[string, string | Buffer, number]>([
      ['that is cut off', `${START},`, 400],
      ['with trailing text', `${START}}}`, 400],
      ['that is two documents', `${START}}${START}}`, 400],
      ['in JavaScript notation', "{agentId:'new'}", 400],
      ['with a comment', `${START}/* */}`, 400],
      ['with a trailing comma', `${START},}`, 400],
      ['with NaN', `${START},"maxMemoryMb":NaN}`, 400],
      ['with Infinity', `${START},"maxMemoryMb":Infinity}`, 400],
      ['with a hexadecimal number', `${START},"maxMemoryMb":0x10}`, 400],
      ['with a raw line feed in a string', '{"agentId":"new","name":"a\nb","entryPoint":null}', 400],
      ['with a raw NUL', `${START}\0}`, 400],
      ['that is an XML entity', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', 400],
      ['with a byte that is invalid in UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22]), 400],
      ['of spaces only', ' '.repeat(1000), 400],
      ['a hundred thousand levels deep', '['.repeat(100_000) + ']'.repeat(100_000), 422],
      ['a hundred thousand levels deep and unclosed', '{"a":'.repeat(100_000), 400],
      ['with a list of half a million numbers', `[${'1,'.repeat(500_000)}1]`, 422],
      ['that is null', 'null', 422],
      ['that is a string', '"new"', 422],
      ['that is true', 'true', 422],
    ])('%s is refused', async (_what, body, status) => {
      expect((await attempt('POST', '/api/agents', body)).slice(0, 2)).toEqual([status, 'invalid-request']);
    });

    it.each([
      ['a member named __proto__', `${START},"__proto__":{"autostart":true}}`],
      ['a variable named __proto__', `${START},"env":{"__proto__":"x"}}`],
      ['a policy named __proto__', `${START},"policy":{"__proto__":{"restart":"never"}}}`],
    ])('with %s is refused, and no prototype is touched', async (_what, body) => {
      expect(await attempt('POST', '/api/agents', body)).toEqual(invalid());
      expect(await attempt('PATCH', '/api/agents/known', body)).toEqual(invalid());
    });

    it('with other inherited names is refused with these names', async () => {
      const body = JSON.stringify({ ...DEFINITION, constructor: { prototype: {} }, toString: 1, hasOwnProperty: 2 });
      expect(await attempt('POST', '/api/agents', body)).toEqual(
        invalid('/constructor', '/toString', '/hasOwnProperty'),
      );
    });

    it('with a repeated name is read by the last value', async () => {
      const body = '{"agentId":"new","name":"New","entryPoint":"sleeper.sh","entryPoint":"../../etc/passwd"}';
      expect(await attempt('POST', '/api/agents', body)).toEqual(invalid('/entryPoint'));
    });

    it('that is empty is refused with the missing members', async () => {
      for (const body of [undefined, '', '{}']) {
        expect(await attempt('POST', '/api/agents', body)).toEqual(invalid('/agentId', '/name', '/entryPoint'));
      }
    });

    it.each(['1e999', '-1e999', '1e308', '-1', '0', '1e-999', '"1"', 'true', '[]', '{}', 'null'])(
      'with the value %s for seconds is refused',
      async (value) => {
        const body = `${START},"policy":{"killTimeoutSeconds":${value}}}`;
        expect(await attempt('POST', '/api/agents', body)).toEqual(invalid('/policy/killTimeoutSeconds'));
      },
    );

    it('with countless wrong members is refused quickly, with a hundred faults', async () => {
      const many = (length: number) => Array.from({ length }, (_, index) => index);
      for (const members of [
        { args: many(1_000) },
        { args: many(100_000) },
        { envFrom: many(100_000) },
        { env: Object.fromEntries(many(40_000).map((index) => [`K${index}`, index])) },
        Object.fromEntries(many(40_000).map((index) => [`member${index}`, index])),
        { ['k'.repeat(900_000)]: 1 },
        { name: 'x'.repeat(1_000_000) },
      ]) {
        expect((await register(members)).slice(0, 2)).toEqual(invalid());
      }
    });
  });

  describe('a text', () => {
    const faulty = ['\0', 'a\0b', '\u0007', '\u001b[31m', '\u007f', '\ud800', '\udc00x', 'a\ud83d'];

    it.each(['name', 'entryPoint', 'interpreter', 'cwd', 'healthUrl', 'endpoint', 'agentId', 'apiRole'])(
      'that no database or terminal accepts is refused as %s',
      async (member) => {
        for (const value of faulty) expect(await register({ [member]: value })).toEqual(invalid(`/${member}`));
      },
    );

    it('that no database or terminal accepts is refused in every list and in env', async () => {
      for (const value of faulty) {
        for (const member of ['args', 'envFrom', 'tags', 'capabilities']) {
          expect(await register({ [member]: [value] })).toEqual(invalid(`/${member}/0`));
        }
        if (!/[\0\ud800-\udfff]/.test(value)) continue; // a variable may hold a control character
        expect(await register({ env: { VALUE: value } })).toEqual(invalid('/env/VALUE'));
        const patch = JSON.stringify({ env: { OWN: value } });
        expect(await attempt('PATCH', '/api/agents/known', patch)).toEqual(invalid('/env/OWN'));
      }
    });

    it('that no database accepts is refused in a heartbeat, a reason and the tags of a bulk operation', async () => {
      for (const value of faulty) {
        const beat = JSON.stringify({ message: value, task: value, endpoint: value, healthUrl: value });
        expect(await attempt('POST', '/api/agents/known/heartbeat', beat)).toEqual(
          invalid('/message', '/task', '/endpoint', '/healthUrl'),
        );
        const reason = JSON.stringify({ reason: value });
        expect(await attempt('POST', '/api/agents/known/restart', reason)).toEqual(invalid('/reason'));
        const tags = JSON.stringify({ tags: [value] });
        expect(await attempt('POST', '/api/agents/terminate', tags)).toEqual(invalid('/tags/0'));
      }
    });
  });

  it('text that looks like SQL, markup, a shell or a format is stored and returned unchanged', async () => {
    const texts = [
      `'; DROP TABLE actp_agent_registry; --`,
      `" OR 1=1`,
      '<script>alert(1)</script>',
      '$(reboot) `id` ; rm -rf "$HOME" & | > /x',
      '%s%n%x {{7*7}} ${7*7} \\u0000 \\',
      '\u202e\u{1f600} \u0301 ﷽ \u00a0\ufeff',
    ];
    const target = 'hostile-texts.json';
    const args = [path.join(guarded.service.home.root, target), ...texts];
    const env = { TEXT: texts.join('\n'), EQUALS: '==a=b=', CONTROL: '\u0001\u001b[31m\r\n\t' };
    const healthUrl = `http://127.0.0.1:1/?q=';DROP`;
    for (const name of texts) {
      const given = { agentId: 'texts', name, entryPoint: 'environ.js', args, env, healthUrl, capabilities: ['a.b'] };
      const view = await guarded.admin.register(given);
      expect(view).toMatchObject({ name, args, healthUrl });
      expect(await guarded.admin.agent('texts')).toMatchObject({ name, args, env: { TEXT: '***', EQUALS: '***' } });
      if (name === texts[0]) {
        const { pid: started } = await guarded.admin.spawn('texts');
        const file = path.join(guarded.service.home.root, target);
        const said = await until(
          () => JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>,
          `${started ?? 'none'} has written its environment`,
        );
        expect(said).toMatchObject({ ...env, AGENT_NAME: name });
      }
      await guarded.admin.expect(204, 'DELETE', '/api/agents/texts');
    }
    await guarded.accept();
  });
});
