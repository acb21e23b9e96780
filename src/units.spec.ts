import { readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '..');
const read = (name: string) => readFileSync(path.join(ROOT, name), 'utf8');

/** What docs/running.md says must not be set. */
const FORBIDDEN =
  /^(?:Private|Protect|Restrict|ReadWrite|ReadOnly|Bind|IPAddress|SystemCall|ProcSubset|DynamicUser|NoNewPrivileges|MemoryDeny|MemoryMax|MemoryHigh|CPUQuota|OOMScoreAdjust|Watchdog)/;

describe.each(['agent-spawner.service', 'agent-spawner-user.service'])('the unit %s', (name) => {
  const lines = read(`docs/units/${name}`).split('\n');
  const settings = new Map(
    lines.filter((line) => /^[A-Z]/.test(line)).map((line) => [line.split('=')[0] ?? '', line.replace(/^[^=]*=/, '')]),
  );

  it('consists of sections, settings and comments', () => {
    for (const line of lines) expect(line).toMatch(/^(?:|#.*|\[(?:Unit|Service|Install)\]|[A-Z][A-Za-z]+=\S.*)$/);
  });

  it('ends the service alone, never the daemon and the agents', () => {
    expect(settings.get('KillMode')).toBe('process');
    expect(settings.get('OOMPolicy')).toBe('continue');
  });

  it('starts it again, unless it refused', () => {
    const code = /REFUSED_EXIT_CODE = (\d+);/.exec(read('src/main.ts'))?.[1];
    expect(settings.get('Restart')).toBe('always');
    expect(settings.get('StartLimitIntervalSec')).toBe('0');
    expect(settings.get('RestartPreventExitStatus')).toBe(code);
  });

  it('sets nothing that would wall in the agents, or limit all of them together', () => {
    expect([...settings.keys()].filter((key) => FORBIDDEN.test(key))).toEqual([]);
  });
});

describe('the property list for launchd', () => {
  const text = read('docs/units/agent-spawner.plist').replaceAll(/<!--[\s\S]*?-->|<\?.*?\?>|<!DOCTYPE.*?>/g, '');
  const list = propertyList(text) as Readonly<Record<string, unknown>>;

  it('abandons the group of the service at its end, and starts it again', () => {
    expect(list).toMatchObject({ AbandonProcessGroup: true, KeepAlive: true, RunAtLoad: true, Umask: 0o077 });
  });

  it('runs the built service', () => {
    expect(list.ProgramArguments).toEqual([
      '/usr/bin/env',
      'node',
      '--enable-source-maps',
      expect.stringMatching(/^\/.*\/dist\/main\.js$/),
    ]);
  });
});

/** Reads the part of the format that is used; throws at everything else. */
function propertyList(text: string): unknown {
  const tokens = [...text.matchAll(/<(\/?)(\w+)([^>]*?)(\/?)>([^<]*)/g)].map(([, close, tag, , empty, content]) => ({
    tag: `${close ?? ''}${tag ?? ''}${empty ?? ''}`,
    content: content?.trim() ?? '',
  }));
  const next = (...wanted: string[]) => {
    const token = tokens.shift();
    if (token === undefined || (wanted.length > 0 && !wanted.includes(token.tag))) {
      throw new Error(`${token?.tag ?? 'the end'} instead of ${wanted.join(' or ')}`);
    }
    return token;
  };
  const leaf = (tag: string) => {
    const { content } = next(tag);
    next(`/${tag}`);
    return content;
  };
  const value = (): unknown => {
    const tag = tokens[0]?.tag ?? 'the end';
    if (tag === 'string') return leaf(tag);
    if (tag === 'integer') return Number.parseInt(leaf(tag), 10);
    if (tag === 'true/' || tag === 'false/') return next().tag === 'true/';
    next('dict', 'array');
    const members: (readonly [string, unknown])[] = [];
    while (tokens[0]?.tag !== `/${tag}`) members.push([tag === 'dict' ? leaf('key') : '', value()]);
    next(`/${tag}`);
    return tag === 'dict' ? Object.fromEntries(members) : members.map(([, each]) => each);
  };
  next('plist');
  const result = value();
  next('/plist');
  if (tokens.length > 0) throw new Error(`${tokens[0]?.tag ?? ''} after the end`);
  return result;
}
