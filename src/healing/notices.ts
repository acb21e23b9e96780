import { isoTime } from '../kernel';
import type { Notice } from '../notifications';
import type { Telling } from './journal';
import type { FleetIncident } from './machine';

const NAMES = 10;

/** What a person is told of one agent; null: nothing, only that there is nothing more to tell. */
export function noticeOf(agentId: string, name: string, telling: Telling): Notice | null {
  const { incidentId, news } = telling;
  switch (news.kind) {
    case 'escalated': {
      const { cause, line, evidence, advice } = news.diagnosis;
      const { attempts, goesOn, reminderMs, trialAt } = news;
      return {
        ...{ kind: 'escalation', incidentId, agentId, name, cause, line, advice, attempts, goesOn, reminderMs },
        evidence: evidence.map(({ detail }) => detail),
        nextTrialAt: trialAt === null ? null : isoTime(trialAt + telling.wallOffsetMs),
      };
    }
    case 'recovered':
      return { kind: 'recovered', incidentId, agentId, name, downForMs: news.downForMs };
    case 'closed':
      return null;
  }
}

export function fleetNotice(incident: FleetIncident, running: number): Notice {
  const { id: incidentId, reason, evidence, affected } = incident;
  const names = affected.slice(0, NAMES);
  return { kind: 'fleet-degraded', incidentId, reason, evidence, affected: affected.length, running, names };
}
