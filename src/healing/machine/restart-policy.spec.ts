import { diagnosisOf, type Diagnosis, type Evidence } from '../../kernel';
import { CLEAN_EXIT, ended, HOUR_MS, NO_PID, online, TRIPS_AT_ONCE } from '../../../test/support/machine-builders';
import { expectStory, Story } from '../../../test/support/machine-story';

function gaveUp(line: string): Diagnosis {
  return diagnosisOf('clean-exit', line, { evidence: [{ source: 'stderr', detail: 'CRITICAL no route' }] });
}

describe('policy.restart', () => {
  it.each(['on-failure', 'never'] as const)(
    '%s stops the agent after exit 0, closes the incident and keeps the count',
    (restart) => {
      expectStory(new Story({ restart }).isUp().exits(CLEAN_EXIT), {
        phase: 'stopped',
        desired: 'stopped',
        circuit: 'CLOSED 0',
        attempt: null,
        records: ['agent.exited', 'agent.terminated'],
      });
    },
  );

  it.each(['on-failure', 'never'] as const)(
    '%s counts no failure for exit 0 after an error, but keeps the diagnosis',
    (restart) => {
      const line = 'exited with code 0 after: CRITICAL no route';
      const story = new Story({ restart }).isUp().finds(gaveUp(line)).exits(CLEAN_EXIT);
      expectStory(story, { phase: 'stopped', desired: 'stopped', circuit: 'CLOSED 0', attempt: null });
      expect(story.records).toEqual(['agent.exited', 'agent.terminated']);
      const { lastFailure, diagnosis } = story.machineState.state;
      expect(lastFailure).toMatchObject({ cause: 'clean-exit', line, action: 'stop', incidentId: 'id-2' });
      expect(diagnosis).toMatchObject({ diagnosis: { line }, incidentId: 'id-2' });
      expect(story.effects.some((effect) => effect.type === 'notify')).toBe(false);
    },
  );

  it('always counts exit 0 after an error as a failure with its last log lines', () => {
    const story = new Story().isUp().finds(gaveUp('exited with code 0 after: x')).exits(CLEAN_EXIT);
    expectStory(story, { phase: 'starting', circuit: 'CLOSED 1' });
    expect(story.machineState.state.lastFailure?.line).toBe('exited with code 0 after: x');
  });

  it('on-failure records no failure for exit 0 without an error', () => {
    const found = diagnosisOf('clean-exit', 'exited with code 0', { evidence: [{ source: 'exit', detail: 'code 0' }] });
    const { lastFailure, diagnosis } = new Story({ restart: 'on-failure' }).isUp().finds(found).exits(CLEAN_EXIT)
      .machineState.state;
    expect([lastFailure, diagnosis]).toEqual([null, null]);
  });

  it('on-failure counts exit 0 by SIGINT, which PM2 does not report, as a failure', () => {
    const found = diagnosisOf('killed-by-signal', 'killed by SIGINT', { signal: 'SIGINT' });
    const story = new Story({ restart: 'on-failure' }).isUp().finds(found).exits(CLEAN_EXIT);
    expectStory(story, { phase: 'starting', desired: 'running', circuit: 'CLOSED 1' });
    const exited = story.effects.find((effect) => effect.type === 'record' && effect.event === 'agent.exited');
    expect(exited).toMatchObject({ data: { exitCode: null, signal: 'SIGINT' } });
  });

  it('on-failure keeps the failure count at exit 0', () => {
    const story = new Story({ restart: 'on-failure' }).isUp().exits().launchSucceeds().exits(CLEAN_EXIT);
    expectStory(story, { phase: 'stopped', desired: 'stopped', circuit: 'CLOSED 1', attempt: null });
  });

  it('on-failure leaves the circuit open at exit 0 of a trial', () => {
    const story = new Story({ restart: 'on-failure', ...TRIPS_AT_ONCE }).isUp().exits().deadlineComes();
    story.launchSucceeds().exits(CLEAN_EXIT);
    expectStory(story, { phase: 'stopped', desired: 'stopped', circuit: 'OPEN 1', dueInMs: null });
  });

  it('on-failure stops the agent after exit 0 before the answer of the launch', () => {
    const story = new Story({ restart: 'on-failure' }).asksStart().exits(CLEAN_EXIT).launchSucceeds();
    expectStory(story, { phase: 'stopped', desired: 'stopped', circuit: 'CLOSED 0' });
  });

  it('on-failure stops the agent after exit 0 of an unanswered launch', () => {
    const story = new Story({ restart: 'on-failure' }).asksStart().launchIsUnknown().exits(CLEAN_EXIT);
    expectStory(story, { phase: 'stopped', desired: 'stopped', circuit: 'CLOSED 0' });
  });

  it('on-failure counts an exit by SIGINT as a failure', () => {
    const story = new Story({ restart: 'on-failure' }).isUp().exits({ exitCode: 130, signal: 'SIGINT' });
    expectStory(story, { desired: 'running', circuit: 'CLOSED 1', acts: ['sweep id-1', 'launch'] });
  });

  it('never halts the agent after a crash, without a trial, and escalates once', () => {
    const story = new Story({ restart: 'never' }).isUp().exits();
    expectStory(story, {
      phase: 'down, halted',
      status: 'halted',
      circuit: 'OPEN 1',
      dueInMs: null,
      acts: ['sweep id-1'],
    });
    expect(story.records.filter((record) => record === 'recovery.escalated')).toHaveLength(1);
    expectStory(story.waits(HOUR_MS).send({ type: 'timer' }), { phase: 'down, halted', acts: [] });
  });

  it("never halts the agent after a crash of the operator's start, without a second escalation", () => {
    const story = new Story({ restart: 'never' }).isUp().exits().asksStart().launchSucceeds().exits();
    expectStory(story, { phase: 'down, halted', circuit: 'OPEN 2', dueInMs: null });
    expect(story.records).not.toContain('recovery.escalated');
  });

  it('never allows no trial after a failed start by the operator', () => {
    const story = new Story({ restart: 'never' }).isUp().exits().asksStart().launchFails(NO_PID);
    expectStory(story, { phase: 'down, halted', circuit: 'OPEN 1', dueInMs: null });
  });
});

