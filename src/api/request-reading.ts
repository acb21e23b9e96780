import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable, type ArgumentMetadata, type PipeTransform } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { createZodValidationPipe } from 'nestjs-zod';
import type { z } from 'zod';
import { AGENT_ID_PATTERN, invalid, invalidMembers, Problem } from '../kernel';

const ZodPipe = createZodValidationPipe({
  createValidationException: (error) => invalid(invalidMembers(error as z.ZodError)),
});

/**
 * Validates bodies and queries with the schemas of their classes, and reports every fault with its pointer. A missing
 * body is read as `{}`, so that the faults list the missing members.
 */
@Injectable()
export class SchemaPipe extends ZodPipe {
  override transform(value: unknown, metadata: ArgumentMetadata): unknown {
    return super.transform(metadata.type === 'body' ? (value ?? {}) : value, metadata);
  }
}

/** Refuses an id that no agent can have, as an unknown agent. The id is not repeated in the answer. */
@Injectable()
export class AgentIdPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    if (AGENT_ID_PATTERN.test(value)) return value;
    throw new Problem(
      'agent-not-found',
      'The id in the path is not a valid agent id. GET /api/agents lists all agents.',
    );
  }
}

const MAX_DEPTH = 32;
/**
 * Limit above every list and object of the contract. Without it, reporting the faults of a 1 MB body would take
 * seconds.
 */
const MAX_MEMBERS = 1_000;

/**
 * Refuses a body that is not UTF-8, the encoding of JSON between programs (RFC 8259). Decoding it in another way
 * would change the caller's data.
 *
 * @throws an error in the form of the body parser's own, answered with 400
 */
export function requireUtf8(_request: IncomingMessage, _response: ServerResponse, body: Buffer, charset: string): void {
  if (charset === 'utf-8' && isUtf8(body)) return;
  throw Object.assign(new Error('it is not UTF-8'), { type: 'charset.unsupported' });
}

/** Refuses bodies that are not JSON, and JSON that is too deep, too wide, or has a member `__proto__`. */
export function readBody(request: Request, _response: Response, next: NextFunction): void {
  const hasBody =
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
  if (hasBody && request.body === undefined && !['GET', 'HEAD'].includes(request.method)) {
    next(new Problem('invalid-request', 'The body was not sent as JSON. Send it with Content-Type: application/json.'));
    return;
  }
  const fault = faultIn(request.body, MAX_DEPTH) ?? faultIn(request.query, MAX_DEPTH);
  next(fault === null ? undefined : new Problem('invalid-request', fault));
}

function faultIn(value: unknown, levels: number): string | null {
  if (typeof value !== 'object' || value === null) return null;
  if (levels === 0) return `The body or query is nested more than ${MAX_DEPTH} levels deep. Flatten it.`;
  const members: unknown[] = Object.values(value);
  if (members.length > MAX_MEMBERS)
    return `The body or query has a list or an object of more than ${MAX_MEMBERS} members. Send fewer.`;
  // A schema silently drops this name, and copying the object member by member would set its prototype.
  if (Object.hasOwn(value, '__proto__'))
    return 'The body or query has a member named __proto__, which is not allowed. Rename it.';
  for (const member of members) {
    const fault = faultIn(member, levels - 1);
    if (fault !== null) return fault;
  }
  return null;
}
