import { isoTime } from '../kernel';
import type { Notification } from '../notifications';
import type { IncidentNews } from './actor/journal';
import type { FleetIncident } from './machine';

const NAMES = 10;

/** Returns the notification of a change of one agent's incident; null: none is sent, the incident is only closed. */
export function notificationOf(agentId: string, name: string, about: IncidentNews): Notification | null {
  const { incidentId, news } = about;
  switch (news.kind) {
    case 'escalated': {
      const { cause, line, evidence, advice } = news.diagnosis;
      const { attempts, goesOn, reminderMs, trialAt } = news;
      return {
        ...{ kind: 'escalation', incidentId, agentId, name, cause, line, advice, attempts, goesOn, reminderMs },
        evidence: evidence.map(({ detail }) => detail),
        nextTrialAt: trialAt === null ? null : isoTime(trialAt + about.wallOffsetMs),
      };
    }
    case 'recovered':
      return { ...news, incidentId, agentId, name };
    case 'check-misconfigured':
      return { kind: 'check-misconfigured', incidentId, agentId, name, line: news.line, advice: news.advice };
    case 'closed':
      return null;
  }
}

export function fleetNotification(incident: FleetIncident, running: number): Notification {
  const { id: incidentId, reason, evidence, affected } = incident;
  const names = affected.slice(0, NAMES);
  return { kind: 'fleet-degraded', incidentId, reason, evidence, affected: affected.length, running, names };
}
