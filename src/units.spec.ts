import { readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '..');
const read = (name: string) => readFileSync(path.join(ROOT, name), 'utf8');

/** Directives that docs/running.md forbids. */
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

  it("kills only the service, never PM2's daemon or the agents", () => {
    expect(settings.get('KillMode')).toBe('process');
    expect(settings.get('OOMPolicy')).toBe('continue');
  });

  it('restarts the service unless it exited with the code for a refused start', () => {
    const code = /REFUSED_EXIT_CODE = (\d+);/.exec(read('src/main.ts'))?.[1];
    expect(settings.get('Restart')).toBe('always');
    expect(settings.get('StartLimitIntervalSec')).toBe('0');
    expect(settings.get('RestartPreventExitStatus')).toBe(code);
  });

  it('sets no sandbox for the agents, and no shared limit', () => {
    expect([...settings.keys()].filter((key) => FORBIDDEN.test(key))).toEqual([]);
  });
});

describe('the property list for launchd', () => {
  const text = read('docs/units/agent-spawner.plist').replaceAll(/<!--[\s\S]*?-->|<\?.*?\?>|<!DOCTYPE.*?>/g, '');
  const list = propertyList(text) as Readonly<Record<string, unknown>>;

  it('keeps the process group of the exited service, and restarts it', () => {
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

/** Parses the part of the format that is used; throws on anything else. */
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
