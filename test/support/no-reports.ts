import type { SupervisionReports } from '../../src/healing/actor/ports';

/** Ignores what happens to the daemon and the supervisor. */
export const NO_REPORTS: SupervisionReports = {
  onDaemonEnded: () => undefined,
  onDaemonLost: () => undefined,
  onDaemonConnected: () => undefined,
  onResumed: () => undefined,
};
