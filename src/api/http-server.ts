import type { NestExpressApplication } from '@nestjs/platform-express';
import { json, type NextFunction, type Request, type Response } from 'express';
import helmet from 'helmet';
import type { ResolvedSettings } from '../config';
import { Problem } from '../kernel';
import { hostsNamed, isOurHost } from '../auth';
import { serveDocs } from './openapi';
import { problemResponse } from './problem-response';
import { readBody, requireUtf8 } from './request-reading';

const BODY_LIMIT = '1mb';
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** Longer than clients keep a connection for the next request: else one that is held up sends it into a closed one. */
const KEEP_ALIVE_MS = 65_000;

/** What every request meets before a controller sees it. The application is made with `bodyParser: false`. */
export function configureHttp(app: NestExpressApplication, settings: ResolvedSettings, version: string): void {
  app.set('x-powered-by', false);
  app.set('etag', false);
  app.set('trust proxy', false);
  app.use(securityHeaders());
  app.use(hostCheck([settings.HOST, ...settings.ALLOWED_HOSTS]));
  app.use('/api', (_request: Request, response: Response, next: NextFunction) => {
    response.set('Cache-Control', 'no-store');
    next();
  });
  // Not strict: a bare number is JSON too, and is told what is wrong with it by the schema.
  app.use(json({ limit: BODY_LIMIT, strict: false, verify: requireUtf8 }));
  app.use(readBody);
  serveDocs(app, version);
  const server = app.getHttpServer();
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
}

function securityHeaders() {
  const common = { upgradeInsecureRequests: null, frameAncestors: ["'none'"], formAction: ["'self'"] };
  const strict = helmet({
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], ...common } },
    strictTransportSecurity: false,
  });
  // Swagger UI brings its scripts and styles along, and sets styles and small pictures by itself.
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
    if (hostsNamed(request.headersDistinct.host, request.originalUrl).every((host) => isOurHost(host, allowed))) {
      next();
      return;
    }
    const problem = new Problem('forbidden', 'This host name is not answered. Add it to ALLOWED_HOSTS if it is yours.');
    const { body } = problemResponse(problem, request.originalUrl, '');
    response.status(body.status).type('application/problem+json').send(JSON.stringify(body));
  };
}
