import { again, CLEAN_EXIT, ended, online, YOUNGER_DAEMON } from '../../../test/support/machine-builders';
import { expectStory, type Picture, Story } from '../../../test/support/machine-story';

const boot = { boot: true, scanned: true } as const;
const up = () => new Story().isUp().becomesStable();
const stopped = () => up().asksStop().killEnds();

/** Decision after a restore. The backup was taken after `saved`; `since` continues from there. */
interface Row {
  readonly what: string;
  readonly saved: () => Story;
  readonly since: (story: Story) => Story;
  readonly leadsTo: Picture;
}

const rows: readonly Row[] = [
  {
    what: 'runs under the same daemon is adopted',
    saved: up,
    since: (story) => story.sees({ ...boot, listed: [online(story.run)] }),
    leadsTo: { phase: 'running, stable', records: ['agent.adopted'], acts: [] },
  },
  {
    what: 'is missing under the same daemon is started, because the operator did not delete it',
    saved: up,
    since: (story) => story.sees({ ...boot }),
    leadsTo: { phase: 'starting', desired: 'running', circuit: 'CLOSED 0' },
  },
  {
    what: 'is missing with a restart pending is started when that is due',
    saved: () => up().exits().launchSucceeds().exits(),
    since: (story) => story.sees({ ...boot }).deadlineComes(),
    leadsTo: { phase: 'starting', desired: 'running' },
  },
  {
    what: 'was restarted by the supervisor since is adopted, not started twice',
    saved: up,
    since: (story) => story.sees({ ...boot, listed: [again(story.run, { runId: 'later' })] }),
    leadsTo: { phase: 'verifying', records: ['agent.adopted'], acts: [] },
  },
  {
    what: 'was stopped in a shell since stays stopped',
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
    what: 'was stopped before and since stays stopped',
    saved: stopped,
    since: (story) => story.sees({ ...boot, listed: [ended(story.run)] }),
    leadsTo: { phase: 'stopped', desired: 'stopped', acts: [] },
  },
  {
    what: 'was stopped before and started in a shell since keeps running',
    saved: stopped,
    since: (story) => story.sees({ ...boot, listed: [again(story.run, { runId: 'later', upSince: story.now })] }),
    leadsTo: { phase: 'verifying', desired: 'running', acts: [] },
  },
  {
    what: 'was being stopped in a shell at the backup is started',
    saved: () => up().exits(CLEAN_EXIT, true),
    since: (story) => story.sees({ ...boot }).deadlineComes(),
    leadsTo: { phase: 'starting', desired: 'running' },
  },
  {
    what: 'is missing under another daemon is started',
    saved: up,
    since: (story) => story.sees({ ...boot, daemon: YOUNGER_DAEMON }),
    leadsTo: { phase: 'starting', circuit: 'CLOSED 0' },
  },
];

describe('after the restore of a backup, an agent that', () => {
  it.each(rows.map((row) => [row.what, row] as const))('%s', (_, { saved, since, leadsTo }) => {
    const backup = saved();
    expectStory(since(backup.fork().waits(3_600_000).restores(backup)), leadsTo);
  });
});
