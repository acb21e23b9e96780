import { realpathSync } from 'node:fs';
import path from 'node:path';
import type { AgentDefinition, InvalidMember } from '../kernel';

/**
 * Entry point and cwd stay inside AGENTS_DIR: by their text, and where they exist by their real path too, so that no link
 * leads out. Something that is not there yet may come later.
 */
export function pathFaultsOf(definition: AgentDefinition, agentsDir: string): InvalidMember[] {
  return (['entryPoint', 'cwd'] as const).flatMap((member) => {
    const given = definition[member];
    if (given === null) return [];
    const file = path.resolve(agentsDir, given);
    if (!isWithin(file, agentsDir)) return [{ pointer: `/${member}`, detail: 'must lie inside AGENTS_DIR' }];
    if (member === 'entryPoint' && file === agentsDir) return [{ pointer: '/entryPoint', detail: 'must name a file' }];
    const real = realPathOf(file);
    if (real === null || isWithin(real, realPathOf(agentsDir) ?? agentsDir)) return [];
    return [{ pointer: `/${member}`, detail: 'leads out of AGENTS_DIR by a link' }];
  });
}

function isWithin(inner: string, outer: string): boolean {
  const relative = path.relative(outer, inner);
  return relative === '' || (relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative));
}

/** The real path of the longest part that exists; what comes below it is taken as it is written. */
function realPathOf(file: string): string | null {
  try {
    return realpathSync(file);
  } catch {
    const parent = path.dirname(file);
    if (parent === file) return null;
    const real = realPathOf(parent);
    return real === null ? null : path.join(real, path.basename(file));
  }
}
