import { pause } from './faults';
import { STUBBORN, type World } from './world';

/** Time within which a command in progress may kill a process. */
const COMMAND_MS = 15_000;

/** The acknowledged state of an agent. Null: the outcome of the last command is unknown. */
interface Acknowledged {
  desired: 'running' | 'stopped' | null;
  name: string | null;
}

/** Starts, stops, restarts, renames, registers and removes agents during the faults. Keeps what was acknowledged. */
export class Operator {
  readonly violations: string[] = [];
  acknowledged = 0;
  private readonly agents = new Map<string, Acknowledged>();
  private readonly extras = new Map<string, boolean | null>();
  private count = 0;

  constructor(private readonly world: World) {
    for (const { agentId } of world.victims) this.agents.set(agentId, { desired: 'running', name: agentId });
  }

  /** Sends one random command after another until `isOver` returns true. */
  async work(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await this.act();
      await pause(300 + this.world.random() * 1_700);
    }
  }

  /** Starts every agent, so that at the end each one must run. */
  async startAll(): Promise<void> {
    for (const agentId of this.agents.keys()) {
      this.world.checker.mayRun(agentId);
      await this.world.service.api.request('POST', `/api/agents/${agentId}/circuit-reset`);
      await this.world.service.api.request('POST', `/api/agents/${agentId}/spawn`);
    }
  }

  /** Compares the acknowledged state with the actual one. */
  async compare(): Promise<void> {
    const views = new Map((await this.world.service.api.agents()).map((view) => [view.agentId, view]));
    for (const [agentId, { desired, name }] of this.agents) {
      const view = views.get(agentId);
      if (view === undefined) this.violations.push(`lost: ${agentId} is not registered`);
      else if (name !== null && view.name !== name) this.violations.push(`lost: the name "${name}" of ${agentId}`);
      else if (desired !== null && view.desiredState !== desired)
        this.violations.push(`lost: the desired state of ${agentId} is ${view.desiredState}, not ${desired}`);
    }
    for (const [agentId, isThere] of this.extras)
      if (isThere !== null && views.has(agentId) !== isThere)
        this.violations.push(`lost: ${agentId} was ${isThere ? 'registered' : 'removed'}`);
    for (const { agentId, pid } of this.world.checker.living())
      if (!views.has(agentId)) this.violations.push(`no route can stop ${agentId}, pid ${pid}: it is not registered`);
    const seqs = (await this.world.service.api.events()).map(({ seq }) => seq);
    const gap = seqs.findIndex((seq, index) => seq !== index + 1);
    if (gap >= 0) this.violations.push(`lost: event ${gap + 1}`);
  }

  private async act(): Promise<void> {
    const victim = this.world.draw(this.world.victims);
    if (victim === undefined) return;
    const { agentId } = victim;
    const draw = this.world.random();
    // The agents that ignore SIGTERM must be running when the supervisor is killed.
    if (draw < 0.2 && !STUBBORN.includes(agentId)) await this.command(agentId, 'terminate', 'stopped');
    else if (draw < 0.55) await this.command(agentId, 'spawn', 'running');
    else if (draw < 0.65) await this.command(agentId, 'restart', 'running');
    else if (draw < 0.8) await this.rename(agentId);
    else if (draw < 0.92) await this.registerExtra();
    else await this.removeExtra();
  }

  private async command(agentId: string, what: string, desired: 'running' | 'stopped'): Promise<void> {
    const agent = this.agents.get(agentId);
    if (agent === undefined) return;
    // A start kills no process.
    if (what !== 'spawn') this.world.touch(agentId, COMMAND_MS);
    // Until the answer arrives, the outcome is unknown.
    this.world.checker.mayRun(agentId);
    const before = agent.desired;
    agent.desired = null;
    const status = await this.ask('POST', `/api/agents/${agentId}/${what}`);
    this.world.say(`request: ${what} ${agentId}: ${status}`);
    if (status === 200) {
      agent.desired = desired;
      if (desired === 'stopped') this.world.checker.mustStay(agentId);
    } else if (status !== 0 && status < 500) {
      agent.desired = before;
      if (before === 'stopped') this.world.checker.mustStay(agentId);
    }
  }

  private async rename(agentId: string): Promise<void> {
    const agent = this.agents.get(agentId);
    if (agent === undefined) return;
    const name = `${agentId} ${(this.count += 1)}`;
    const before = agent.name;
    agent.name = null;
    const status = await this.ask('PATCH', `/api/agents/${agentId}`, { name });
    if (status === 200) agent.name = name;
    else if (status !== 0 && status < 500) agent.name = before;
  }

  private async registerExtra(): Promise<void> {
    const agentId = `extra-${(this.count += 1)}`;
    this.extras.set(agentId, null);
    const status = await this.ask('POST', '/api/agents', {
      ...{ agentId, name: agentId, entryPoint: 'sleeper.sh' },
      env: { AGENTS_OF: this.world.service.home.pm2Home },
    });
    if (status !== 201) return;
    this.extras.set(agentId, true);
    // Some agents are thus removed during their start.
    if (this.world.random() < 0.7) void this.ask('POST', `/api/agents/${agentId}/spawn`);
  }

  private async removeExtra(): Promise<void> {
    const agentId = this.world.draw([...this.extras].filter(([, isThere]) => isThere === true).map(([id]) => id));
    if (agentId === undefined) return;
    this.extras.set(agentId, null);
    const status = await this.ask('DELETE', `/api/agents/${agentId}`);
    if (status === 204) this.extras.set(agentId, false);
    else if (status !== 0 && status < 500) this.extras.set(agentId, true);
  }

  /** Sends a request. @returns the status, or 0 without an answer */
  private async ask(method: string, path: string, body?: unknown): Promise<number> {
    try {
      const { status } = await this.world.service.api.request(method, path, body);
      if (status < 300) this.acknowledged += 1;
      return status;
    } catch {
      return 0;
    }
  }
}
