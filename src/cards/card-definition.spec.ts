import fc from 'fast-check';
import { agentCard } from '../../test/support/cards';
import { AGENT_ID_PATTERN, agentDefinitionSchema, capabilitiesSchema } from '../kernel';
import { readCard } from './agent-card';
import { agentIdOf, capabilityOf, definitionOfCard } from './card-definition';

const URL_OF_CARD = 'http://127.0.0.1:4999/.well-known/agent-card.json';

const definitionOf = (card: Record<string, unknown>, request: object = {}) =>
  definitionOfCard(readCard(card), { url: 'http://127.0.0.1:4999', tags: [], ...request }, URL_OF_CARD);

describe('the definition of a card', () => {
  it('has its name, its skills as capabilities and its first interface as endpoint', () => {
    expect(definitionOf(agentCard())).toEqual({
      kind: 'definition',
      definition: {
        ...{ agentId: 'recipe-agent', name: 'Recipe Agent', entryPoint: null, tags: [] },
        ...{ capabilities: ['recipe.find', 'meal-plan'], endpoint: 'http://127.0.0.1:4999/a2a' },
        healthUrl: URL_OF_CARD,
      },
    });
  });

  it.each<[object, object]>([
    [{ agentId: 'cook' }, { agentId: 'cook' }],
    [{ healthUrl: null }, { healthUrl: null }],
    [{ healthUrl: 'http://127.0.0.1:1/up' }, { healthUrl: 'http://127.0.0.1:1/up' }],
    [{ tags: ['food'] }, { tags: ['food'] }],
  ])('follows the request: %j', (request, expected) => {
    expect(definitionOf(agentCard(), request)).toMatchObject({ definition: expected });
  });

  it('skips interfaces without an http URL', () => {
    const interfaceOf = (url: string) => ({ url, protocolBinding: 'GRPC', protocolVersion: '1.0' });
    const given = (...urls: string[]) => agentCard({ supportedInterfaces: urls.map(interfaceOf) });
    expect(definitionOf(given('grpc.example:443', 'http://u:p@h/', 'https://h/a'))).toMatchObject({
      definition: { endpoint: 'https://h/a' },
    });
    expect(() => definitionOf(given('grpc.example:443'))).toThrow('has no interface with an http or https URL');
  });

  it('names each capability once, and needs one', () => {
    const given = (...ids: string[]) => agentCard({ skills: ids.map((id) => ({ id })) });
    expect(definitionOf(given('a.b', 'A/B', '!!', 'a:b'))).toMatchObject({ definition: { capabilities: ['a.b'] } });
    expect(() => definitionOf(given('!!', '***'))).toThrow('has no skill whose id yields a capability');
  });

  it('needs an agent id if the name yields none', () => {
    expect(definitionOf(agentCard({ name: '料理' }))).toMatchObject({ kind: 'fault', fault: { pointer: '/agentId' } });
    expect(definitionOf(agentCard({ name: '料理' }), { agentId: 'cook' })).toMatchObject({
      definition: { agentId: 'cook', name: '料理' },
    });
  });

  it('is accepted by the schema of definitions, for any card that is read', () => {
    const texts = fc.string({ unit: 'binary', minLength: 1, maxLength: 300 });
    const skills = fc.array(fc.record({ id: texts }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(texts, skills, (name, given) => {
        let built;
        try {
          built = definitionOf(agentCard({ name, skills: given }));
        } catch {
          return; // Refused with a reason, as the table above shows.
        }
        if (built.kind === 'definition') agentDefinitionSchema.parse(built.definition);
      }),
    );
  });
});

describe('an agent id of a name', () => {
  it.each([
    ['Recipe Agent', 'recipe-agent'],
    ['  Überprüfer (v2)!', 'uberprufer-v2'],
    ['a'.repeat(80), 'a'.repeat(63)],
    [`${'a'.repeat(62)} b`, 'a'.repeat(62)],
    ['--', null],
    ['', null],
  ])('%j yields %j', (name, id) => {
    expect(agentIdOf(name)).toBe(id);
  });

  it('is valid whatever the name is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const id = agentIdOf(name);
        if (id !== null) expect(id).toMatch(AGENT_ID_PATTERN);
      }),
    );
  });
});

describe('a capability of a skill', () => {
  it.each([
    ['recipe.find', 'recipe.find'],
    ['Recipe Find', 'recipe-find'],
    ['recipe/find:fast', 'recipe.find.fast'],
    ['snake_case', 'snake_case'],
    ['..a..', 'a'],
    ['content.*', 'content'],
    ['*', null],
    ['a'.repeat(129), null],
  ])('%j yields %j', (id, capability) => {
    expect(capabilityOf(id)).toBe(capability);
  });

  it('is valid whatever the id is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (id) => {
        const capability = capabilityOf(id);
        if (capability !== null) expect(capabilitiesSchema.safeParse([capability]).success).toBe(true);
      }),
    );
  });
});
