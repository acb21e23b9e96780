// Agent with the OpenAI client: accepts tasks over HTTP, so that agent-spawner can route tasks to it.
// Environment: OPENAI_API_KEY, MODEL. A task: POST /tasks {"taskType": "text.translate", "input": {"text", "language"}}
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import OpenAI from 'openai';
import { Agent } from './agent-spawner.mjs';

const agent = new Agent();
const client = new OpenAI({ timeout: 60_000, maxRetries: 2 }); // a call without a time limit can hang forever

async function translate({ text, language }) {
  const reply = await client.chat.completions.create({
    model: process.env.MODEL ?? 'gpt-5.4-mini',
    messages: [
      { role: 'system', content: `Translate into ${language}. Answer with the translation alone.` },
      { role: 'user', content: text },
    ],
  });
  agent.tokens(reply.usage?.total_tokens);
  agent.progress();
  return { translation: reply.choices[0].message.content };
}

const server = createServer(async (request, response) => {
  const reply = (status, body) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  // Browsers send an origin. A page that the operator visits must not be able to spend tokens.
  if (request.url !== '/tasks' || request.headers.origin) return reply(404, { error: 'POST /tasks' });
  try {
    const { taskType, input } = await json(request);
    if (taskType !== 'text.translate') return reply(422, { error: 'taskType must be text.translate' });
    const result = await agent.task(taskType, () => translate(input));
    agent.status('ok');
    return reply(200, { taskType, result });
  } catch (error) {
    console.error(error);
    agent.status('degraded', error.message);
    return reply(502, { error: 'the task failed' });
  }
});
server.listen(0, '127.0.0.1', () => agent.start({ endpoint: `http://127.0.0.1:${server.address().port}` }));
process.once('SIGTERM', () => server.close(() => process.exit(0))); // finishes the tasks that it has begun
