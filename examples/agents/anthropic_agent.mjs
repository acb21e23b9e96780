// Agent with the Anthropic client: answers the questions in its arguments, with a tool, and is finished.
// Environment: ANTHROPIC_API_KEY, MODEL. Register it with "policy": {"restart": "on-failure"}: exit 0 means finished.
import Anthropic from '@anthropic-ai/sdk';
import { Agent } from './agent-spawner.mjs';

const STOCK = { apples: 12, pears: 0 };
const TOOLS = [
  {
    name: 'look_up_stock',
    description: 'Returns how many pieces of a product are in stock.',
    input_schema: { type: 'object', properties: { product: { type: 'string' } }, required: ['product'] },
  },
];

const agent = new Agent();
const client = new Anthropic({ timeout: 60_000, maxRetries: 2 }); // a call without a time limit can hang forever
agent.start();

async function answer(question) {
  const messages = [{ role: 'user', content: question }];
  for (;;) {
    const model = process.env.MODEL ?? 'claude-sonnet-5-5';
    const reply = await client.messages.create({ model, max_tokens: 1024, tools: TOOLS, messages });
    agent.tokens(reply.usage.input_tokens + reply.usage.output_tokens);
    if (reply.stop_reason !== 'tool_use') return reply.content.find(({ type }) => type === 'text')?.text ?? '';
    const calls = reply.content.filter(({ type }) => type === 'tool_use');
    const results = calls.map(({ id, name, input }) => {
      agent.action(name, input); // progress, unless the model repeats itself
      return { type: 'tool_result', tool_use_id: id, content: String(STOCK[input.product] ?? 'unknown product') };
    });
    messages.push({ role: 'assistant', content: reply.content }, { role: 'user', content: results });
  }
}

for (const question of process.argv.slice(2)) {
  await agent.task(question, async () => console.log(await answer(question)));
}
