import {
  acceptedContent,
  CLIENT_CAPABILITIES_META_KEY,
  createRequestStateCodec,
  inputRequired,
  inputResponse,
  type McpServer,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { z } from 'zod';

/** Signs the state that a client carries from round to round. */
export const stateCodec = createRequestStateCodec<{ readonly round: number }>({ key: 'k'.repeat(32) });

const nameSchema = z.object({ name: z.string() });
const say = (text: string) => ({ content: [{ type: 'text' as const, text }] });
const ask = (message: string, requestedSchema: z.ZodObject) => inputRequired.elicit({ message, requestedSchema });
const sample = (text: string, maxTokens: number) =>
  inputRequired.createMessage({ messages: [{ role: 'user', content: { type: 'text', text } }], maxTokens });
const roundOf = ({ mcpReq }: ServerContext) => mcpReq.requestState<{ round: number }>()?.round ?? 0;

const ENUMS = {
  untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
  titledSingle: {
    type: 'string',
    oneOf: [1, 2, 3].map((each) => ({ const: `value${each}`, title: `Option ${each}` })),
  },
  legacyEnum: {
    type: 'string',
    enum: ['opt1', 'opt2', 'opt3'],
    enumNames: ['Option One', 'Option Two', 'Option Three'],
  },
  untitledMulti: { type: 'array', items: { type: 'string', enum: ['option1', 'option2', 'option3'] } },
  titledMulti: {
    type: 'array',
    items: { anyOf: [1, 2, 3].map((each) => ({ const: `value${each}`, title: `${each}` })) },
  },
} as const;

const DEFAULTS = {
  name: { type: 'string', default: 'John Doe' },
  age: { type: 'integer', default: 30 },
  score: { type: 'number', default: 95.5 },
  status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
  verified: { type: 'boolean', default: true },
} as const;

/** Registers the fixture tools that ask the client for something, in the old revision and in the new one. */
export function registerInputs(server: McpServer): void {
  registerOldRequests(server);
  registerSingleRounds(server);
  registerManyRounds(server);
}

/** Tools that the suite calls in the old revision. Without sessions they cannot reach the client. */
function registerOldRequests(server: McpServer): void {
  const tool = (name: string, message: string, properties: Record<string, unknown>) => {
    server.registerTool(name, { description: name }, ({ mcpReq }) => {
      const answer = inputResponse(mcpReq.inputResponses, 'asked');
      if (answer.kind === 'elicit') return say(`Elicitation completed: action=${answer.action}`);
      const requestedSchema = { type: 'object' as const, properties: properties as Record<string, never> };
      return inputRequired({ inputRequests: { asked: inputRequired.elicit({ message, requestedSchema }) } });
    });
  };
  tool('test_elicitation', 'Who are you?', { username: { type: 'string' }, email: { type: 'string' } });
  tool('test_elicitation_sep1034_defaults', 'Defaults', DEFAULTS);
  tool('test_elicitation_sep1330_enums', 'Enums', ENUMS);
  server.registerTool('test_streaming_elicitation', { description: 'streams, then asks' }, async ({ mcpReq }) => {
    const progressToken = mcpReq._meta?.progressToken ?? 'none';
    await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress: 1 } });
    return inputRequired({ inputRequests: { asked: ask('What is your name?', nameSchema) } });
  });
  for (const name of ['test_sampling', 'test_missing_capability']) {
    server.registerTool(name, { description: name }, ({ mcpReq }) => {
      const answer = inputResponse(mcpReq.inputResponses, 'sampled');
      if (answer.kind === 'sampling') return say('LLM response: sampled');
      return inputRequired({ inputRequests: { sampled: sample('prompt', 100) } });
    });
  }
}

function registerSingleRounds(server: McpServer): void {
  server.registerTool('test_input_required_result_elicitation', { description: 'asks' }, ({ mcpReq }) => {
    const named = acceptedContent(mcpReq.inputResponses, 'user_name', nameSchema);
    if (named !== undefined) return say(`Hello, ${named.name}!`);
    return inputRequired({ inputRequests: { user_name: ask('What is your name?', nameSchema) } });
  });
  server.registerTool('test_input_required_result_sampling', { description: 'samples' }, ({ mcpReq }) => {
    const answer = inputResponse(mcpReq.inputResponses, 'capital_question');
    if (answer.kind === 'sampling') return say(JSON.stringify(answer.result.content));
    return inputRequired({ inputRequests: { capital_question: sample('What is the capital of France?', 100) } });
  });
  server.registerTool('test_input_required_result_list_roots', { description: 'lists' }, ({ mcpReq }) => {
    const answer = inputResponse(mcpReq.inputResponses, 'client_roots');
    if (answer.kind === 'roots') return say(answer.roots.map(({ uri }) => uri).join(' '));
    return inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } });
  });
  server.registerTool(
    'test_input_required_result_capabilities',
    { description: 'asks for what it may' },
    ({ mcpReq }) => {
      const envelope: Readonly<Record<string, unknown>> = { ...mcpReq.envelope };
      const capabilities = Object(envelope[CLIENT_CAPABILITIES_META_KEY]) as object;
      return inputRequired({
        inputRequests: {
          ...('sampling' in capabilities ? { sampled: sample('prompt', 10) } : {}),
          ...('elicitation' in capabilities ? { asked: ask('Name?', nameSchema) } : {}),
        },
      });
    },
  );
  server.registerPrompt('test_input_required_result_prompt', { description: 'asks' }, ({ mcpReq }) => {
    const given = acceptedContent(mcpReq.inputResponses, 'user_context');
    if (given !== undefined)
      return { messages: [{ role: 'user' as const, content: { type: 'text' as const, text: JSON.stringify(given) } }] };
    const context = z.object({ context: z.string() });
    return inputRequired({ inputRequests: { user_context: ask('What context should the prompt use?', context) } });
  });
}

function registerManyRounds(server: McpServer): void {
  const confirm = z.object({ ok: z.boolean() });
  for (const name of ['test_input_required_result_request_state', 'test_input_required_result_tampered_state']) {
    server.registerTool(name, { description: name }, async (context) => {
      if (roundOf(context) === 1) return say('state-ok');
      const requestState = await stateCodec.mint({ round: 1 });
      return inputRequired({ inputRequests: { confirm: ask('Please confirm', confirm) }, requestState });
    });
  }
  server.registerTool('test_input_required_result_multiple_inputs', { description: 'asks thrice' }, async (context) => {
    if (roundOf(context) === 1) return say('all given');
    return inputRequired({
      inputRequests: {
        user_name: ask('What is your name?', nameSchema),
        greeting: sample('Generate a greeting', 50),
        client_roots: inputRequired.listRoots(),
      },
      requestState: await stateCodec.mint({ round: 1 }),
    });
  });
  server.registerTool('test_input_required_result_multi_round', { description: 'asks twice' }, async (context) => {
    const round = roundOf(context);
    const requestState = await stateCodec.mint({ round: round + 1 });
    if (round === 0)
      return inputRequired({ inputRequests: { step1: ask('Step 1: What is your name?', nameSchema) }, requestState });
    const color = z.object({ color: z.string() });
    if (round === 1)
      return inputRequired({
        inputRequests: { step2: ask('Step 2: What is your favorite color?', color) },
        requestState,
      });
    return say('done');
  });
}
