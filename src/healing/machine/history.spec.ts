import {
  again,
  CLEAN_EXIT,
  HUNG,
  KILLED,
  LIKELY_KEY,
  NO_PID,
  online,
  orphan,
  TRIPS_AT_ONCE,
  YOUNGER_DAEMON,
} from '../../../test/support/machine-builders';
import { Story } from '../../../test/support/machine-story';
import { diagnosisOf } from '../../kernel';

const up = () => new Story().isUp();
const halted = () => new Story(TRIPS_AT_ONCE).isUp().exits();
const crashedAgain = () => up().exits().launchSucceeds().waits(1).exits();
const pauses = (story: Story, ms = 90_000) => story.send({ type: 'pause-asked', until: story.now + ms });
const updates = (capabilities: { before: string[]; after: string[] } | null) =>
  up().send({ type: 'update-asked', members: ['args', 'tags'], changesLaunch: true, capabilities });

const CAUSE = { cause: 'unknown', line: 'exited with code 1', remedy: 'restart', certainty: 'certain', rule: null };
const IN_USE = diagnosisOf('port-in-use', 'port 80 is in use', {
  evidence: [{ source: 'stderr', detail: 'EADDRINUSE' }],
});

/** Returns the data of the events of one type that the latest decision recorded. */
function recorded({ effects }: Story, event: string): unknown[] {
  return effects.flatMap((effect) => (effect.type === 'record' && effect.event === event ? [effect.data] : []));
}

