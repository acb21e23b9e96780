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
 * Bodies and queries are read by the schemas of their classes; every fault is named by its pointer. A body that is left
 * out is read as `{}`: where members are needed, they are what is missing.
 */
@Injectable()
export class SchemaPipe extends ZodPipe {
  override transform(value: unknown, metadata: ArgumentMetadata): unknown {
    return super.transform(metadata.type === 'body' ? (value ?? {}) : value, metadata);
  }
}

/** An id that no agent can have is one that no agent has; it is not repeated in the answer. */
@Injectable()
export class AgentIdPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    if (AGENT_ID_PATTERN.test(value)) return value;
    throw new Problem('agent-not-found', 'No agent has an id of this form. GET /api/agents lists them.');
  }
}

const MAX_DEPTH = 32;
/** No list or object of the contract has as many; a megabyte of faults would be named one by one, for seconds. */
const MAX_MEMBERS = 1_000;

/**
 * JSON between programs is UTF-8 (RFC 8259). Read as anything else, or with bytes replaced, it would say something that
 * nobody sent.
 *
 * @throws an error as the body parser's own are, answered 400
 */
export function requireUtf8(_request: IncomingMessage, _response: ServerResponse, body: Buffer, charset: string): void {
  if (charset === 'utf-8' && isUtf8(body)) return;
  throw Object.assign(new Error('it is not UTF-8'), { type: 'charset.unsupported' });
}

/** Turns away what is no JSON, and JSON so deep, so wide or so named that reading it further would be no good. */
export function readBody(request: Request, _response: Response, next: NextFunction): void {
  const hasBody =
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
  if (hasBody && request.body === undefined && !['GET', 'HEAD'].includes(request.method)) {
    next(new Problem('invalid-request', 'The body must be JSON. Send Content-Type: application/json.'));
    return;
  }
  const fault = faultIn(request.body, MAX_DEPTH) ?? faultIn(request.query, MAX_DEPTH);
  next(fault === null ? undefined : new Problem('invalid-request', fault));
}

function faultIn(value: unknown, levels: number): string | null {
  if (typeof value !== 'object' || value === null) return null;
  if (levels === 0) return `The body is nested more than ${MAX_DEPTH} levels deep.`;
  const members: unknown[] = Object.values(value);
  if (members.length > MAX_MEMBERS) return `The body has a list or an object of more than ${MAX_MEMBERS} members.`;
  // A schema passes over this name without a word, and a copy member by member sets the prototype by it.
  if (Object.hasOwn(value, '__proto__')) return 'No member may be named __proto__.';
  for (const member of members) {
    const fault = faultIn(member, levels - 1);
    if (fault !== null) return fault;
  }
  return null;
}
