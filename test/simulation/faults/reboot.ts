import type { DesiredState } from '../../../src/kernel';
import type { OperatorShell } from '../operators/operator-shell';
import type { FakeDisk } from '../service/fake-disk';
import type { ServiceLifecycle } from '../service/service-lifecycle';
import type { SimulationContext } from '../simulation-context';
import type { DaemonFaults } from './daemon-faults';

const EITHER: readonly DesiredState[] = ['running', 'stopped'];

interface Parts {
  readonly disk: FakeDisk;
  readonly lifecycle: ServiceLifecycle;
  readonly daemon: DaemonFaults;
  readonly shell: OperatorShell;
}

/** Reboots the machine: kills the service, the daemon and all agents. The service starts again later. */
export function reboot(context: SimulationContext, { disk, lifecycle, daemon, shell }: Parts): void {
  const { agents, referee, say, world } = context;
  for (const agentId of agents) {
    // It is not decided yet whether an operator stopped the agent, or the shutdown of the machine.
    const phase = disk.states.get(agentId)?.phase;
    const isOpen = phase?.kind === 'down' && (phase.why === 'daemon-ended' || phase.why === 'operator-acting');
    if (isOpen) referee.allow(agentId, EITHER, 'shell');
  }
  lifecycle.kill();
  say('the machine reboots');
  shell.interrupt();
  daemon.onReboot();
  disk.boot += 1;
  world.reboot();
}
