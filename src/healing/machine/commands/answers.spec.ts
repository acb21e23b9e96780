import * as fc from 'fast-check';
import { ALPHABET } from '../../../../test/support/machine-alphabet';
import { HUNG, POLICY } from '../../../../test/support/machine-builders';
import { Story } from '../../../../test/support/machine-story';
import type { MachineEvent } from '../event';

describe('a caller that waits for a decision', () => {
  const commands: readonly (readonly [string, MachineEvent])[] = [
    ['a registration', { type: 'register-asked', name: 'Agent', entryPoint: 'agent.py', autostart: false }],
    ['an update', { type: 'update-asked', members: ['tags'], changesLaunch: false, capabilities: null }],
    ['a pause', { type: 'pause-asked', until: Infinity }],
    ['a resumption', { type: 'resume-asked' }],
    ['an escalation', { type: 'escalate-asked', diagnosis: HUNG }],
    ['a success by hand', { type: 'circuit-asked', event: { type: 'success' } }],
  ];

  it.each(commands)('of %s is answered at once', (_, command) => {
    expect(new Story().isUp().send(command).answers).toEqual(['decided: done']);
  });

  it.each(commands)('of %s is refused during an unregistration', (_, command) => {
    const story = new Story().isUp().send({ type: 'unregister-asked' });
    const before = story.machineState;
    expect(story.send(command).answers).toContain('decided: operation-in-progress');
    expect(story.machineState).toBe(before);
  });
});

describe('any history of events', () => {
  const histories = fc.array(fc.tuple(fc.constantFrom(...ALPHABET), fc.constantFrom(0, 1, 1_000, 61_000)), {
    maxLength: 25,
  });
  const policies = fc.constantFrom<Partial<typeof POLICY>>({}, { circuit: { ...POLICY.circuit, failureThreshold: 1 } });

  it('gives each refused caller a reason, in whole sentences, and each launch one', () => {
    fc.assert(
      fc.property(policies, histories, (policy, history) => {
        const story = new Story(policy);
        for (const [word, waitMs] of history)
          for (const effect of word.say(story.waits(waitMs), story.runId).effects) {
            if (effect.type === 'answer' && effect.answer.kind !== 'done') {
              expect(effect.answer.kind).toBe('refused');
              expect([effect.answer.code, effect.answer.detail]).toEqual([
                expect.stringMatching(/^[a-z-]+$/),
                expect.stringMatching(/^[A-Z].+\.$/),
              ]);
            }
            if (effect.type === 'launch') expect(effect.launch.reason).not.toBe('');
            if (effect.type === 'record-restart') expect(effect.reason).not.toBe('');
          }
      }),
      { numRuns: 1_000 },
    );
  });
});
