import { agentCard } from '../../test/support/cards';
import { addSupervision, SUPERVISION_EXTENSION } from './supervised-card';

const STATE = {
  ...({ agentId: 'cook', status: 'running', healthScore: 92 } as const),
  circuit: { state: 'CLOSED', failureCount: 0, lastFailureAt: null, trippedAt: null } as const,
};

const EXTENSION = {
  ...{ uri: SUPERVISION_EXTENSION, description: expect.any(String) as string, required: false },
  params: { agentId: 'cook', status: 'running', score: 92, circuit: STATE.circuit },
};

describe('a served card', () => {
  it('is the given one with the extension, without signatures', () => {
    const { signatures: _signatures, capabilities, ...rest } = agentCard();
    expect(addSupervision(agentCard(), STATE)).toEqual({
      ...rest,
      capabilities: {
        ...(capabilities as object),
        extensions: [{ uri: 'https://kitchen.example/units', required: false }, EXTENSION],
      },
    });
  });

  it.each([
    ['has no capabilities', undefined],
    ['has capabilities that are no object', 'none'],
    ['has no extensions', {}],
    ['has extensions that are no list', { extensions: 1 }],
    ['already has this extension', { extensions: [{ uri: SUPERVISION_EXTENSION, params: { status: 'halted' } }] }],
  ])('has the extension once if the given one %s', (_, capabilities) => {
    expect(addSupervision(agentCard({ capabilities }), STATE).capabilities).toEqual({ extensions: [EXTENSION] });
  });
});
