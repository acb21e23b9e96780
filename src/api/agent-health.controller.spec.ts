import { LIKELY_KEY } from '../../test/support/machine-builders';
import { FakeClock } from '../../test/support/fake-clock';
import type { Diagnosis } from '../kernel';
import { SelfHealingLoop } from '../healing';
import { AgentHealthController } from './agent-health.controller';
import { DiagnosisDto } from './health-schemas';

const AT = Date.UTC(2026, 0, 1);
const NOT_USED = null as never;

/** Returns the answer on the diagnosis of an agent with this state. */
function answerOn(state: object) {
  const supervisor = { machineState: () => ({ state }) } as never;
  const views = { view: () => ({}) } as never;
  const loop = new SelfHealingLoop(supervisor, views, NOT_USED, NOT_USED, NOT_USED, new FakeClock());
  return new AgentHealthController(NOT_USED, NOT_USED, loop, NOT_USED, NOT_USED).diagnosis('agent');
}

function answerOnSaved(diagnosis: Diagnosis) {
  return answerOn({ diagnosis: { diagnosis, incidentId: 'first', at: AT }, incident: { id: 'first' } });
}

describe('the answer on a diagnosis', () => {
  it('has the certainty, the rule and the lines that it was read from', () => {
    const block = ['Traceback (most recent call last):', 'AuthenticationError: key refused'];
    expect(answerOnSaved({ ...LIKELY_KEY, block })).toEqual({
      ...{ agentId: 'agent', cause: 'credentials', line: 'key refused', restartable: false },
      ...{ certainty: 'likely', rule: 'a-rule', block, evidence: [], advice: LIKELY_KEY.advice },
      ...{ exitCode: null, signal: null, memoryBytes: null },
      ...{ diagnosedAt: '2026-01-01T00:00:00.000Z', incidentId: 'first', open: true },
    });
  });

  it('is certain, without a rule and without lines, if nothing has failed', () => {
    const none = { cause: 'none', certainty: 'certain', rule: null, block: [], incidentId: null, open: false };
    expect(answerOn({ diagnosis: null, incident: null })).toMatchObject(none);
  });

  it.each([
    ['none', answerOn({ diagnosis: null, incident: null })],
    ['a cause', answerOnSaved(LIKELY_KEY)],
  ])('has the documented members, and no other: %s', (_, answer) => {
    expect(DiagnosisDto.schema.parse(answer)).toEqual(answer);
  });
});
