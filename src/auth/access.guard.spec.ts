import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ThrottlerStorageService } from '@nestjs/throttler';
import { Problem } from '../kernel';
import { AccessGuard, Needs, Open, type AuthenticatedRequest } from './access.guard';
import { AccessTokens } from './access-tokens';
import type { AgentTokens } from './agent-tokens';

@Needs('admin')
class Routes {
  @Open()
  open(): void {
    return;
  }
  @Needs('viewer')
  view(): void {
    return;
  }
  @Needs('operator')
  operate(): void {
    return;
  }
  @Needs('own-agent')
  beat(): void {
    return;
  }
  asTheClassSays(): void {
    return;
  }
}

class Forgotten {
  route(): void {
    return;
  }
}

const TOKENS = { viewer: 'v'.repeat(16), operator: 'o'.repeat(16), admin: 'a'.repeat(16) };
const AGENT_TOKEN = 'agt1.a.run.mac';

let windows: ThrottlerStorageService;
let guard: AccessGuard;
beforeEach(() => {
  windows = new ThrottlerStorageService();
  const agents: Pick<AgentTokens, 'principalOf'> = {
    principalOf: (token) => (token === AGENT_TOKEN ? { kind: 'agent', agentId: 'a', runId: 'r', role: null } : null),
  };
  const people = (['viewer', 'operator', 'admin'] as const).map((role) => ({ role, token: TOKENS[role] }));
  // Only its one public method is used.
  guard = new AccessGuard(new Reflector(), new AccessTokens(people), agents as AgentTokens, windows);
});
afterEach(() => {
  windows.onApplicationShutdown();
});

interface Asked {
  readonly route: (() => void) | undefined;
  readonly of?: typeof Routes | typeof Forgotten;
  readonly header?: string;
  readonly id?: string;
  readonly ip?: string;
}

/** Who is let in, or the code of the refusal. */
async function ask({ route, of = Routes, header, id, ip = '127.0.0.1' }: Asked) {
  const request: Partial<AuthenticatedRequest> = {
    headers: header === undefined ? {} : { authorization: header },
    params: id === undefined ? {} : { id },
    ip,
  };
  // Nest's own object is large; the guard asks for no more than this.
  const context = {
    getHandler: () => route,
    getClass: () => of,
    switchToHttp: () => ({ getRequest: () => request }),
  } as unknown as ExecutionContext;
  try {
    const isLetIn = await guard.canActivate(context);
    return { isLetIn, principal: request.principal };
  } catch (error) {
    if (error instanceof Problem)
      return { code: error.code, detail: error.detail, retryAfterSeconds: error.retryAfterSeconds };
    throw error;
  }
}

const { open, view, operate, beat, asTheClassSays } = Routes.prototype;
const bearer = (token: string) => `Bearer ${token}`;

describe('a route', () => {
  it('that is open needs no token, and looks at none', async () => {
    expect(await ask({ route: open })).toEqual({ isLetIn: true });
    expect(await ask({ route: open, header: 'Bearer wrong' })).toEqual({ isLetIn: true });
  });

  it('that says nothing of who may use it is refused to everybody', async () => {
    const asked = { route: Forgotten.prototype.route, of: Forgotten };
    expect(await ask(asked)).toMatchObject({ code: 'forbidden' });
    expect(await ask({ ...asked, header: bearer(TOKENS.admin) })).toMatchObject({ code: 'forbidden' });
  });

  it('needs what its class says where it says nothing itself', async () => {
    expect(await ask({ route: asTheClassSays, header: bearer(TOKENS.operator) })).toMatchObject({ code: 'forbidden' });
    expect(await ask({ route: asTheClassSays, header: bearer(TOKENS.admin) })).toMatchObject({ isLetIn: true });
  });
});

describe('a token', () => {
  it.each([
    ['viewer', view, { isLetIn: true, principal: { kind: 'person', role: 'viewer' } }],
    ['viewer', operate, { code: 'forbidden', detail: 'This needs operator; the token has viewer.' }],
    ['operator', operate, { isLetIn: true, principal: { kind: 'person', role: 'operator' } }],
    ['admin', operate, { isLetIn: true, principal: { kind: 'person', role: 'admin' } }],
  ] as const)('of a %s opens what its role may', async (role, route, outcome) => {
    expect(await ask({ route, header: bearer(TOKENS[role]) })).toMatchObject(outcome);
  });

  it("of an agent opens that agent's own route, and no other", async () => {
    const header = bearer(AGENT_TOKEN);
    const principal = { kind: 'agent', agentId: 'a', runId: 'r', role: null };
    expect(await ask({ route: beat, header, id: 'a' })).toEqual({ isLetIn: true, principal });
    expect(await ask({ route: beat, header, id: 'b' })).toMatchObject({
      code: 'forbidden',
      detail: "This needs the agent's own token or operator; the token has no role.",
    });
    expect(await ask({ route: beat, header })).toMatchObject({ code: 'forbidden' });
    expect(await ask({ route: view, header, id: 'a' })).toMatchObject({ code: 'forbidden' });
  });

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    TOKENS.admin,
    `Basic ${TOKENS.admin}`,
    `Bearer ${TOKENS.admin} x`,
    ` Bearer ${TOKENS.admin}`,
    `Bearer ${TOKENS.admin}\n`,
    `Bearer ${'x'.repeat(5000)}`,
    'Bearer wrong-token-that-nobody-has',
  ])('that is none is unauthenticated: %j', async (header) => {
    expect(await ask({ route: view, header })).toMatchObject({ code: 'unauthenticated' });
  });

  it('may be announced in any case', async () => {
    expect(await ask({ route: view, header: `bEARER  ${TOKENS.viewer}` })).toMatchObject({ isLetIn: true });
  });
});

describe('guessing', () => {
  const guess = (ip: string) => ask({ route: view, header: 'Bearer guess', ip });

  it('is slowed down after 300 a minute from one address, and holds up nobody else', async () => {
    for (let count = 0; count < 300; count += 1) expect((await guess('10.0.0.7')).code).toBe('unauthenticated');
    const slowed = await guess('10.0.0.7');
    expect(slowed.code).toBe('too-many-requests');
    expect(slowed.retryAfterSeconds).toBeGreaterThanOrEqual(1);
    expect((await guess('10.0.0.8')).code).toBe('unauthenticated');
    const valid = await ask({ route: view, header: bearer(TOKENS.viewer), ip: '10.0.0.7' });
    expect(valid).toMatchObject({ isLetIn: true });
  });
});
