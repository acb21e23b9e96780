import { createServer } from 'node:net';
import { LinuxProcessInspector } from '../../src/processes';
import { isCommon, type AgentFault, type CommonFault, type FaultKind } from './schedule';
import { STUBBORN, type Victim, type World } from './world';

const inspector = new LinuxProcessInspector();
const PORT_TAKEN_MS = 3_000;
/** Time after a thaw in which no process that lived through the freeze may be killed. */
const WATCHED_MS = 30_000;
const WATCH_MS = 200;

interface Thawed {
  readonly frozenAt: number;
  /** By agent, the pid of its leader. */
  readonly watched: Map<string, number>;
}

export const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/** Injects a fault. @returns false if no agent could have it at this moment */
export function injectFault(world: World, kind: FaultKind, freezeMs: number): Promise<boolean> {
  return isCommon(kind) ? injectCommonFault(world, kind, freezeMs).then(() => true) : injectAgentFault(world, kind);
}

async function injectAgentFault(world: World, kind: AgentFault): Promise<boolean> {
  const candidates = world.victims.filter(
    ({ agentId, obeys }) =>
      world.checker.leaderOf(agentId) !== null && (kind === 'kill' || kind === 'freeze' || obeys.includes(kind)),
  );
  // A frozen agent is detected only by its health check or its missing heartbeats.
  const victim = world.draw(kind === 'freeze' ? candidates.filter(({ obeys }) => obeys.length > 0) : candidates);
  const pid = victim === undefined ? null : world.checker.leaderOf(victim.agentId);
  if (victim === undefined || pid === null || inspector.facts(pid) === null) return false;
  world.touch(victim.agentId);
  world.say(`${kind}: ${victim.agentId}, pid ${pid}`);
  return strike(victim, pid, kind);
}

async function strike(victim: Victim, pid: number, kind: AgentFault): Promise<boolean> {
  switch (kind) {
    case 'kill':
      return signal(pid, 'SIGKILL');
    case 'freeze':
      return signal(pid, 'SIGSTOP');
    case 'hang':
      victim.order(pid, 'hang');
      return true;
    case 'error':
      victim.order(pid, 'status 500');
      return true;
    case 'slow':
      victim.order(pid, 'slow 4000');
      return true;
    case 'exit':
      victim.order(pid, `exit ${(pid % 5) + 1}`);
      return true;
    case 'memory':
      victim.order(pid, 'eat 260');
      return true;
    case 'port':
      return takePort(pid, victim.port ?? 0);
  }
}

function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false; // it has just exited by itself
  }
}

/** Kills the agent, and listens on its port before the next process can. */
async function takePort(pid: number, port: number): Promise<boolean> {
  const server = createServer((socket) => socket.destroy());
  const tryListen = () =>
    new Promise<boolean>((resolve) => {
      server.once('error', () => {
        resolve(false);
      });
      server.listen(port, '127.0.0.1', () => {
        resolve(true);
      });
    });
  signal(pid, 'SIGKILL');
  let taken = false;
  for (let tries = 0; tries < 100 && !taken; tries += 1) {
    taken = await tryListen();
    if (!taken) await pause(2);
  }
  if (!taken) return false;
  setTimeout(() => server.close(), PORT_TAKEN_MS);
  return true;
}

/**
 * Kills the supervisor, mostly in the worst moment: before its latest launches are saved. Then mostly kills the daemon
 * too, so that the next supervisor finds live processes without any record of them.
 */
async function killSupervisor(world: World): Promise<void> {
  const { service, disk, checker, random, say, victims } = world;
  world.touchAll();
  const isWorst = random() < 0.8;
  if (isWorst) {
    disk.fail('slow 400');
    for (const { agentId } of [...victims.filter((each) => STUBBORN.includes(each.agentId)), ...victims.slice(0, 2)]) {
      const pid = checker.leaderOf(agentId);
      if (pid !== null) signal(pid, 'SIGKILL');
    }
    await pause(200);
  }
  await service.end('SIGKILL');
  const daemon = isWorst && random() < 0.8 ? service.home.daemonPid() : null;
  if (daemon !== null) signal(daemon, 'SIGKILL');
  say(
    `supervisor killed${isWorst ? ', before it saved its last launches' : ''}${daemon === null ? '' : ', and the daemon'}`,
  );
  disk.mend();
  await pause(200 + random() * 1_500);
  await service.start();
  // It heals from now on what happened while no supervisor ran.
  world.touchAll();
}

async function injectCommonFault(world: World, kind: CommonFault, freezeMs: number): Promise<void> {
  const { service, disk, bot } = world;
  world.say(kind);
  switch (kind) {
    case 'daemon killed': {
      world.touchAll();
      const pid = service.home.daemonPid();
      if (pid !== null) signal(pid, 'SIGKILL');
      return;
    }
    case 'daemon frozen': {
      const pid = service.home.daemonPid();
      if (pid === null || !signal(pid, 'SIGSTOP')) return;
      await pause(15_000);
      signal(pid, 'SIGCONT');
      return;
    }
    case 'supervisor killed':
      return world.supervisorFaults.runExclusive(() => killSupervisor(world));
    case 'supervisor frozen':
      return freezeSupervisor(world, freezeMs);
    case 'database slow':
      disk.fail('slow 300');
      await pause(3_000);
      disk.mend();
      return;
    case 'telegram down':
      await bot.down();
      await pause(2_000);
      await bot.up();
      return;
  }
}

/** Freezes the service, and reports each process that healing kills for something that happened during the freeze. */
async function freezeSupervisor(world: World, freezeMs: number): Promise<void> {
  const { checker } = world;
  const { frozenAt, watched } = await world.supervisorFaults.runExclusive(() => freezeAndThaw(world, freezeMs));
  const end = performance.now() + WATCHED_MS;
  while (performance.now() < end) {
    await pause(WATCH_MS);
    for (const [agentId, pid] of watched) {
      if (checker.leaderOf(agentId) === pid) continue;
      watched.delete(agentId);
      if (world.isUntouchedSince(agentId, frozenAt))
        world.violations.push(`killed after a freeze: ${agentId}, pid ${pid}, which had lived through it`);
    }
  }
}

/** Returns the leaders that lived through the freeze, and when it began. */
async function freezeAndThaw(world: World, freezeMs: number): Promise<Thawed> {
  const { service, checker } = world;
  const frozenAt = performance.now();
  const before = new Map(world.victims.map(({ agentId }) => [agentId, checker.leaderOf(agentId)]));
  world.say(`the service is frozen for ${(freezeMs / 1_000).toFixed(1)} s`);
  service.signal('SIGSTOP');
  await pause(freezeMs);
  const thawed = new Map(world.victims.map(({ agentId }) => [agentId, checker.leaderOf(agentId)]));
  service.signal('SIGCONT');
  world.say('the service is thawed');
  const watched = new Map<string, number>();
  for (const [agentId, pid] of before)
    if (pid !== null && thawed.get(agentId) === pid && world.isUntouchedSince(agentId, frozenAt))
      watched.set(agentId, pid);
  world.livedThroughFreezes += watched.size;
  return { frozenAt, watched };
}
