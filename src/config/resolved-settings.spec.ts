import { resolveSettings } from './resolved-settings';
import { readSettings } from './settings';

const resolve = (environment: Record<string, string>) =>
  resolveSettings(readSettings(environment), '/srv/app', '/home/me');

describe('resolveSettings', () => {
  it('resolves the default folders below the working folder, and PM2_HOME below the home folder', () => {
    expect(resolve({})).toMatchObject({
      dataDir: '/srv/app/data',
      agentsDir: '/srv/app/examples/agents',
      pm2Home: '/home/me/.pm2',
    });
  });

  it('resolves a relative folder from the working folder', () => {
    expect(resolve({ DATA_DIR: '../d', AGENTS_DIR: 'a/./b/', PM2_HOME: './data/pm2' })).toMatchObject({
      dataDir: '/srv/d',
      agentsDir: '/srv/app/a/b',
      pm2Home: '/srv/app/data/pm2',
    });
  });

  it('leaves an absolute folder unchanged', () => {
    expect(resolve({ DATA_DIR: '/d', AGENTS_DIR: '/a', PM2_HOME: '/p' })).toMatchObject({
      dataDir: '/d',
      agentsDir: '/a',
      pm2Home: '/p',
    });
  });

  it('keeps every other setting, and freezes the result', () => {
    expect(resolve({ PORT: '8080' })).toMatchObject(readSettings({ PORT: '8080' }));
    expect(Object.isFrozen(resolve({}))).toBe(true);
  });
});
