import type { AgentDefinition, InvalidMember } from '../kernel';

/** What rules definitions beyond their shape. */
export interface DefinitionRules {
  readonly interpreters: readonly string[];
  /** Names of our own settings: none may be passed on to an agent. */
  readonly settingNames: readonly string[];
}

/** What is wrong with a definition that has the right shape; empty: nothing. Paths are checked apart: they need the disk. */
export function faultsOf(definition: AgentDefinition, rules: DefinitionRules): InvalidMember[] {
  const faults: InvalidMember[] = [];
  const { interpreter } = definition;
  if (interpreter !== null && !rules.interpreters.includes(interpreter)) {
    faults.push({ pointer: '/interpreter', detail: `must be one of ${rules.interpreters.join(', ')} (INTERPRETERS)` });
  }
  definition.envFrom.forEach((name, index) => {
    if (rules.settingNames.includes(name)) {
      faults.push({
        pointer: `/envFrom/${index}`,
        detail: `${name} is a setting of agent-spawner itself, and is never passed on`,
      });
    }
  });
  if (definition.entryPoint === null) {
    if (definition.autostart) faults.push({ pointer: '/autostart', detail: 'must be false without an entry point' });
    if (definition.cwd !== null) faults.push({ pointer: '/cwd', detail: 'must be null without an entry point' });
  }
  return faults;
}