describe('the descendants of an exited leader', () => {
  it('are killed by run id together with the restart', () => {
    expectStory(new Story().isUp().exits(), { acts: ['sweep id-1', 'launch'] });
  });

  it('are killed if only a snapshot shows the exit', () => {
    const story = new Story().isUp();
    expectStory(story.sees({ listed: [ended(story.run)], scanned: true }), { acts: ['sweep id-1', 'launch'] });
  });

  it('are left alone while the leader lives', () => {
    const story = new Story().isUp();
    expectStory(story.sees({ listed: [online(story.run)] }), { phase: 'verifying', acts: [] });
  });
});

describe('an exit that ends the work of an agent', () => {
  const ends = (...sources: Evidence['source'][]) => {
    const evidence = sources.map((source) => ({ source, detail: 'x' }));
    return new Story({ restart: 'on-failure' })
      .isUp()
      .finds(diagnosisOf('clean-exit', 'done', { evidence }))
      .exits(CLEAN_EXIT);
  };

  it.each(['stdout', 'stderr'] as const)('is kept for the operator if it logged an error on %s before', (source) => {
    const { lastFailure, diagnosis, incident } = ends('exit', source).machineState.state;
    expect([lastFailure?.action, diagnosis?.diagnosis.line, incident]).toEqual(['stop', 'done', null]);
  });

  it('is no failure otherwise', () => {
    expect(ends('exit').machineState.state).toMatchObject({ lastFailure: null, diagnosis: null });
  });

  it('ends an escalated incident without another notification', () => {
    const story = new Story({ ...TRIPS_AT_ONCE, restart: 'on-failure' })
      .isUp()
      .exits()
      .deadlineComes()
      .launchSucceeds();
    story.exits(CLEAN_EXIT);
    expectStory(story, { phase: 'stopped', desired: 'stopped', circuit: 'OPEN 1' });
    expect(story.effects).toContainEqual(expect.objectContaining({ type: 'notify', news: { kind: 'closed' } }));
  });
});
