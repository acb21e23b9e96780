import { HUNG, KILLED, NO_PID, online, TRIPS_AT_ONCE } from '../../../../test/support/machine-builders';
import { expectStory, Story } from '../../../../test/support/machine-story';

const up = () => new Story().isUp();
const unregisters = (story: Story) => story.send({ type: 'unregister-asked' });

describe('an unregistration', () => {
  it.each<readonly [string, () => Story, string[]]>([
    ['a new agent', () => new Story(), ['kill agent ?']],
    ['a stopped agent', () => up().asksStop().killEnds(), ['kill agent ?']],
    ['an agent that is up', up, ['kill agent 1001']],
    ['a halted agent', () => new Story(TRIPS_AT_ONCE).isUp().exits(), ['kill agent ?']],
    ['an agent in a back-off', () => up().exits().launchFails(NO_PID), ['kill agent ?']],
    ['a pending launch', () => new Story().asksStart(), []],
    ['an unanswered launch', () => new Story().asksStart().launchIsUnknown(), ['scan']],
    ['an agent that the operator acts on in a shell', () => up().exits(KILLED, true), ['scan']],
    ['a restart, whose kill covers only the run', () => up().asksRestart(), ['kill agent 1001']],
    ['a restart by healing', () => up().isChecked({ failing: HUNG }), ['kill agent 1001']],
    ['a stop, whose kill goes on', () => up().asksStop(), []],
    ['a stop of a pending launch', () => new Story().asksStart().asksStop(), []],
    ['a start that waits for the stop of a pending launch', () => new Story().asksStart().asksStop().asksStart(), []],
  ])('of %s begins a kill of all its processes, or awaits what shows them', (_, play, acts) => {
    const story = unregisters(play());
    expectStory(story, { phase: 'stopping, then unregistered', desired: 'stopped', acts });
    expect(story.answers).toContain('up: operation-in-progress');
  });

  it('of a pending launch kills the process that comes up, and removes the agent then', () => {
    const story = unregisters(new Story().asksStart()).launchSucceeds();
    expectStory(story, { acts: ['kill agent 1001'] });
    expectStory(story.killEnds(), {
      acts: ['unregister'],
      records: ['agent.exited', 'agent.terminated', 'agent.unregistered'],
    });
  });

  it('of an unanswered launch kills the process that a snapshot shows', () => {
    const story = unregisters(new Story().asksStart().launchIsUnknown());
    expectStory(story.sees({ listed: [online(story.runFor(story.runId))] }), { acts: ['kill agent 1001'] });
  });

  it('removes an agent without a process without a record of its end', () => {
    expectStory(unregisters(new Story()).killEnds(), { acts: ['unregister'], records: ['agent.unregistered'] });
  });
});

describe('a stop that meets an unregistration', () => {
  it('answers both callers once the agent has left the registry', () => {
    const story = new Story().isUp().send({ type: 'unregister-asked' }).asksStop();
    expectStory(story, { phase: 'stopping, then unregistered', desired: 'stopped', acts: [] });
    expectStory(story.killEnds(), { answers: ['down: done'], acts: ['unregister'] });
  });
});

describe('an unregistration whose process cannot be killed', () => {
  const refused = () => new Story().isUp().send({ type: 'unregister-asked' }).killEnds(false);

  it('is refused and keeps the agent registered, stopped once its process has exited', () => {
    const story = refused();
    expectStory(story, { phase: 'stopping, then stopped', answers: ['down: operation-in-progress'], dueInMs: 5_000 });
    expectStory(story.deadlineComes(), { acts: ['kill agent 1001'] });
    expectStory(story.killEnds(), { phase: 'stopped', desired: 'stopped', acts: [] });
  });

  it('can be repeated while the process lives and after it has exited', () => {
    const again = refused().send({ type: 'unregister-asked' }).deadlineComes().killEnds();
    expectStory(again, { answers: ['down: done'], acts: ['unregister'] });
    const later = refused().deadlineComes().killEnds().send({ type: 'unregister-asked' }).killEnds();
    expectStory(later, { answers: ['down: done'], acts: ['unregister'] });
  });
});

it('a recovery during an unregistration is refused', () => {
  const story = new Story().isUp().send({ type: 'unregister-asked' }).send({ type: 'recovery-asked', reason: 'asked' });
  const details = story.effects.flatMap((effect) =>
    effect.type === 'answer' && effect.answer.kind === 'refused' ? [effect.answer.detail] : [],
  );
  expect(details).toContainEqual(expect.stringContaining('being unregistered'));
});
