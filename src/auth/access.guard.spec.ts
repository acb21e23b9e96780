import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ThrottlerStorageService } from '@nestjs/throttler';
import { Problem } from '../kernel';
import { AccessGuard, Needs, Open } from './access.guard';
import { AccessTokens } from './access-tokens';
import type { AgentTokens } from './agent-tokens';
import type { AuthenticatedRequest } from './principal';
import { RateLimit } from './rate-limit';

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
  const limit = new RateLimit(windows, { RATE_LIMIT_PER_MINUTE: 20 });
  // The guard uses only this method.
  guard = new AccessGuard(new Reflector(), new AccessTokens(people), agents as AgentTokens, windows, limit);
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

/** Sends a request through the guard. Returns the principal, or the code of the refusal. */
async function ask({ route, of = Routes, header, id, ip = '127.0.0.1' }: Asked) {
  const request: Partial<AuthenticatedRequest> = {
    headersDistinct: header === undefined ? {} : { authorization: [header] },
    params: id === undefined ? {} : { id },
    ip,
  };
  // The guard uses only these members of Nest's ExecutionContext.
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
  it('that is open requires no token, and ignores an invalid one', async () => {
    expect(await ask({ route: open })).toEqual({ isLetIn: true });
    expect(await ask({ route: open, header: 'Bearer wrong' })).toEqual({ isLetIn: true });
  });

  it('that declares no role refuses every caller', async () => {
    const asked = { route: Forgotten.prototype.route, of: Forgotten };
    expect(await ask(asked)).toMatchObject({ code: 'forbidden' });
    expect(await ask({ ...asked, header: bearer(TOKENS.admin) })).toMatchObject({ code: 'forbidden' });
  });

  it('requires the role of its class if it declares none', async () => {
    expect(await ask({ route: asTheClassSays, header: bearer(TOKENS.operator) })).toMatchObject({ code: 'forbidden' });
    expect(await ask({ route: asTheClassSays, header: bearer(TOKENS.admin) })).toMatchObject({ isLetIn: true });
  });
});

describe('a token', () => {
  it.each([
    ['viewer', view, { isLetIn: true, principal: { kind: 'api-token', role: 'viewer' } }],
    [
      'viewer',
      operate,
      {
        code: 'forbidden',
        detail:
          'This route requires the role operator; the token has the role viewer. Use a token with the required role.',
      },
    ],
    ['operator', operate, { isLetIn: true, principal: { kind: 'api-token', role: 'operator' } }],
    ['admin', operate, { isLetIn: true, principal: { kind: 'api-token', role: 'admin' } }],
  ] as const)('with the role %s gets the routes of that role', async (role, route, outcome) => {
    expect(await ask({ route, header: bearer(TOKENS[role]) })).toMatchObject(outcome);
  });

  it("of an agent gets that agent's own route, and no other", async () => {
    const header = bearer(AGENT_TOKEN);
    const principal = { kind: 'agent', agentId: 'a', runId: 'r', role: null };
    expect(await ask({ route: beat, header, id: 'a' })).toEqual({ isLetIn: true, principal });
    expect(await ask({ route: beat, header, id: 'b' })).toMatchObject({
      code: 'forbidden',
      detail:
        "This route requires the agent's own token or the role operator; the token has no role. Use a token with the required role.",
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
    'Bearer wrong-token-that-no-caller-has',
  ])('that is missing, malformed or unknown is unauthenticated: %j', async (header) => {
    expect(await ask({ route: view, header })).toMatchObject({ code: 'unauthenticated' });
  });

  it('may follow a scheme in any case', async () => {
    expect(await ask({ route: view, header: `bEARER  ${TOKENS.viewer}` })).toMatchObject({ isLetIn: true });
  });
});

describe('guessing', () => {
  const guess = (ip: string) => ask({ route: view, header: 'Bearer guess', ip });

  it('is limited to 300 failures a minute and address, and delays no other caller', async () => {
    for (let count = 0; count < 300; count += 1) expect((await guess('10.0.0.7')).code).toBe('unauthenticated');
    const slowed = await guess('10.0.0.7');
    expect(slowed.code).toBe('too-many-requests');
    expect(slowed.retryAfterSeconds).toBeGreaterThanOrEqual(1);
    expect((await guess('10.0.0.8')).code).toBe('unauthenticated');
    const valid = await ask({ route: view, header: bearer(TOKENS.viewer), ip: '10.0.0.7' });
    expect(valid).toMatchObject({ isLetIn: true });
  });
});

describe('a valid token whose role is too low', () => {
  it('is counted at each refusal, and limited like any other request', async () => {
    const refused = () => ask({ route: operate, header: bearer(TOKENS.viewer) });
    for (let count = 0; count < 20; count += 1) expect((await refused()).code).toBe('forbidden');
    expect(await refused()).toMatchObject({ code: 'too-many-requests' });
    expect(await ask({ route: operate, header: bearer(TOKENS.operator) })).toMatchObject({ isLetIn: true });
  });
});