describe('the history', () => {
  it.each<readonly [string, string, () => Story, object]>([
    ['agent.registered', 'its definition', () => new Story().isRegistered(), { name: 'Agent', entryPoint: 'agent.py' }],
    ['agent.updated', 'what changed', () => updates(null), { members: ['args', 'tags'] }],
    [
      'capability.changed',
      'the capabilities',
      () => updates({ before: ['a'], after: ['b'] }),
      { before: ['a'], after: ['b'] },
    ],
    ['agent.paused', 'for how long', () => pauses(up()), { seconds: 90 }],
    ['agent.resumed', 'that it was asked', () => pauses(up()).send({ type: 'resume-asked' }), { why: 'requested' }],
    ['agent.resumed', 'that the pause is over', () => pauses(up().becomesStable()).deadlineComes(), { why: 'expired' }],
    ['agent.exited', 'the code', () => up().exits(), { pid: 1001, runId: 'id-1', exitCode: 1, signal: null }],
    ['agent.exited', 'the signal', () => up().exits(KILLED), { exitCode: null, signal: 'SIGKILL' }],
    ['agent.exited', 'the order', () => up().exits(CLEAN_EXIT, true), { pid: 1001, runId: 'id-1', ordered: true }],
    ['agent.exited', 'the stop', () => up().asksStop().killEnds(), { pid: 1001, runId: 'id-1', expected: true }],
    ['agent.terminated', 'the process', () => up().asksStop().killEnds(), { pid: 1001 }],
    [
      'agent.terminated',
      'that the work is done',
      () => new Story({ restart: 'on-failure' }).isUp().exits(CLEAN_EXIT),
      { pid: null, finished: true },
    ],
    [
      'agent.restarted',
      'both processes',
      () => up().exits().launchSucceeds(),
      { pidBefore: 1001, pidAfter: 1002, reason: CAUSE.line },
    ],
    [
      'agent.unhealthy',
      'the cause',
      () => up().isChecked({ failing: HUNG }),
      { pid: 1001, runId: 'id-1', cause: 'hung' },
    ],
    ['agent.healthy', 'the process', () => up().isChecked({ failing: HUNG, mayAct: false }).isChecked(), { pid: 1001 }],
    [
      'agent.healthy',
      'the end of the incident',
      () => up().exits().launchSucceeds().becomesStable(),
      { pid: 1002, incidentOver: true },
    ],
    [
      'agent.adopted',
      'the process',
      () => {
        const story = up().supervisorRestarts();
        return story.sees({ listed: [online(story.run)], boot: true, scanned: true });
      },
      { pid: 1001, runId: 'id-1' },
    ],
    [
      'agent.orphan-reaped',
      'the process that lost its daemon',
      () => {
        const story = up();
        return story.sees({ daemon: YOUNGER_DAEMON, scanned: true, unlisted: [orphan(story.run)] });
      },
      { pid: 1001, runId: 'id-1' },
    ],
    [
      'agent.orphan-reaped',
      'the reason',
      () => up().send({ type: 'reaped', pid: 7, runId: 'x', why: 'double' }),
      { pid: 7, runId: 'x', why: 'double' },
    ],
    [
      'operator.restarted',
      'the process',
      () => {
        const story = up();
        return story.sees({ listed: [again(story.run)] });
      },
      { pid: 6001, runId: 'id-1' },
    ],
    ['operator.stopped', 'pm2 stop', () => up().operatorStops(0), { how: 'pm2 stop' }],
    ['operator.stopped', 'pm2 delete', () => up().sees({}), { how: 'pm2 delete' }],
    ['operator.stopped', 'pm2 kill', () => up().daemonIsEnded().deadlineComes(), { how: 'pm2 kill' }],
    ['circuit.opened', 'when the trial is due', () => halted(), { failureCount: 1, trialInSeconds: 60 }],
    [
      'circuit.opened',
      'that no trial is',
      () => new Story({ restart: 'never' }).isUp().exits(),
      { trialInSeconds: null },
    ],
    ['circuit.half-opened', 'that healing tries', () => halted().deadlineComes(), { by: 'healing' }],
    ['circuit.half-opened', 'that the operator tries', () => halted().asksStart(), { by: 'operator' }],
    ['circuit.closed', 'what it was', () => halted().asksReset(), { stateBefore: 'OPEN' }],
    ['circuit.reset', 'what it was', () => halted().asksReset(), { stateBefore: 'OPEN' }],
    [
      'recovery.diagnosed',
      'the evidence',
      () => up().finds(IN_USE).exits(),
      { cause: 'port-in-use', line: IN_USE.line, evidence: IN_USE.evidence },
    ],
    [
      'recovery.diagnosed',
      'the certainty and the rule',
      () => up().finds(LIKELY_KEY).exits(),
      { cause: 'credentials', remedy: 'person', certainty: 'likely', rule: 'a-rule' },
    ],
    ['recovery.diagnosed', 'the code', () => up().exits(), { ...CAUSE, exitCode: 1, signal: null }],
    ['recovery.diagnosed', 'that it is paused', () => pauses(up()).exits(), { ...CAUSE, paused: true }],
    ['recovery.scheduled', 'the attempt', () => crashedAgain(), { attempt: 2, delayMs: 1_000 }],
    ['recovery.attempted', 'the run', () => up().exits(), { attempt: 1, runId: 'id-3' }],
    ['recovery.failed', 'the attempt', () => crashedAgain(), { attempt: 1, cause: 'unknown', trial: false }],
    ['recovery.failed', 'that it was the trial', () => halted().deadlineComes().launchFails(NO_PID), { trial: true }],
    [
      'recovery.verified',
      'the process',
      () => up().exits().launchSucceeds().deadlineComes(),
      { pid: 1002, runId: 'id-3' },
    ],
    ['recovery.escalated', 'the cause', () => halted(), { cause: 'unknown', line: CAUSE.line, attempts: 0 }],
  ])('says in %s: %s', (event, _, play, data) => {
    expect(recorded(play(), event)).toEqual([expect.objectContaining(data)]);
  });

  it('has the id of the incident in each event of it, and in no other', () => {
    const story = up().exits();
    const incidentId = story.machineState.state.incident?.id;
    expect(recorded(story, 'recovery.scheduled')).toEqual([{ attempt: 1, delayMs: 0, incidentId }]);
    expect(recorded(up().asksStop().killEnds(), 'agent.terminated')).toEqual([{ pid: 1001 }]);
  });

  it('does not have the descendants that outlived a run', () => {
    expect(
      recorded(up().send({ type: 'reaped', pid: 7, runId: 'x', why: 'descendant' }), 'agent.orphan-reaped'),
    ).toEqual([]);
  });
});

describe('a notification', () => {
  const news = ({ effects }: Story) => effects.flatMap((effect) => (effect.type === 'notify' ? [effect.news] : []));

  it('of an escalation says when the trial is due and that nothing is restarted before', () => {
    const story = halted();
    const trialAt = story.now + 60_000;
    expect(news(story)).toMatchObject([{ kind: 'escalated', attempts: 0, goesOn: false, trialAt }]);
  });

  it('of an escalation that a caller asked for says whether restarts go on', () => {
    const asks = (story: Story) => story.send({ type: 'escalate-asked', diagnosis: HUNG });
    expect(news(asks(up()))).toMatchObject([{ kind: 'escalated', goesOn: true, diagnosis: HUNG }]);
    expect(news(asks(new Story().tripsByHand()))).toMatchObject([{ kind: 'escalated', goesOn: false }]);
  });

  it('of a recovery says how long the agent was down', () => {
    const story = halted().deadlineComes().launchSucceeds().becomesStable();
    expect(news(story)).toEqual([{ kind: 'recovered', downForMs: 130_000 }]);
  });

  it('of an incident that the operator ended says only that', () => {
    expect(news(halted().asksStop())).toEqual([{ kind: 'closed' }]);
  });
});
