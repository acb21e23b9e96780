import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { isInterpreterPath, type AgentDefinition, type InvalidMember } from '../kernel';

/**
 * Finds paths that leave AGENTS_DIR. Symbolic links are resolved in the part of the path that exists, so that none
 * leaves it. Only the python of a virtual environment may be such a link. The path itself need not exist yet.
 */
export function pathFaultsOf(definition: AgentDefinition, agentsDir: string): InvalidMember[] {
  return (['entryPoint', 'cwd', 'interpreter'] as const).flatMap((member) => {
    const given = definition[member];
    if (given === null || (member === 'interpreter' && !isInterpreterPath(given))) return [];
    const file = path.resolve(agentsDir, given);
    if (!isWithin(file, agentsDir)) return [{ pointer: `/${member}`, detail: 'must be inside AGENTS_DIR' }];
    if (member === 'entryPoint' && file === agentsDir) return [{ pointer: '/entryPoint', detail: 'must name a file' }];
    const mayLeadOut = member === 'interpreter' && isPythonOfVirtualEnvironment(file);
    const real = realPathOf(mayLeadOut ? path.dirname(file) : file);
    if (real === null || isWithin(real, realPathOf(agentsDir) ?? agentsDir)) return [];
    return [{ pointer: `/${member}`, detail: 'must not leave AGENTS_DIR through a symbolic link' }];
  });
}

function isPythonOfVirtualEnvironment(file: string): boolean {
  const folder = path.dirname(file);
  return /^python[\d.]*$/.test(path.basename(file)) && existsSync(path.join(folder, '..', 'pyvenv.cfg'));
}

function isWithin(inner: string, outer: string): boolean {
  const relative = path.relative(outer, inner);
  return relative === '' || (relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative));
}

/** Returns the real path of the longest existing part, with the rest appended as written. */
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
