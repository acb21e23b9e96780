import type { LaunchFault, MachineEvent, Observation, Run } from '../../src/healing/machine';
import {
  again,
  checkOf,
  ended,
  online,
  orphan,
  ANSWERED_500,
  CLEAN_EXIT,
  CRASH,
  DAEMON,
  HUNG,
  LAUNCH,
  LIKELY_KEY,
  NO_MEMORY,
  NO_PID,
  OVER_BUDGET,
  PM2_AWAY,
  REFUSED,
  YOUNGER_DAEMON,
} from './machine-builders';
import type { Story } from './machine-story';

type Exit = Extract<MachineEvent, { type: 'exited' }>['exit'];

/** A word of a closed alphabet: an event built for the state of a story, about the run with the given ID. */
export interface Word {
  readonly name: string;
  readonly say: (story: Story, runId: string) => Story;
}

const word = (name: string, event: (story: Story, runId: string) => MachineEvent): Word => ({
  name,
  say: (story, runId) => story.send(event(story, runId)),
});

const list = (name: string, look: (run: Run, story: Story) => Partial<Observation>): Word => ({
  name,
  say: (story, runId) => story.sees(look(story.runFor(runId), story)),
});

const exit = (name: string, exited: Exit, ordered: boolean): Word =>
  word(name, (story, runId) => {
    const { upSince } = story.runFor(runId);
    return { type: 'exited', runId, upSince, exit: exited, ordered };
  });

const failure = (name: string, fault: LaunchFault): Word =>
  word(name, (_, runId) => ({ type: 'launch-failed', runId, fault }));

/** Representative events: every type, with each of its meaningful variants. */
export const ALPHABET: readonly Word[] = [
  word('start', () => ({ type: 'start-asked', by: 'operator', mayTrial: true })),
  word('start by routing', () => ({ type: 'start-asked', by: 'routing', mayTrial: false })),
  word('autostart', () => ({ type: 'start-asked', by: 'autostart', mayTrial: false })),
  word('stop', () => ({ type: 'stop-asked', by: 'an operator', hasFreshSnapshot: true })),
  word('stop unseen', () => ({ type: 'stop-asked', by: 'an operator', hasFreshSnapshot: false })),
  word('restart', () => ({ type: 'restart-asked', reason: 'asked', delayMs: 0 })),
  word('restart later', () => ({ type: 'restart-asked', reason: 'asked', delayMs: 3_000 })),
  word('recovery', () => ({ type: 'recovery-asked', reason: 'asked' })),
  word('reset', () => ({ type: 'reset-asked' })),
  word('register', () => ({ type: 'register-asked', name: 'Agent', entryPoint: 'agent.py', autostart: false })),
  word('register with autostart', () => {
    return { type: 'register-asked', name: 'Agent', entryPoint: 'agent.py', autostart: true };
  }),
  word('update', () => ({ type: 'update-asked', members: ['tags'], changesLaunch: false, capabilities: null })),
  word('update of launch members', () => {
    return { type: 'update-asked', members: ['args'], changesLaunch: true, capabilities: null };
  }),
  word('unregister', () => ({ type: 'unregister-asked' })),
  word('success by hand', () => ({ type: 'circuit-asked', event: { type: 'success' } })),
  word('launched', (story, runId) => ({ type: 'launch-succeeded', run: story.runFor(runId) })),
  failure('launch refused', REFUSED),
  failure('launch without a pid', NO_PID),
  failure('launch without memory', NO_MEMORY),
  failure('launch without PM2', PM2_AWAY),
  word('launch unknown', (_, runId) => ({ type: 'launch-unknown', runId, listedUnder: null, facts: LAUNCH })),
  word('launch blocked by a live one', (story, runId) => {
    const observation = story.waits(1).observation({ listed: [again(story.runFor(runId))] });
    return { type: 'launch-blocked', runId, observation };
  }),
  word('launch blocked, entry gone', (story, runId) => {
    return { type: 'launch-blocked', runId, observation: story.waits(1).observation({}) };
  }),
  word('kill ended', (_, runId) => ({ type: 'kill-ended', runId, scope: 'agent', gone: true, pids: [] })),
  word('kill failed', (_, runId) => ({ type: 'kill-ended', runId, scope: 'agent', gone: false, pids: [1] })),
  exit('crash', CRASH, false),
  {
    name: 'crash by a likely cause',
    say: (story, runId) => {
      const { upSince } = story.finds(LIKELY_KEY).runFor(runId);
      return story.send({ type: 'exited', runId, upSince, exit: CRASH, ordered: false }).finds(null);
    },
  },
  exit('exit 0', CLEAN_EXIT, false),
  exit('ordered exit', CLEAN_EXIT, true),
  word('reaped', (_, runId) => ({ type: 'reaped', pid: 1, runId, why: 'orphan' })),
  word('pm2 stop', (story, runId) => {
    return { type: 'operator-stopped', upSince: story.runFor(runId).upSince, at: story.now };
  }),
  word('pm2 kill', () => ({ type: 'daemon-ending', daemon: DAEMON })),
  list('listed alive', (run) => ({ listed: [online(run)] })),
  list('listed alive at boot', (run) => ({ listed: [online(run)], boot: true, scanned: true })),
  list('listed alive again', (run) => ({ listed: [again(run)] })),
  list('started in a shell while the supervisor was down', (run, { now }) => ({
    listed: [again(run, { upSince: now })],
    boot: true,
    scanned: true,
  })),
  list('listed alive, created by the operator', (run) => ({ listed: [again(run, { runId: null, entryId: 7 })] })),
  list('listed twice', (run) => ({ listed: [online(run), again(run, { entryId: 7 })] })),
  list('listed dead', (run) => ({ listed: [ended(run)] })),
  list('not listed', () => ({})),
  list('lives unlisted', (run) => ({ unlisted: [orphan(run)], scanned: true })),
  list('not listed, younger daemon', () => ({ daemon: YOUNGER_DAEMON })),
  list('not listed after a scan, younger daemon', () => ({ daemon: YOUNGER_DAEMON, scanned: true })),
  list('orphan of a lost daemon', (run) => ({ daemon: YOUNGER_DAEMON, scanned: true, unlisted: [orphan(run)] })),
  { name: 'tripped by hand', say: (story) => story.tripsByHand() },
  word('check is good', (story, runId) => checkOf(story.runFor(runId))),
  word('check fails', (story, runId) => checkOf(story.runFor(runId), { problem: ANSWERED_500 })),
  word('check fails at the start', (story, runId) =>
    checkOf(story.runFor(runId), { problem: ANSWERED_500, withinGrace: true }),
  ),
  word('verdict is failing', (story, runId) => checkOf(story.runFor(runId), { problem: ANSWERED_500, failing: HUNG })),
  word('verdict is failing, of many', (story, runId) =>
    checkOf(story.runFor(runId), { problem: ANSWERED_500, failing: HUNG, mayAct: false }),
  ),
  word('over budget', (story, runId) => checkOf(story.runFor(runId), { failing: OVER_BUDGET })),
  word('pause', ({ now }) => ({ type: 'pause-asked', until: now + 60_000 })),
  word('escalate', () => ({ type: 'escalate-asked', diagnosis: HUNG })),
  word('resume', () => ({ type: 'resume-asked' })),
  word('resumed', () => ({ type: 'resumed' })),
  { name: 'deadline', say: (story) => story.deadlineComes() },
  word('early timer', () => ({ type: 'timer' })),
];
