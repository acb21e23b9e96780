import { z } from 'zod';
import { AGENT_ID_PATTERN } from './ids';
import { anyText, httpUrl, text, plainText } from './text';
import { policySchema } from './policy';

/** Names that the contract reserves: what we give an agent ourselves, and what PM2 reads. */
const RESERVED_ENV_NAME = /^(?:AGENT_|PM2_|LD_|DYLD_)/;
const ENV_NAME = /^[A-Z_][A-Z0-9_]{0,127}$/;
const CAPABILITY = /^[a-zA-Z0-9][a-zA-Z0-9_-]*(?:\.[a-zA-Z0-9][a-zA-Z0-9_-]*)*(?:\.\*)?$/;
const TAG = /^[a-zA-Z0-9][a-zA-Z0-9_.:-]{0,62}$/;
const MAX_ENV_VALUE = 32_768;

export const agentIdSchema = z
  .string()
  .regex(AGENT_ID_PATTERN, 'must be 1 to 63 characters of a-z, 0-9 and -, and not begin with -')
  .describe('Names the agent, its PM2 process and its logs');

const envName = z.string().regex(ENV_NAME, 'must match ^[A-Z_][A-Z0-9_]*$');
const passedOnName = envName.refine(
  (name) => !/^(?:AGENT_|PM2_)/.test(name),
  'must not begin with AGENT_ or PM2_: those are given to each agent by us',
);
const definedEnvName = envName.refine(
  (name) => !RESERVED_ENV_NAME.test(name),
  'must not begin with AGENT_, PM2_, LD_ or DYLD_',
);

const unique = <T extends z.ZodType<readonly string[]>>(schema: T) =>
  schema.refine((list) => new Set(list).size === list.length, 'must not name anything twice');

export const capabilitiesSchema = unique(
  z
    .array(z.string().max(128).regex(CAPABILITY, 'must look like content.generate, or content.* for all below it'))
    .max(256),
).describe('What it can do: exact task types, or a wildcard such as content.*');

export const tagsSchema = unique(z.array(z.string().regex(TAG, 'must be 1 to 63 letters, digits and . _ : -')).max(64));

/** Everything a definition consists of but its id; each member may be changed by PATCH. */
const members = {
  name: text(200).describe('Shown to people'),
  entryPoint: text(1024).nullable().describe('Program or script inside AGENTS_DIR; null: external, never launched'),
  args: z.array(plainText(8192)).max(256),
  interpreter: text(255).nullable().describe('One of INTERPRETERS; null: chosen by the entry point'),
  cwd: text(1024).nullable().describe('Inside AGENTS_DIR; null: the folder of the entry point'),
  env: z
    .record(definedEnvName, anyText(MAX_ENV_VALUE))
    .refine((env) => Object.keys(env).length <= 256, 'must not have more than 256 names'),
  envFrom: unique(z.array(passedOnName).max(256)).describe("Names passed on from the supervisor's own environment"),
  tags: tagsSchema,
  capabilities: capabilitiesSchema,
  healthUrl: httpUrl.nullable(),
  endpoint: httpUrl.nullable().describe('Where a routed task is to be sent'),
  apiRole: z.enum(['viewer', 'operator']).nullable().describe('What its own token may do beyond its heartbeat'),
  maxMemoryMb: z.number().positive().max(16_777_216).nullable(),
  autostart: z.boolean(),
  policy: policySchema,
};

/** A whole definition as POST /api/agents takes it: one schema is type, validator and OpenAPI. */
export const agentDefinitionSchema = z.strictObject({
  agentId: agentIdSchema,
  name: members.name,
  entryPoint: members.entryPoint,
  args: members.args.default([]),
  interpreter: members.interpreter.default(null),
  cwd: members.cwd.default(null),
  env: members.env.default({}),
  envFrom: members.envFrom.default([]),
  tags: members.tags.default([]),
  capabilities: members.capabilities.default([]),
  healthUrl: members.healthUrl.default(null),
  endpoint: members.endpoint.default(null),
  apiRole: members.apiRole.default(null),
  maxMemoryMb: members.maxMemoryMb.default(null),
  autostart: members.autostart.default(false),
  policy: members.policy.default({}),
});

/** What PATCH /api/agents/:id takes: any members but the id; in `env`, null removes a name and "***" keeps its value. */
export const agentPatchSchema = z
  .strictObject({
    ...members,
    env: z.record(definedEnvName, anyText(MAX_ENV_VALUE).nullable()),
  })
  .partial();

/** A definition with every member present; the members are frozen all the way down once registered. */
export type AgentDefinition = Readonly<z.output<typeof agentDefinitionSchema>>;

/** A definition as a caller gives it: what has a default may be left out. */
export type AgentDefinitionInput = z.input<typeof agentDefinitionSchema>;

export type AgentPatch = Readonly<z.output<typeof agentPatchSchema>>;

/** The members that a running process was launched with: a change of one needs a new launch to take effect. */
export const LAUNCH_MEMBERS = ['entryPoint', 'args', 'interpreter', 'cwd', 'env', 'envFrom', 'name'] as const;

/** True when it is watched and routed to, but never launched by us. */
export function isExternal(definition: Pick<AgentDefinition, 'entryPoint'>): boolean {
  return definition.entryPoint === null;
}
