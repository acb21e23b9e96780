// Sample agent in Node: summarizes a text by its most significant sentences, without a language model.
import { createServer } from 'node:http';
import { Agent } from './agent-spawner.mjs';

const MAX_BODY = 1_000_000;
const STOP_WORDS = new Set(
  'a an and are as at be but by for from has have in is it its of on or that the to was were will with'.split(' '),
);
const began = process.uptime();
const agent = new Agent();

/** Returns the sentences with the most frequent words of the text, in their original order. */
function summarize({ text, sentences = 2 }) {
  if (typeof text !== 'string' || text.trim() === '') throw new RangeError('input.text must be a text');
  if (!Number.isInteger(sentences) || sentences < 1)
    throw new RangeError('input.sentences must be a whole number from 1');
  const all = text
    .match(/[^.!?]+[.!?]*/g)
    .map((sentence) => sentence.trim())
    .filter(Boolean);
  const wordsOf = (sentence) =>
    (sentence.toLowerCase().match(/\p{L}{2,}/gu) ?? []).filter((word) => !STOP_WORDS.has(word));
  const counts = new Map();
  for (const word of all.flatMap(wordsOf)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const weight = (sentence) => {
    const words = wordsOf(sentence);
    return words.reduce((sum, word) => sum + counts.get(word), 0) / Math.max(1, words.length);
  };
  const chosen = new Set([...all].sort((left, right) => weight(right) - weight(left)).slice(0, sentences));
  return { summary: all.filter((sentence) => chosen.has(sentence)).join(' '), sentences: all.length };
}

const TASKS = { 'text.summarize': summarize };

async function readBody(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > MAX_BODY) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function handle(request) {
  const path = request.url.split('?')[0];
  if (request.method === 'GET' && path === '/health') {
    const { AGENT_ID: agentId = null, AGENT_RUN_ID: runId = null } = process.env;
    const state = agent.health();
    const uptimeSeconds = process.uptime() - began;
    const body = { ...state, agentId, runId, uptimeSeconds, tasks: Object.keys(TASKS) };
    return [state.status === 'failing' ? 503 : 200, body];
  }
  if (request.method !== 'POST' || path !== '/tasks') return [404, { error: 'GET /health or POST /tasks' }];
  // Browsers add this header. A page that the operator visits must not be able to give this agent tasks.
  if (request.headers.origin) return [403, { error: 'requests of web pages are refused' }];
  const content = await readBody(request);
  if (content === null) return [413, { error: `the body may have up to ${MAX_BODY} bytes` }];
  let body;
  try {
    body = JSON.parse(content);
  } catch {
    return [400, { error: 'the body is not JSON' }];
  }
  const { taskType, input = {} } = body ?? {};
  if (!Object.hasOwn(TASKS, taskType ?? ''))
    return [422, { error: `taskType must be one of ${Object.keys(TASKS).join(', ')}` }];
  try {
    const result = await agent.task(taskType, () => TASKS[taskType](input));
    return [200, { taskType, result }];
  } catch (error) {
    if (error instanceof RangeError) return [422, { error: error.message }];
    throw error;
  }
}

const server = createServer((request, response) => {
  handle(request)
    .catch((error) => {
      console.error(error);
      return [500, { error: 'the task failed' }];
    })
    .then(([status, body]) => {
      const headers = {
        'content-type': 'application/json; charset=utf-8',
        ...(status === 413 ? { connection: 'close' } : {}),
      };
      response.writeHead(status, headers).end(JSON.stringify(body));
    });
});

server.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  console.log(`${process.env.AGENT_ID ?? 'text_summary_agent'} listens on ${url}`);
  agent.start({ endpoint: url, healthUrl: `${url}/health` });
});

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    server.close(() => process.exit(0));
    server.closeAllConnections();
  });
}
