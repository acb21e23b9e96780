import { applyDecorators, type INestApplication } from '@nestjs/common';
import { ApiResponse, DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { cleanupOpenApiDoc } from 'nestjs-zod';
import { PROBLEM_TITLES, type ProblemCode } from '../kernel';
import { ProblemDto } from './schemas';
import { statusOfProblem } from './problem-response';

/** Documents the errors that a route can answer with. */
export function Problems(...codes: ProblemCode[]): MethodDecorator {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of [...codes, 'unauthenticated', 'forbidden', 'too-many-requests'] as const) {
    const status = statusOfProblem(code);
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return applyDecorators(...[...byStatus].map(([status, each]) => ApiResponse({ status, ...problemResponseOf(each) })));
}

function problemResponseOf(codes: readonly ProblemCode[]) {
  return {
    description: codes.map((code) => `\`${code}\`: ${PROBLEM_TITLES[code]}`).join('; '),
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/ProblemDto' } } },
  };
}

/** What the reading of a request may answer, before any handler has seen it. */
function documentReading(document: OpenAPIObject): void {
  for (const [route, item] of Object.entries(document.paths)) {
    for (const method of ['get', 'post', 'put', 'patch', 'delete'] as const) {
      const operation = item[method];
      if (operation === undefined) continue;
      const hasBody = operation.requestBody !== undefined;
      // An id may be no text at all, a body no JSON.
      if (hasBody || route.includes('{')) operation.responses['400'] ??= problemResponseOf(['invalid-request']);
      if (hasBody) operation.responses['413'] ??= problemResponseOf(['payload-too-large']);
    }
  }
}

/** The OpenAPI document, made from the very schemas that read the requests. */
export function openApiDocument(app: INestApplication, version: string): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('agent-spawner')
    .setDescription(
      'Registers, launches, watches and heals AI agents that run as processes. Click Authorize and paste a token; the made admin token lies in `DATA_DIR/admin.token`.',
    )
    .setVersion(version)
    .addBearerAuth({ type: 'http', scheme: 'bearer' }, 'token')
    .addSecurityRequirements('token')
    .build();
  const document = SwaggerModule.createDocument(app, config, { extraModels: [ProblemDto] });
  for (const route of ['/health/live', '/health/ready']) {
    const operation = document.paths[route]?.get;
    if (operation !== undefined) operation.security = [];
  }
  documentReading(document);
  return cleanupOpenApiDoc(document);
}

/** Swagger UI at /docs, the document at /docs-json. */
export function serveDocs(app: INestApplication, version: string): void {
  SwaggerModule.setup('docs', app, () => openApiDocument(app, version), {
    jsonDocumentUrl: 'docs-json',
    yamlDocumentUrl: 'docs-yaml',
    customSiteTitle: 'agent-spawner API',
    swaggerOptions: { persistAuthorization: true, displayRequestDuration: true },
  });
}
