import { isInterpreterPath, type AgentDefinition, type InvalidMember } from '../kernel';

/** Settings that restrict definitions. */
export interface DefinitionRules {
  readonly interpreters: readonly string[];
  /** Names of the supervisor's own settings. None may be passed on to an agent. */
  readonly settingNames: readonly string[];
}

/**
 * Returns the faults of a definition with a valid shape; empty if none. Paths are checked separately, since that reads
 * the disk.
 */
export function faultsOf(definition: AgentDefinition, rules: DefinitionRules): InvalidMember[] {
  const faults: InvalidMember[] = [];
  const { interpreter } = definition;
  if (interpreter !== null && !isInterpreterPath(interpreter) && !rules.interpreters.includes(interpreter)) {
    const names = rules.interpreters.join(', ');
    faults.push({
      pointer: '/interpreter',
      detail: `must be one of ${names} (INTERPRETERS), or a path below AGENTS_DIR`,
    });
  }
  definition.envFrom.forEach((name, index) => {
    if (rules.settingNames.includes(name)) {
      faults.push({
        pointer: `/envFrom/${index}`,
        detail: `${name} is a setting of agent-spawner, which is never passed on to an agent`,
      });
    }
  });
  if (definition.entryPoint === null) {
    if (definition.autostart) faults.push({ pointer: '/autostart', detail: 'must be false without an entry point' });
    if (definition.cwd !== null) faults.push({ pointer: '/cwd', detail: 'must be null without an entry point' });
  }
  return faults;
}
