import type { ServiceProcess } from '../service/service-process';
import type { HealingHolds } from './healing-holds';
import type { Referee } from './referee';

/**
 * Checks each kill by this process of the service: it must be needed, must not overlap another, and must not begin
 * after the service ended.
 */
export function checkKills(service: ServiceProcess, referee: Referee, holds: HealingHolds): void {
  const { terminator } = service.runtime;
  terminator.onKill = (process) => {
    referee.onKill(process);
    holds.onKill(process);
  };
  terminator.onSecondKill = (agentId) => {
    referee.report(agentId, 'two kills run at once');
  };
  checkLateKills(service, (agentId) => {
    referee.report(agentId, 'a kill begins after the service has ended');
  });
}

/**
 * Reports each kill that begins after the service has ended. Two kinds of kills are not reported, because they were
 * decided before: sweeps of dead runs, and kills that waited behind one that ran at the end.
 */
function checkLateKills(service: ServiceProcess, onLateKill: (agentId: string) => void): void {
  const { runtime } = service;
  const terminate = runtime.terminate.bind(runtime);
  /** By agent, the number of kills that run, or ran at the end. */
  const running = new Map<string, number>();
  runtime.terminate = async (target, killTimeoutMs) => {
    const { agentId, runId, process } = target;
    const count = running.get(agentId) ?? 0;
    const isSweep = runId !== null && process === null;
    if (!service.isAlive && !isSweep && count === 0) onLateKill(agentId);
    running.set(agentId, count + 1);
    try {
      return await terminate(target, killTimeoutMs);
    } finally {
      if (service.isAlive) running.set(agentId, (running.get(agentId) ?? 1) - 1);
    }
  };
}
