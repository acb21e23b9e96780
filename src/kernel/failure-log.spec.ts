import { FailureLog } from './failure-log';

it('logs a failure once when it starts and once when it is over, however often it occurs', () => {
  const lines: string[] = [];
  const log = new FailureLog({
    info: ({ agentId }, message) => lines.push(`info ${String(agentId)} ${message}`),
    warn: ({ agentId }, message) => lines.push(`warn ${String(agentId)} ${message}`),
  });
  const meets = (agentId: string) => {
    log.reportFailure(`kill ${agentId}`, { agentId }, 'kill failed');
  };
  const works = (agentId: string) => {
    log.reportRecovery(`kill ${agentId}`, { agentId }, 'kill succeeded again');
  };
  works('a');
  for (let time = 0; time < 10; time += 1) meets('a');
  meets('b');
  for (let time = 0; time < 10; time += 1) works('a');
  meets('a');
  expect(lines).toEqual([
    'warn a kill failed',
    'warn b kill failed',
    'info a kill succeeded again',
    'warn a kill failed',
  ]);
});
