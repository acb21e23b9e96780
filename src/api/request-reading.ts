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

/** Turns away what is no JSON, and JSON so deep that reading it further would be work without an end. */
export function readBody(request: Request, _response: Response, next: NextFunction): void {
  const hasBody =
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
  if (hasBody && request.body === undefined && !['GET', 'HEAD'].includes(request.method)) {
    next(new Problem('invalid-request', 'The body must be JSON. Send Content-Type: application/json.'));
    return;
  }
  if (isDeeperThan(request.body, MAX_DEPTH)) {
    next(new Problem('invalid-request', `The body is nested more than ${MAX_DEPTH} levels deep.`));
    return;
  }
  next();
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeeperThan(member, levels - 1));
}
