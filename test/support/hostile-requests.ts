import fc from 'fast-check';
import { addressOf, type OpenApi, type Operation, type Schema } from './openapi';

/** A request that must not be carried out, and its flaw. */
export interface HostileRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** True for a read whose flaw may be harmless. It may then be answered normally. */
  readonly mayBeRead: boolean;
  readonly flaw: string;
}

/** Tokens and the agent used in the requests. All tokens are valid; `weakest` has the lowest role. */
export interface Cast {
  readonly admin: string;
  readonly weakest: string;
  readonly own: string;
  readonly agentId: string;
}

const HOSTILE_IDS = [
  '..',
  '%2e%2e%2f',
  '%00',
  'KNOWN',
  'a%2Fb',
  '__proto__',
  'constructor',
  '%E2%82%AC',
  '%ff',
  '%',
  '-',
  'x;y',
  '*',
];
const HOSTILE_TEXTS = [
  ...[
    '',
    '\0',
    '\ud800',
    '../../etc/passwd',
    "' OR 1=1 --",
    '<script>',
    '%s%n',
    '\u202e',
    '-1',
    '1e999',
    'NaN',
    '0x10',
    'null',
  ],
  ...['undefined', 'true', '[]', '{}', '$(id)', '{{7*7}}', 'constructor', '__proto__', 'x'.repeat(3_000), '\u{1f600}'],
];
const HOSTILE_HEADERS: readonly Readonly<Record<string, string>>[] = [
  { host: 'evil.com' },
  { host: '127.0.0.1.evil.com' },
  { host: 'localhost.' },
];
/** JSON values that are not valid for any member of any body. */
const NEVER_VALID = ['{"a":{"b":1}}', '[[[]]]', '"\\u0000\\ud800"', '1e999', '{"__proto__":1}', '[{"":""}]'];
const MALFORMED = ['{', '{"a":', '[1,]', "{'a':1}", 'nonsense', '{"a":NaN}', '\u0000', '{}{}', '"', '{"a":1,}', '// x'];

const text = () =>
  fc.oneof(
    fc.constantFrom(...HOSTILE_TEXTS),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.double().map(String),
    fc.json({ maxDepth: 2 }),
  );
const encoded = (value: string) => encodeURIComponent(value.replaceAll(/\p{Surrogate}/gu, '%'));

/** Generates hostile requests for an API document. The same seed gives the same requests. */
export function hostileRequests(
  document: OpenApi,
  operations: readonly Operation[],
  cast: Cast,
): fc.Arbitrary<HostileRequest> {
  // Create these once per operation. Within a chain they would be created for every request, which takes minutes.
  const each = operations.map((operation) => {
    const flaws = [
      unauthorised(document, operation, cast),
      misnamed(document, operation, cast),
      malformed(operation, cast),
      fromElsewhere(operation, cast),
    ];
    if (bodySchema(document, operation) !== null) flaws.push(mutated(document, operation, cast));
    if (operation.method === 'GET') flaws.push(oddlyAsked(operation, cast));
    return fc.oneof(...flaws);
  });
  return fc.oneof(...each);
}

/** Generates requests with a missing or insufficient token. Everything else may be valid. */
function unauthorised(document: OpenApi, operation: Operation, cast: Cast): fc.Arbitrary<HostileRequest> {
  const isOpen = operation.security?.length === 0;
  const isRead = operation.method === 'GET';
  const tokens = fc.oneof(
    fc.constantFrom<string | null>(
      null,
      '',
      'wrong',
      `${cast.admin}x`,
      cast.admin.slice(1),
      cast.admin.toUpperCase(),
      `${cast.own}x`,
      cast.own.slice(0, -1),
    ),
    // A viewer may read, so its token is not hostile there. An agent may only send its own heartbeat.
    fc.constant(isRead ? null : cast.weakest),
    fc.constant(operation.route.endsWith('/heartbeat') ? null : cast.own),
    fc.string({ unit: 'grapheme-ascii', maxLength: 60 }).filter((token) => token.trim() !== cast.admin),
  );
  return fc
    .record({
      token: tokens,
      scheme: fc.constantFrom('Bearer', 'bearer', 'Basic', 'Digest', ''),
      body: membersOf(document, operation),
    })
    .map(({ token, scheme, body }) => ({
      ...{ method: operation.method, target: addressOf(operation.route, cast.agentId), flaw: 'who asks' },
      headers: { ...(token === null ? {} : { authorization: `${scheme} ${token}` }), ...jsonType(body) },
      ...{ body, mayBeRead: isOpen && isRead },
    }));
}

/** Generates requests of an admin with an invalid agent ID. */
function misnamed(document: OpenApi, operation: Operation, cast: Cast): fc.Arbitrary<HostileRequest> {
  if (!operation.route.includes('{')) return malformed(operation, cast);
  const ids = fc.oneof(
    fc.constantFrom(...HOSTILE_IDS),
    text().map((value) => `-${encoded(value)}`),
  );
  return fc.record({ id: ids, body: membersOf(document, operation) }).map(({ id, body }) => ({
    ...{ method: operation.method, target: addressOf(operation.route, id), flaw: 'the id' },
    ...{ headers: { ...asAdmin(cast), ...jsonType(body) }, body, mayBeRead: false },
  }));
}

