import { randomUUID } from 'node:crypto';
import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { messageOf } from '../kernel';
import { problemResponse } from './problem-response';

/** Answers every error as problem+json, except health reports of Terminus, which keep their own format. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Api');

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (error instanceof HttpException && isHealthReport(error.getResponse())) {
      response.status(error.getStatus()).json(error.getResponse());
      return;
    }
    const incident = randomUUID();
    const { body, headers } = problemResponse(error, request.originalUrl, incident);
    if (body.status >= 500 && body.code === 'internal-error')
      // Logs chosen fields only: a database error also contains the values of its statement.
      this.logger.error({ incident, error: messageOf(error), stack: stackOf(error) }, 'request failed');
    response.status(body.status).set(headers).type('application/problem+json').send(JSON.stringify(body));
  }
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined;
}

function isHealthReport(body: unknown): body is object {
  return typeof body === 'object' && body !== null && 'details' in body && 'info' in body;
}
