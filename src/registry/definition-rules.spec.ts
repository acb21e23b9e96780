import { definitionOf } from '../../test/support/definitions';
import type { AgentDefinitionInput } from '../kernel';
import { SETTING_NAMES } from '../config';
import { faultsOf } from './definition-rules';

const rules = { interpreters: ['python3', 'none'], settingNames: SETTING_NAMES };
const pointersOf = (given: Partial<AgentDefinitionInput>) =>
  faultsOf({ ...definitionOf(), ...given }, rules).map(({ pointer }) => pointer);

describe('the rules of a definition', () => {
  it('find no fault in a valid definition', () => {
    const given = { interpreter: 'python3', envFrom: ['OPENAI_API_KEY'], cwd: 'work', autostart: true };
    expect(faultsOf({ ...definitionOf(), ...given }, rules)).toEqual([]);
    expect(pointersOf({ interpreter: null })).toEqual([]);
  });

  it('leave an interpreter path to the path rules', () => {
    expect(pointersOf({ interpreter: 'tools/bin/python' })).toEqual([]);
  });

  it.each(['node', 'python3 -x', 'PYTHON3', '.venv'])('refuse the interpreter %s, which is not listed', (name) => {
    const [fault] = faultsOf(definitionOf({ interpreter: name }), rules);
    expect(fault?.pointer).toBe('/interpreter');
    expect(fault?.detail).toContain('python3, none');
  });

  it.each(['API_TOKENS', 'SUPABASE_SERVICE_ROLE_KEY', 'TELEGRAM_BOT_TOKEN', 'DATA_DIR', 'PORT', 'PM2_HOME'])(
    'refuse to pass on the setting %s, and report its index',
    (name) => {
      expect(pointersOf({ envFrom: ['A', name, 'B'] })).toEqual(['/envFrom/1']);
    },
  );

  it('accept an env variable with the name of a setting', () => {
    expect(pointersOf({ env: { PORT: '4101' } })).toEqual([]);
  });

  it('refuse autostart and cwd for an external agent', () => {
    expect(pointersOf({ entryPoint: null })).toEqual([]);
    expect(pointersOf({ entryPoint: null, autostart: true, cwd: 'work' })).toEqual(['/autostart', '/cwd']);
  });

  it('report every fault at once', () => {
    const given = { interpreter: 'perl', envFrom: ['HOST', 'LOG_LEVEL'] };
    expect(pointersOf(given)).toEqual(['/interpreter', '/envFrom/0', '/envFrom/1']);
  });
});