/** Generates bodies that are not JSON, or are not declared as JSON. */
function malformed(operation: Operation, cast: Cast): fc.Arbitrary<HostileRequest> {
  const kinds = fc.oneof(
    fc.constantFrom(...MALFORMED).map((body) => ({ body, type: 'application/json', encoding: null })),
    fc
      .constantFrom('text/plain', 'application/xml', 'x', 'multipart/form-data')
      .map((type) => ({ body: '{}', type, encoding: null })),
    fc
      .constantFrom('gzip', 'br', 'deflate', 'nonsense')
      .map((encoding) => ({ body: '{}', type: 'application/json', encoding })),
    fc
      .constantFrom('utf-16', 'utf-7', 'latin1')
      .map((charset) => ({ body: '{}', type: `application/json; charset=${charset}`, encoding: null })),
    fc
      .integer({ min: 33, max: 3_000 })
      .map((depth) => ({ body: '['.repeat(depth) + ']'.repeat(depth), type: 'application/json', encoding: null })),
  );
  return kinds.map(({ body, type, encoding }) => ({
    ...{ method: operation.method, target: addressOf(operation.route, cast.agentId), flaw: 'the body' },
    headers: { ...asAdmin(cast), 'content-type': type, ...(encoding === null ? {} : { 'content-encoding': encoding }) },
    // A read ignores its body, and need not check its type.
    ...{ body, mayBeRead: operation.method === 'GET' },
  }));
}

function fromElsewhere(operation: Operation, cast: Cast): fc.Arbitrary<HostileRequest> {
  return fc
    .record({
      headers: fc.constantFrom(...HOSTILE_HEADERS),
      noise: fc.dictionary(fc.stringMatching(/^x-[a-z]{1,8}$/), fc.stringMatching(/^[ -~]{0,60}$/)),
    })
    .map(({ headers, noise }) => ({
      ...{ method: operation.method, target: addressOf(operation.route, cast.agentId), flaw: 'the host' },
      ...{ headers: { ...noise, ...asAdmin(cast), ...headers }, body: null, mayBeRead: false },
    }));
}

/** Generates well-formed bodies with one invalid member. */
function mutated(document: OpenApi, operation: Operation, cast: Cast): fc.Arbitrary<HostileRequest> {
  const names = Object.keys(bodySchema(document, operation)?.properties ?? {});
  const unknown = fc.constantFrom('unknown', 'constructor', '__proto__', 'id', 'Name', '');
  const name = names.length === 0 ? unknown : fc.oneof(fc.constantFrom(...names), unknown);
  return fc.record({ name, value: fc.constantFrom(...NEVER_VALID) }).map(({ name: member, value }) => ({
    ...{ method: operation.method, target: addressOf(operation.route, cast.agentId), flaw: 'a member' },
    headers: { ...asAdmin(cast), 'content-type': 'application/json' },
    ...{ body: `{${JSON.stringify(member)}:${value}}`, mayBeRead: false },
  }));
}

function oddlyAsked(operation: Operation, cast: Cast): fc.Arbitrary<HostileRequest> {
  const names = (operation.parameters ?? [])
    .filter((parameter) => parameter.in === 'query')
    .map((parameter) => parameter.name);
  const name = fc.oneof(fc.constantFrom(...names, 'limit', 'after', '__proto__', 'limit[]', 'limit[a][b]', ''), text());
  const query = fc.array(fc.tuple(name, text()), { minLength: 1, maxLength: 4 });
  return query.map((pairs) => ({
    method: operation.method,
    target: `${addressOf(operation.route, cast.agentId)}?${pairs.map((pair) => pair.map(encoded).join('=')).join('&')}`,
    ...{ headers: asAdmin(cast), body: null, mayBeRead: true, flaw: 'the query' },
  }));
}

/** Generates any members, valid or not, for requests that fail before their body is validated. */
function membersOf(document: OpenApi, operation: Operation): fc.Arbitrary<string | null> {
  const names = Object.keys(bodySchema(document, operation)?.properties ?? {});
  if (operation.method === 'GET' || names.length === 0) return fc.constant(null);
  return fc
    .dictionary(fc.constantFrom(...names), fc.jsonValue({ maxDepth: 2 }))
    .map((members) => JSON.stringify(members));
}

function bodySchema(document: OpenApi, operation: Operation): Schema | null {
  const schema = operation.requestBody?.content?.['application/json']?.schema;
  const reference = schema?.$ref?.split('/').at(-1);
  return (reference === undefined ? schema : document.components.schemas[reference]) ?? null;
}

const asAdmin = (cast: Cast) => ({ authorization: `Bearer ${cast.admin}` });
const jsonType = (body: string | null): Record<string, string> =>
  body === null ? {} : { 'content-type': 'application/json' };
