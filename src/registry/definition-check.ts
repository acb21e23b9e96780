import { Inject, Injectable } from '@nestjs/common';
import type { AgentDefinition, InvalidMember } from '../kernel';
import { SETTING_NAMES, SETTINGS, type ResolvedSettings } from '../config';
import { faultsOf } from './definition-rules';
import { pathFaultsOf } from './path-rules';

/** Everything that a definition must keep to beyond its shape. */
@Injectable()
export class DefinitionCheck {
  constructor(@Inject(SETTINGS) private readonly settings: ResolvedSettings) {}

  faultsOf(definition: AgentDefinition): InvalidMember[] {
    const rules = { interpreters: this.settings.INTERPRETERS, settingNames: SETTING_NAMES };
    return [...faultsOf(definition, rules), ...pathFaultsOf(definition, this.settings.agentsDir)];
  }
}
