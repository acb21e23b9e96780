import { FakeClock } from './fake-clock';
import { countedIds } from './seeded';
import { diagnosisOf } from '../../src/kernel';
import { FleetWatch, type FleetCheck, type FleetEvents } from '../../src/healing/fleet/fleet-watch';

export const HUNG = diagnosisOf('hung', '3 checks in a row failed: no answer');

export const MINUTE = 60_000;

export const GOOD: FleetCheck = { problem: null, isWell: true, saysFailing: false, failing: null, signalMs: 0 };

export const FAILED: FleetCheck = { ...GOOD, problem: { cause: 'hung', line: 'no answer' }, isWell: false };

export const FAILING: FleetCheck = { ...FAILED, failing: HUNG };

export const ids = (count: number) => Array.from({ length: count }, (_, index) => `a${index}`);

export function makeFleet(running: number) {
  let downIds: readonly string[] = [];
  const clock = new FakeClock();
  const reports: string[] = [];
  const verified = new Map<string, number>();
  const events: FleetEvents = {
    onDegraded: ({ reason, affected }) => reports.push(`degraded by ${reason}: ${affected.length}`),
    onChanged: () => undefined,
    onCanary: (_, agentId) => reports.push(`canary ${agentId}`),
    onRestored: () => reports.push('restored'),
  };
  const fleet = new FleetWatch(clock, countedIds(), events, {
    upAgents: () => ids(running).filter((agentId) => !downIds.includes(agentId)),
    verifiedAt: (agentId) => verified.get(agentId) ?? null,
    canRestart: () => true,
  });
  const isVerified = (agentId: string) => {
    verified.set(agentId, clock.now());
  };
  const goDown = (...agentIds: string[]) => {
    downIds = agentIds;
  };
  const fails = (...agentIds: string[]) => agentIds.map((agentId) => fleet.noteCheck(agentId, FAILING));
  const recovers = (...agentIds: string[]) => agentIds.map((agentId) => fleet.noteCheck(agentId, GOOD));
  const waits = async (ms: number) => {
    for (let waited = 0; waited < ms; waited += 5_000) {
      await clock.advance(5_000);
      fleet.pass();
    }
  };
  return { clock, fleet, reports, fails, recovers, waits, goDown, isVerified };
}
