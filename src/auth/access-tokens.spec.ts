import { readdirSync, readFileSync, statSync } from 'node:fs';
import fc from 'fast-check';
import { makeTempFolder, type TempFolder } from '../../test/support/temp-folder';
import { readSettings, resolveSettings, type ResolvedSettings } from '../config';
import { Problem } from '../kernel';
import { AccessTokens, adminTokenFile } from './access-tokens';

let folder: TempFolder;
let settings: ResolvedSettings;
beforeEach(() => {
  folder = makeTempFolder();
  settings = settingsOf({});
});
afterEach(() => {
  folder.remove();
});

const settingsOf = (environment: Record<string, string>) =>
  resolveSettings(readSettings({ DATA_DIR: folder.root, ...environment }), folder.root, folder.root);

describe('the tokens of API_TOKENS', () => {
  const viewer = 'v'.repeat(16);
  const admin = 'a'.repeat(40);

  it('have the configured roles, and no other token has one', () => {
    const tokens = AccessTokens.of(settingsOf({ API_TOKENS: `viewer:${viewer},admin:${admin}` }));
    expect([viewer, admin].map((token) => tokens.roleOf(token))).toEqual(['viewer', 'admin']);
    for (const token of ['', viewer.slice(1), `${viewer}v`, viewer.toUpperCase(), ` ${viewer}`, `viewer:${viewer}`]) {
      expect(tokens.roleOf(token)).toBeNull();
    }
  });

  it('replace the admin token: none is generated', () => {
    AccessTokens.of(settingsOf({ API_TOKENS: `viewer:${viewer}` }));
    expect(readdirSync(folder.root)).toEqual([]);
  });

  it('match no other text', () => {
    const tokens = new AccessTokens([{ role: 'admin', token: admin }]);
    fc.assert(
      fc.property(fc.string({ maxLength: 50 }), (token) => {
        expect(tokens.roleOf(token)).toBe(token === admin ? 'admin' : null);
      }),
    );
  });

  it('are kept only as digests', () => {
    expect(JSON.stringify(new AccessTokens([{ role: 'admin', token: admin }]))).not.toContain(admin);
  });
});

describe('the generated admin token', () => {
  it('is in a file that only its owner can read, and has the role admin', () => {
    const tokens = AccessTokens.of(settings);
    const file = adminTokenFile(settings);
    expect(file).toBe(folder.at('admin.token'));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const token = readFileSync(file, 'utf8').trim();
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(tokens.roleOf(token)).toBe('admin');
    expect(readdirSync(folder.root)).toEqual(['admin.token']);
  });

  it('is generated once', () => {
    AccessTokens.of(settings);
    const before = readFileSync(adminTokenFile(settings), 'utf8');
    const tokens = AccessTokens.of(settings);
    expect(readFileSync(adminTokenFile(settings), 'utf8')).toBe(before);
    expect(tokens.roleOf(before.trim())).toBe('admin');
  });

  it('differs in each data folder', () => {
    AccessTokens.of(settings);
    const other = settingsOf({ DATA_DIR: folder.folder('other') });
    AccessTokens.of(other);
    expect(readFileSync(adminTokenFile(other), 'utf8')).not.toBe(readFileSync(adminTokenFile(settings), 'utf8'));
  });

  it('may be written by the operator', () => {
    folder.file('admin.token', '  sixteen-letters! \n', 0o600);
    expect(AccessTokens.of(settings).roleOf('sixteen-letters!')).toBe('admin');
  });

  it.each(['', '\n', 'too short'])('is refused and not overwritten if its file contains %j', (content) => {
    folder.file('admin.token', content);
    let refused: unknown = null;
    try {
      AccessTokens.of(settings);
    } catch (error) {
      refused = error;
    }
    expect(refused).toBeInstanceOf(Problem);
    expect(refused).toMatchObject({
      code: 'invalid-request',
      detail: expect.stringContaining(adminTokenFile(settings)) as string,
    });
    expect(readFileSync(adminTokenFile(settings), 'utf8')).toBe(content);
  });

  it('fails the start if its file is a broken link', () => {
    folder.link('admin.token', 'gone');
    expect(() => AccessTokens.of(settings)).toThrow();
  });

  it('fails the start if its file cannot be read', () => {
    folder.folder('admin.token');
    expect(() => AccessTokens.of(settings)).toThrow('EISDIR');
  });
});
