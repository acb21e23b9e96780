import type { Turn } from './turn';

/** A person ended it in a shell, and it is over: it stays stopped until somebody starts it. */
export function stoppedInShell(turn: Turn, how: 'pm2 stop' | 'pm2 delete' | 'pm2 kill'): void {
  turn.breakOffTrial();
  if (turn.desired === 'running') turn.record('operator.stopped', { how });
  turn.desire('stopped');
  if (how === 'pm2 delete') turn.update({ lastRun: null });
  turn.endIncident('closed');
  turn.enter({ kind: 'stopped', since: turn.now });
  turn.answer('up', {
    kind: 'refused',
    code: 'operation-in-progress',
    detail: `A ${how} in a shell overtook it. Start it again if it should run.`,
  });
  turn.answer('down', { kind: 'done' });
}
