// Sends heartbeats to agent-spawner, for any agent in Node; no packages.
//
//   const beat = new Heartbeat();
//   beat.start({ endpoint: url, healthUrl: `${url}/health` });
//   await beat.working('text.summarize', async () => { ... });
//
// If agent-spawner is down, slow or rejects a heartbeat, the agent keeps running and is not blocked.

const TIMEOUT_MS = 3000;
const FIRST_RETRY_MS = 200;

export class Heartbeat {
  #target;
  #token;
  #intervalMs;
  #state = { status: 'ok', busy: false };
  #timer;
  #retryMs = FIRST_RETRY_MS;
  #failing = false;
  #sending = false;
  #dirty = false;

  constructor(env = process.env) {
    this.#target = env.AGENT_SPAWNER_URL && `${env.AGENT_SPAWNER_URL}/api/agents/${env.AGENT_ID}/heartbeat`;
    this.#token = env.AGENT_TOKEN ?? '';
    this.#intervalMs = Number(env.HEARTBEAT_SECONDS ?? 10) * 1000;
  }

  start(announced) {
    this.#update(announced);
  }

  stop() {
    this.#target = undefined;
    clearTimeout(this.#timer);
  }

  progress() {
    this.#state.progress = (this.#state.progress ?? 0) + 1;
  }

  async working(task, work) {
    this.#update({ task, busy: true });
    try {
      return await work();
    } finally {
      this.#update({ busy: false });
    }
  }

  #update(changes) {
    Object.assign(this.#state, changes);
    this.#dirty = true;
    if (!this.#failing) void this.#beat();
  }

  async #beat() {
    if (this.#target === undefined || this.#sending) return;
    this.#sending = true;
    clearTimeout(this.#timer);
    this.#dirty = false;
    const ok = await this.#send();
    this.#sending = false;
    if (this.#target === undefined) return;
    const waitMs = ok ? (this.#dirty ? 0 : this.#intervalMs) : Math.min(this.#intervalMs, this.#retryMs);
    this.#retryMs = ok ? FIRST_RETRY_MS : this.#retryMs * 2;
    this.#timer = setTimeout(() => this.#beat(), waitMs);
    this.#timer.unref();
  }

  async #send() {
    try {
      const response = await fetch(this.#target, {
        method: 'POST',
        headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
        body: JSON.stringify(this.#state),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      if (this.#failing) console.error('heartbeat recovered');
      this.#failing = false;
      return true;
    } catch (error) {
      if (!this.#failing) console.error(`heartbeat failed, will retry: ${error.message}`);
      this.#failing = true;
      return false;
    }
  }
}
