import { makeSupervisor } from '../../../test/support/supervised-agents';
import { POLICY } from '../../../test/support/machine-builders';

const IDLE_STOP_MS = 1_000;

/** Starts an agent on demand. It is verified, and its idle time begins, after `VERIFY_SECONDS`. */
async function makeIdleAgent() {
  const made = await makeSupervisor();
  const { supervisor, register, outcomeOf, policy, clock } = made;
  policy.idleStopMs = IDLE_STOP_MS;
  await register('a');
  const started = supervisor.command('a', { type: 'start-asked', by: 'routing', mayTrial: false }, 'up');
  expect(await outcomeOf(started, POLICY.verifyMs / 2)).toBe('done');
  const phase = () => supervisor.machineState('a')?.state.phase;
  expect(phase()?.kind).toBe('verifying');
  await clock.advance((phase()?.since ?? 0) + POLICY.verifyMs - clock.now());
  expect(phase()).toMatchObject({ kind: 'running', since: clock.now() });
  const isUp = () => supervisor.machineState('a')?.desired === 'running' && made.world.aliveOf('a').length === 1;
  return { ...made, isUp };
}

describe('an idle agent', () => {
  it('is stopped, and its process is killed', async () => {
    const { clock, isUp, world, events } = await makeIdleAgent();
    await clock.advance(IDLE_STOP_MS - 1);
    expect(isUp()).toBe(true);
    await clock.advance(POLICY.killTimeoutMs);
    expect([isUp(), world.aliveOf('a')]).toEqual([false, []]);
    expect(events()).toContain('agent.terminated');
  });

  it.each([-2, -1, 0, 1, 2])(
    'that is chosen %d ms from its idle stop is chosen and stays, or was stopped before',
    async (offsetMs) => {
      const { clock, isUp, policy } = await makeIdleAgent();
      let wasChosen: boolean | null = null;
      clock.after(IDLE_STOP_MS + offsetMs, () => {
        wasChosen = isUp();
        if (wasChosen) policy.activity = { at: clock.now(), busyUntil: null };
      });
      await clock.advance(IDLE_STOP_MS + offsetMs + 5);
      expect([wasChosen, isUp()]).toEqual(offsetMs < 0 ? [true, true] : [wasChosen, wasChosen]);
      await clock.advance(IDLE_STOP_MS - 10);
      expect(isUp()).toBe(wasChosen);
      await clock.advance(POLICY.killTimeoutMs);
      expect(isUp()).toBe(false);
    },
  );
});
