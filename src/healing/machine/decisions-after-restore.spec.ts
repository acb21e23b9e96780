import {
  again,
  CLEAN_EXIT,
  ended,
  expectStory,
  online,
  Story,
  YOUNGER_DAEMON,
  type Picture,
} from '../../../test/support/machine-builders';

const boot = { boot: true, scanned: true } as const;
const up = () => new Story().isUp().becomesStable();
const stopped = () => up().asksStop().killEnds();

/** The backup is of the moment that the first story tells of; the second one goes on from there. */
interface Row {
  readonly what: string;
  readonly saved: () => Story;
  readonly since: (story: Story) => Story;
  readonly leadsTo: Picture;
}

const rows: readonly Row[] = [
  {
    what: 'runs still, under the same daemon: adopted, and nothing else',
    saved: up,
    since: (story) => story.sees({ ...boot, listed: [online(story.run)] }),
    leadsTo: { phase: 'running, stable', records: ['agent.adopted'], acts: [] },
  },
  {
    what: 'is missing under the same daemon, as after an unregistration: brought back, no deletion by a person',
    saved: up,
    since: (story) => story.sees({ ...boot }),
    leadsTo: { phase: 'starting', desired: 'running', circuit: 'CLOSED 0' },
  },
  {
    what: 'is missing while it was to be restarted: started when that is due',
    saved: () => up().exits().launchSucceeds().exits(),
    since: (story) => story.sees({ ...boot }).deadlineComes(),
    leadsTo: { phase: 'starting', desired: 'running' },
  },
  {
    what: 'was restarted by us since: adopted, not doubled',
    saved: up,
    since: (story) => story.sees({ ...boot, listed: [again(story.run, { runId: 'later' })] }),
    leadsTo: { phase: 'verifying', records: ['agent.adopted'], acts: [] },
  },
  {
    what: 'was stopped by a person since, as PM2 shows: stays stopped',
    saved: up,
    since: (story) => {
      const listed = [ended(story.run, { wasEndOrdered: true })];
      return story
        .sees({ ...boot, listed })
        .waits(1_000)
        .sees({ listed });
    },
    leadsTo: { phase: 'stopped', desired: 'stopped' },
  },
  {
    what: 'was stopped then, and is still: stays stopped',
    saved: stopped,
    since: (story) => story.sees({ ...boot, listed: [ended(story.run)] }),
    leadsTo: { phase: 'stopped', desired: 'stopped', acts: [] },
  },
  {
    what: 'was stopped then, and started by a person since: runs on',
    saved: stopped,
    since: (story) => story.sees({ ...boot, listed: [again(story.run, { runId: 'later', upSince: story.now })] }),
    leadsTo: { phase: 'verifying', desired: 'running', acts: [] },
  },
  {
    what: 'was being ended in a shell then: nobody waits for the rest of that',
    saved: () => up().exits(CLEAN_EXIT, true),
    since: (story) => story.sees({ ...boot }).deadlineComes(),
    leadsTo: { phase: 'starting', desired: 'running' },
  },
  {
    what: 'is missing under another daemon: brought back',
    saved: up,
    since: (story) => story.sees({ ...boot, daemon: YOUNGER_DAEMON }),
    leadsTo: { phase: 'starting', circuit: 'CLOSED 0' },
  },
];

describe('after a backup was restored, an agent that', () => {
  it.each(rows.map((row) => [row.what, row] as const))('%s', (_, { saved, since, leadsTo }) => {
    const backup = saved();
    expectStory(since(backup.fork().waits(3_600_000).restores(backup)), leadsTo);
  });
});
