// Connects a Node agent to agent-spawner: health, heartbeats, progress, tokens. Copy this file; it needs no package.
//
//   const agent = new Agent();                    // reads the environment; in a manual run it sends nothing
//   agent.start();                                // or start({ endpoint }), the URL where it accepts tasks
//   await agent.task('crawl shop', async () => {  // busy until the promise settles
//     agent.action('search', { q: 'shoes' });     // progress only if this action is new, so that a loop is detected
//     agent.tokens(1200);                         // tokens used since the last call
//   });
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';

const plain = (text) => `${text}`.slice(0, 1000).replace(/[\p{C}\p{Z}]/gu, ' '); // others are refused

/** Reports without blocking the agent or keeping its process alive. A failed heartbeat is retried and never throws. */
export class Agent {
  #env;
  #state = { status: 'ok', message: '', progress: 0, tokensUsed: 0 };
  #tasks = [];
  #actions = [];
  #onNews = () => undefined;
  constructor(env = process.env) {
    const { AGENT_RESTART_COUNT = '0', AGENT_RESTART_REASON = '', AGENT_LAST_TASK = '' } = (this.#env = env);
    this.restartCount = Number(AGENT_RESTART_COUNT);
    [this.restartReason, this.lastTask] = [AGENT_RESTART_REASON, AGENT_LAST_TASK];
  }

  /** Starts the heartbeats. Serves a health check on a free port, unless the agent already has one. */
  start({ endpoint = null, healthUrl = null } = {}) {
    if (!this.#env.AGENT_SPAWNER_URL) return;
    const begin = (url) => void this.#sendHeartbeats(Object.assign(this.#state, { endpoint, healthUrl: url }));
    if (healthUrl || this.#env.AGENT_HEALTH_URL) begin(healthUrl);
    else this.#serveHealth(begin);
  }
  /** Reports the agent as busy until the work is done. If tasks overlap, the heartbeat names the latest one. */
  task(name, work) {
    this.#onNews(this.#tasks.push(plain(name)));
    const end = () => this.#onNews(this.#tasks.splice(this.#tasks.indexOf(plain(name)), 1));
    return Promise.resolve().then(work).finally(end);
  }
  /** Counts as progress unless it is among the last 256 different actions. Returns true if it counts. */
  action(tool, args = null) {
    const text = inspect([tool, args], { depth: null, sorted: true, maxArrayLength: null, maxStringLength: null });
    const key = createHash('sha256').update(text).digest('hex');
    const isNew = !this.#actions.includes(key);
    this.#actions = [...this.#actions.filter((each) => each !== key).slice(-255), key];
    if (isNew) this.progress();
    return isNew;
  }
  progress = (steps = 1) => this.#onNews((this.#state.progress += steps));
  tokens = (count) => this.#onNews((this.#state.tokensUsed += Math.round(count || 0)));
  /** Takes ok, degraded or failing. While it is failing, the health check answers 503. */
  status = (status, message = '') => this.#onNews(Object.assign(this.#state, { status, message: plain(message) }));
  health = () => ({ ...this.#state, busy: this.#tasks.length > 0, task: this.#tasks.at(-1) ?? null });

  async #sendHeartbeats() {
    const { AGENT_SPAWNER_URL, AGENT_ID, AGENT_TOKEN, HEARTBEAT_SECONDS = 10 } = this.#env;
    const [url, intervalMs] = [`${AGENT_SPAWNER_URL}/api/agents/${AGENT_ID}/heartbeat`, HEARTBEAT_SECONDS * 1000];
    const headers = { authorization: `Bearer ${AGENT_TOKEN}`, connection: 'close', 'content-type': 'application/json' };
    for (let [fault, retryMs] = ['', 100]; ; retryMs = fault ? Math.min(retryMs * 2, intervalMs) : 100) {
      const news = new Promise((resolve) => (this.#onNews = resolve));
      const [body, signal, before] = [JSON.stringify(this.health()), AbortSignal.timeout(3000), fault];
      fault = await fetch(url, { method: 'POST', headers, body, signal })
        .then(async (answer) => (answer.ok ? '' : `HTTP ${answer.status} ${(await answer.text()).slice(0, 500)}`))
        .catch((error) => String(error.cause ?? error));
      if (!fault !== !before) console.error(fault ? `heartbeat failed, retrying: ${fault}` : 'heartbeats work again');
      await sleep(retryMs, null, { ref: !fault }); // changes in the meantime share the next heartbeat
      if (!fault) await Promise.race([news, sleep(intervalMs, null, { ref: false })]);
    }
  }

  #serveHealth(onReady) {
    const body = () => JSON.stringify({ ...this.health(), agentId: this.#env.AGENT_ID });
    const isFailing = () => this.#state.status === 'failing';
    const server = createServer((_, response) => response.writeHead(isFailing() ? 503 : 200).end(body()));
    server.on('connection', (socket) => socket.unref());
    server.listen(0, '127.0.0.1', () => onReady(`http://127.0.0.1:${server.address().port}/health`)).unref();
  }
}
