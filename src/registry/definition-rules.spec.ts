import { definitionOf } from '../../test/support/definitions';
import type { AgentDefinitionInput } from '../kernel';
import { SETTING_NAMES } from '../config';
import { faultsOf } from './definition-rules';

const rules = { interpreters: ['python3', 'none'], settingNames: SETTING_NAMES };
const pointersOf = (given: Partial<AgentDefinitionInput>) =>
  faultsOf({ ...definitionOf(), ...given }, rules).map(({ pointer }) => pointer);

describe('the rules of a definition', () => {
  it('find nothing wrong with one that keeps to them', () => {
    const given = { interpreter: 'python3', envFrom: ['OPENAI_API_KEY'], cwd: 'work', autostart: true };
    expect(faultsOf({ ...definitionOf(), ...given }, rules)).toEqual([]);
    expect(pointersOf({ interpreter: null })).toEqual([]);
  });

  it.each(['node', '/usr/bin/python3', 'python3 -x', 'PYTHON3'])(
    'refuse the interpreter %s, which is not listed',
    (name) => {
      const [fault] = faultsOf(definitionOf({ interpreter: name }), rules);
      expect(fault?.pointer).toBe('/interpreter');
      expect(fault?.detail).toContain('python3, none');
    },
  );

  it.each(['API_TOKENS', 'SUPABASE_SERVICE_ROLE_KEY', 'TELEGRAM_BOT_TOKEN', 'DATA_DIR', 'PORT', 'PM2_HOME'])(
    'refuse to pass on %s, a setting of ours, and say which entry names it',
    (name) => {
      expect(pointersOf({ envFrom: ['A', name, 'B'] })).toEqual(['/envFrom/1']);
    },
  );

  it('let an agent have a variable of its own that is called like a setting of ours', () => {
    expect(pointersOf({ env: { PORT: '4101' } })).toEqual([]);
  });

  it('refuse what makes no sense for an agent that is never launched', () => {
    expect(pointersOf({ entryPoint: null })).toEqual([]);
    expect(pointersOf({ entryPoint: null, autostart: true, cwd: 'work' })).toEqual(['/autostart', '/cwd']);
  });

  it('name every fault at once', () => {
    const given = { interpreter: 'perl', envFrom: ['HOST', 'LOG_LEVEL'] };
    expect(pointersOf(given)).toEqual(['/interpreter', '/envFrom/0', '/envFrom/1']);
  });
});
