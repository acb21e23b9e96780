import { reboot } from './faults/reboot';
import type { SimulatedSystem } from './simulated-system';
import { drawWeighted } from './weighted-draw';

/** Possible actions of a step, each with its weight. */
const DEEDS = [
  [16, 'crash'],
  [10, 'start'],
  [6, 'stop'],
  [6, 'restart'],
  [2, 'reset'],
  [4, 'register'],
  [3, 'unregister'],
  [4, 'patch'],
  [2, 'patch between restarts'],
  [5, 'two at once'],
  [8, 'shell'],
  [8, 'fate of a launch'],
  [5, 'service killed'],
  [2, 'service shut down'],
  [5, 'service frozen'],
  [5, 'hang'],
  [2, 'blip'],
  [3, 'unkillable'],
  [4, 'daemon killed'],
  [4, 'daemon frozen'],
  [4, 'database away'],
  [3, 'commits refused'],
  [3, 'writes failing'],
  [5, 'commit in doubt'],
  [1, 'daemon ended'],
  [1, 'reboot'],
] as const;
type Deed = (typeof DEEDS)[number][1];

/** Requests that two operators may send at once. */
const REQUESTS = ['start', 'stop', 'restart', 'reset', 'register', 'unregister', 'patch'] as const;
type Request = (typeof REQUESTS)[number] | 'patchBetweenRestarts';

/** Draws what happens in each step: a fault, or a command of an operator. */
export class Deeds {
  constructor(private readonly system: SimulatedSystem) {}

  /** Does one deed to an agent, and what the parts with a random stream of their own draw. Called once a step. */
  act(): void {
    const { context, controls, strays, fatalCauses } = this.system;
    const { agents, draw } = context;
    const agentId = agents[Math.floor(draw(agents.length))] ?? 'a';
    this.deeds[drawWeighted(DEEDS, draw)](agentId);
    controls.act();
    strays.act();
    fatalCauses.act();
  }

  private readonly deeds: Readonly<Record<Deed, (agentId: string) => void>> = {
    crash: (agentId) => this.system.agentFaults.crash(agentId),
    start: (agentId) => this.send('start', agentId),
    stop: (agentId) => this.send('stop', agentId),
    restart: (agentId) => this.send('restart', agentId),
    reset: (agentId) => this.send('reset', agentId),
    register: (agentId) => this.send('register', agentId),
    unregister: (agentId) => this.send('unregister', agentId),
    patch: (agentId) => this.send('patch', agentId),
    'patch between restarts': (agentId) => this.send('patchBetweenRestarts', agentId),
    'two at once': (agentId) => this.sendTwoAtOnce(agentId),
    shell: (agentId) => this.actInShell(agentId),
    'fate of a launch': (agentId) => this.system.launches.choose(agentId),
    'service killed': () => this.system.lifecycle.kill(),
    'service shut down': () => this.system.lifecycle.shutDown(),
    'service frozen': () => this.system.freezes.freeze(this.system.lifecycle.current, this.system.context.random),
    hang: (agentId) => this.system.illness.strike(agentId, 'hang'),
    blip: (agentId) => this.system.illness.strike(agentId, 'blip'),
    unkillable: (agentId) => this.system.agentFaults.resistKills(agentId),
    'daemon killed': () => this.system.daemon.kill(),
    'daemon frozen': () => this.system.daemon.freeze(),
    'daemon ended': () => this.system.daemon.end(),
    'database away': () => this.system.database.goAway(),
    'commits refused': () => this.system.database.refuseCommits(),
    'writes failing': (agentId) => this.system.database.failWrites(agentId),
    'commit in doubt': () => this.system.database.loseNextCommit(),
    reboot: () => reboot(this.system.context, this.system),
  };

  private send(request: Request, agentId: string): void {
    const { daemon, operators } = this.system;
    if (!daemon.isUpdating()) operators[request](agentId);
  }

  /** Lets two operators act on one agent at the same moment, at the API or in a shell. */
  private sendTwoAtOnce(agentId: string): void {
    const { context, daemon, operators } = this.system;
    for (let count = 0; count < 2; count += 1) {
      const request = REQUESTS[Math.floor(context.draw(REQUESTS.length + 2))];
      if (request !== undefined) this.send(request, agentId);
      else if (!daemon.isUpdating()) operators.actInShellMeanwhile(agentId);
    }
  }

  private actInShell(agentId: string): void {
    const { context, requests, daemon, lifecycle, shell } = this.system;
    if (requests.waitingFor(agentId) > 0 || daemon.isUpdating()) return;
    const service = lifecycle.current;
    const isConnected = service.isAlive && service.runtime.isConnected();
    shell.act(agentId, isConnected && service.hasSeen(context.world.daemon) && !daemon.isEndOpen());
  }
}
