import { resolveSettings } from './resolved-settings';
import { readSettings } from './settings';

const resolved = (environment: Record<string, string>) =>
  resolveSettings(readSettings(environment), '/srv/app', '/home/me');

describe('resolveSettings', () => {
  it('takes folders from where we were started, and PM2 from where everybody has it', () => {
    expect(resolved({})).toMatchObject({
      dataDir: '/srv/app/data',
      agentsDir: '/srv/app/examples/agents',
      pm2Home: '/home/me/.pm2',
    });
  });

  it('takes a relative folder from where we were started', () => {
    expect(resolved({ DATA_DIR: '../d', AGENTS_DIR: 'a/./b/', PM2_HOME: './data/pm2' })).toMatchObject({
      dataDir: '/srv/d',
      agentsDir: '/srv/app/a/b',
      pm2Home: '/srv/app/data/pm2',
    });
  });

  it('leaves an absolute folder as it is', () => {
    expect(resolved({ DATA_DIR: '/d', AGENTS_DIR: '/a', PM2_HOME: '/p' })).toMatchObject({
      dataDir: '/d',
      agentsDir: '/a',
      pm2Home: '/p',
    });
  });

  it('keeps every other setting, and cannot be changed', () => {
    expect(resolved({ PORT: '8080' })).toMatchObject(readSettings({ PORT: '8080' }));
    expect(Object.isFrozen(resolved({}))).toBe(true);
  });
});
