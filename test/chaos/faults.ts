import { createServer } from 'node:net';
import { LinuxProcessInspector } from '../../src/runtime';
import { isCommon, type AgentFault, type CommonFault, type FaultKind } from './schedule';
import { STUBBORN, type Victim, type World } from './world';

const inspector = new LinuxProcessInspector();
const PORT_TAKEN_MS = 3_000;

export const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/** Makes a fault; @returns whether there was anything to make it of */
export function makeFault(world: World, kind: FaultKind): Promise<boolean> {
  return isCommon(kind) ? commonFault(world, kind).then(() => true) : agentFault(world, kind);
}

async function agentFault(world: World, kind: AgentFault): Promise<boolean> {
  const able = world.victims.filter(
    ({ agentId, obeys }) =>
      world.checker.leaderOf(agentId) !== null && (kind === 'kill' || kind === 'freeze' || obeys.includes(kind)),
  );
  // A frozen one is noticed only where somebody asks it, or waits for its word.
  const victim = world.drawn(kind === 'freeze' ? able.filter(({ obeys }) => obeys.length > 0) : able);
  const pid = victim === undefined ? null : world.checker.leaderOf(victim.agentId);
  if (victim === undefined || pid === null || inspector.facts(pid) === null) return false;
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
    return false; // it has just ended by itself
  }
}

/** Ends the agent, and listens on its port before its successor can. */
async function takePort(pid: number, port: number): Promise<boolean> {
  const server = createServer((socket) => socket.destroy());
  const isTaken = () =>
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
    taken = await isTaken();
    if (!taken) await pause(2);
  }
  if (!taken) return false;
  setTimeout(() => server.close(), PORT_TAKEN_MS);
  return true;
}

/**
 * Mostly in the worst moment: what it has just launched is not saved yet. Then mostly the daemon dies with it, so
 * that the next one finds live processes of which nothing is written down.
 */
async function killSupervisor({ service, disk, checker, random, say, victims }: World): Promise<void> {
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
  say(`supervisor killed${isWorst ? ', before it had saved' : ''}${daemon === null ? '' : ', and the daemon'}`);
  disk.mend();
  await pause(200 + random() * 1_500);
  await service.start();
}

async function commonFault(world: World, kind: CommonFault): Promise<void> {
  const { service, disk, bot } = world;
  world.say(kind);
  switch (kind) {
    case 'daemon killed': {
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
      return killSupervisor(world);
    case 'supervisor frozen':
      service.signal('SIGSTOP');
      await pause(8_000);
      service.signal('SIGCONT');
      return;
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
