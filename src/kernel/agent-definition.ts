import { z } from 'zod';
import { healthHeadersPatchSchema, healthHeadersSchema } from './health-headers';
import { anyText, httpUrl, text, plainText } from './text';
import { policySchema } from './policy';

/** Pattern of an agent id. The id names a PM2 process and a log file, and is part of a URL. */
export const AGENT_ID_PATTERN = /^[a-z0-9][a-z0-9-]{0,62}$/;

/**
 * Prefixes that an agent's `env` must not use: `AGENT_` is set by the supervisor, `PM2_` is read by PM2, and `LD_` and
 * `DYLD_` are read by the dynamic linker.
 */
const RESERVED_ENV_NAME = /^(?:AGENT_|PM2_|LD_|DYLD_)/;
const ENV_NAME = /^[A-Z_][A-Z0-9_]{0,127}$/;
const CAPABILITY = /^[a-zA-Z0-9][a-zA-Z0-9_-]*(?:\.[a-zA-Z0-9][a-zA-Z0-9_-]*)*(?:\.\*)?$/;
const TAG = /^[a-zA-Z0-9][a-zA-Z0-9_.:-]{0,62}$/;
const MAX_ENV_VALUE = 32_768;

export const agentIdSchema = z
  .string()
  .regex(AGENT_ID_PATTERN, 'must be 1 to 63 characters of a-z, 0-9 and -, and not begin with -')
  .describe('Name of the agent in URLs, in PM2 and in log files');

const envName = z.string().regex(ENV_NAME, 'must match ^[A-Z_][A-Z0-9_]*$');
const passedOnName = envName.refine(
  (name) => !/^(?:AGENT_|PM2_)/.test(name),
  'must not begin with AGENT_ or PM2_, because the supervisor sets these variables for each agent',
);
const definedEnvName = envName.refine(
  (name) => !RESERVED_ENV_NAME.test(name),
  'must not begin with AGENT_, PM2_, LD_ or DYLD_',
);

const unique = <T extends z.ZodType<readonly string[]>>(schema: T) =>
  schema.refine((list) => new Set(list).size === list.length, 'must not contain duplicates');

export const capabilitiesSchema = unique(
  z
    .array(
      z
        .string()
        .max(128)
        .regex(CAPABILITY, 'must look like content.generate, or like content.* for all capabilities below content'),
    )
    .max(256),
).describe('Task types that the agent can do: exact ones, or a wildcard such as content.*');

export const tagsSchema = unique(z.array(z.string().regex(TAG, 'must be 1 to 63 letters, digits and . _ : -')).max(64));

/** Every member of a definition except its id. PATCH may change each of them. */
const members = {
  name: text(200).describe('Display name'),
  entryPoint: text(1024).nullable().describe('Program or script inside AGENTS_DIR; null: external, never launched'),
  args: z.array(plainText(8192)).max(256),
  interpreter: text(255)
    .nullable()
    .describe('One of INTERPRETERS, or a path below AGENTS_DIR; null: derived from the entry point'),
  cwd: text(1024).nullable().describe('Working directory inside AGENTS_DIR; null: the folder of the entry point'),
  env: z
    .record(definedEnvName, anyText(MAX_ENV_VALUE))
    .refine((env) => Object.keys(env).length <= 256, 'must not have more than 256 names'),
  envFrom: unique(z.array(passedOnName).max(256)).describe(
    "Names of variables that are passed on from the supervisor's environment",
  ),
  tags: tagsSchema,
  capabilities: capabilitiesSchema,
  healthUrl: httpUrl.nullable(),
  healthHeaders: healthHeadersSchema,
  endpoint: httpUrl.nullable().describe('URL that accepts routed tasks'),
  apiRole: z
    .enum(['viewer', 'operator'])
    .nullable()
    .describe('Role of its own token; null: the token only sends heartbeats'),
  maxMemoryMb: z.number().positive().max(16_777_216).nullable(),
  autostart: z.boolean(),
  policy: policySchema,
};

/**
 * Definition as POST /api/agents accepts it. This one schema is the type, the validator and the OpenAPI description.
 */
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
  healthHeaders: members.healthHeaders.default({}),
  endpoint: members.endpoint.default(null),
  apiRole: members.apiRole.default(null),
  maxMemoryMb: members.maxMemoryMb.default(null),
  autostart: members.autostart.default(false),
  policy: members.policy.default({}),
});

/**
 * Body of PATCH /api/agents/:id: any members except the id. In `env` and `healthHeaders`, null removes a name and "***"
 * keeps its value.
 */
export const agentPatchSchema = z
  .strictObject({
    ...members,
    env: z.record(definedEnvName, anyText(MAX_ENV_VALUE).nullable()),
    healthHeaders: healthHeadersPatchSchema,
  })
  .partial();

/** Definition with every member present. The registry freezes its members deeply. */
export type AgentDefinition = Readonly<z.output<typeof agentDefinitionSchema>>;

/** Definition as a caller gives it: members that have a default may be omitted. */
export type AgentDefinitionInput = z.input<typeof agentDefinitionSchema>;

export type AgentPatch = Readonly<z.output<typeof agentPatchSchema>>;

/** Members that a running process was launched with. A change to one of them takes effect at the next launch. */
export const LAUNCH_MEMBERS = ['entryPoint', 'args', 'interpreter', 'cwd', 'env', 'envFrom', 'name'] as const;

/** Returns true if the interpreter is given as a path below AGENTS_DIR, not by its name. */
export function isInterpreterPath(interpreter: string): boolean {
  return interpreter.includes('/');
}

/** Returns true if the agent is watched and routed to, but never launched by the supervisor. */
export function isExternal(definition: Pick<AgentDefinition, 'entryPoint'>): boolean {
  return definition.entryPoint === null;
}
