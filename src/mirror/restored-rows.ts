import { z } from 'zod';
import { agentDefinitionSchema, detailOf, isoTime, parseOrThrow, Problem } from '../kernel';
import { REGISTRY, type MirroredTable } from '../persistence';
import type { Row } from './local-rows';

/** Instance to restore, and the one that takes its place. */
export interface Source {
  /** Instance whose rows are restored. */
  readonly from: string;
  /** Instance name that the rows get. */
  readonly instance: string;
  /** Wall clock, epoch milliseconds. */
  readonly now: number;
}

/** Returns the row without columns that exist only in the project. */
export function keepColumns(row: Row, columns: ReadonlySet<string>): Row {
  return Object.fromEntries(Object.entries(row).filter(([name]) => columns.has(name)));
}

/** Converts a row for this database: no agent is running, and no circuit trial is under way. */
export function toLocalRow({ name }: MirroredTable, row: Row, { instance, now }: Source): Row {
  if (name === REGISTRY.name) {
    refuseUnusable(row);
    const isExternal = row.entry_point === null;
    const state = isExternal ? 'running' : 'stopped';
    return { ...row, instance, desired_state: state, status: isExternal ? 'unknown' : 'stopped' };
  }
  if (name === 'actp_circuit_breakers' && row.state === 'HALF_OPEN')
    return { ...row, instance, state: 'OPEN', due_at: isoTime(now), trial_by: null };
  return { ...row, instance };
}

const NAMES = z.array(z.string());

/**
 * Validates a row like a request, because others can write to the project.
 *
 * @throws Problem `invalid-request` that names the agent
 */
function refuseUnusable(row: Row): void {
  const names = parseOrThrow(NAMES, row.env_names);
  try {
    parseOrThrow(agentDefinitionSchema, {
      agentId: row.agent_id,
      name: row.name,
      entryPoint: row.entry_point,
      args: row.args,
      interpreter: row.interpreter,
      cwd: row.cwd,
      env: Object.fromEntries(names.map((name) => [name, ''])),
      envFrom: row.env_from,
      tags: row.tags,
      capabilities: row.capabilities,
      healthUrl: row.health_url,
      endpoint: row.endpoint,
      apiRole: row.api_role,
      maxMemoryMb: row.max_memory_mb,
      autostart: row.autostart,
      policy: row.policy,
    });
  } catch (error) {
    throw new Problem(
      'invalid-request',
      `RESTORE_FROM: the row of the agent ${String(row.agent_id)} is invalid: ${detailOf(error)} Correct the row in the project.`,
      { cause: error },
    );
  }
}
