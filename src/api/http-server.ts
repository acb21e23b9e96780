import type { NestExpressApplication } from '@nestjs/platform-express';
import { json, type NextFunction, type Request, type Response } from 'express';
import helmet from 'helmet';
import type { ResolvedSettings } from '../config';
import { Problem } from '../kernel';
import { hostsOfRequest, isAllowedHost } from '../auth';
import { serveDocs } from './openapi';
import { problemResponse } from './problem-response';
import { readBody, requireUtf8 } from './request-reading';

const BODY_LIMIT = '1mb';
const HEADERS_TIMEOUT_MS = 10_000;
/** Limit for receiving a request. It does not limit the answer: a wait may take ten minutes. */
const REQUEST_TIMEOUT_MS = 30_000;
/**
 * Longer than clients keep an idle connection. Otherwise a delayed client may send a request into a connection that was
 * just closed.
 */
const KEEP_ALIVE_MS = 65_000;

/**
 * Configures the steps that every request passes before it reaches a controller. The application must be created with
 * `bodyParser: false`. Requests are held until the returned gate opens.
 * The order matters: a request of another host must be refused before anything of it is read.
 */
export function configureHttp(app: NestExpressApplication, settings: ResolvedSettings, version: string): StartGate {
  app.set('x-powered-by', false);
  app.set('etag', false);
  app.set('trust proxy', false);
  app.use(securityHeaders());
  app.use(hostCheck([settings.HOST, ...settings.ALLOWED_HOSTS]));
  const gate = new StartGate();
  app.use(gate.handle);
  app.use('/api', (_request: Request, response: Response, next: NextFunction) => {
    response.set('Cache-Control', 'no-store');
    next();
  });
  // Not strict: a bare number is JSON too, and the schema reports what is wrong with it.
  app.use(json({ limit: BODY_LIMIT, strict: false, verify: requireUtf8 }));
  app.use(readBody);
  serveDocs(app, version);
  const server = app.getHttpServer();
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  return gate;
}

/**
 * Holds requests until the agents are registered; answers `/health` at once. The port is bound earlier for two reasons:
 * a port in use fails the start before any launch, and agents can be given the supervisor's URL.
 */
export class StartGate {
  private readonly waiting: (() => void)[] = [];
  private isOpen = false;

  open(): void {
    this.isOpen = true;
    for (const pass of this.waiting.splice(0)) pass();
  }

  readonly handle = (request: Request, _response: Response, next: NextFunction): void => {
    if (this.isOpen || request.path.startsWith('/health/')) next();
    else
      this.waiting.push(() => {
        next();
      });
  };
}

function securityHeaders() {
  const common = { upgradeInsecureRequests: null, frameAncestors: ["'none'"], formAction: ["'self'"] };
  const strict = helmet({
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], ...common } },
    strictTransportSecurity: false,
  });
  // Swagger UI serves its own scripts and styles, and uses inline styles and data images.
  const docs = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        fontSrc: ["'self'"],
        ...common,
      },
    },
    strictTransportSecurity: false,
  });
  return (request: Request, response: Response, next: NextFunction) => {
    (request.path.startsWith('/docs') ? docs : strict)(request, response, next);
  };
}

function hostCheck(allowed: readonly string[]) {
  return (request: Request, response: Response, next: NextFunction) => {
    if (
      hostsOfRequest(request.headersDistinct.host, request.originalUrl).every((host) => isAllowedHost(host, allowed))
    ) {
      next();
      return;
    }
    const problem = new Problem(
      'forbidden',
      'The request names a host that is not allowed. If the host is yours, add it to ALLOWED_HOSTS.',
    );
    const { body } = problemResponse(problem, request.originalUrl, '');
    response.status(body.status).type('application/problem+json').send(JSON.stringify(body));
  };
}
