import { applyDecorators, type INestApplication } from '@nestjs/common';
import { ApiResponse, DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { cleanupOpenApiDoc } from 'nestjs-zod';
import { PROBLEM_TITLES, type ProblemCode } from '../kernel';
import { ProblemDto } from './schemas';
import { statusOfProblem } from './problem-response';

/** Documents the errors that a route can return. */
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

/** Documents the errors that reading a request may cause before a handler runs. */
function documentRequestErrors(document: OpenAPIObject): void {
  for (const [route, item] of Object.entries(document.paths)) {
    for (const method of ['get', 'post', 'put', 'patch', 'delete'] as const) {
      const operation = item[method];
      if (operation === undefined) continue;
      const hasBody = operation.requestBody !== undefined;
      // A path parameter may not be valid text, and a body may not be JSON.
      if (hasBody || route.includes('{')) operation.responses['400'] ??= problemResponseOf(['invalid-request']);
      if (hasBody) operation.responses['413'] ??= problemResponseOf(['payload-too-large']);
    }
  }
}

/** Builds the OpenAPI document from the same schemas that validate requests. */
export function openApiDocument(app: INestApplication, version: string): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('agent-spawner')
    .setDescription(
      'Registers, launches, watches and heals AI agents that run as processes. Click Authorize and paste a token; the generated admin token is in the file `DATA_DIR/admin.token`.',
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
  documentRequestErrors(document);
  return cleanupOpenApiDoc(document);
}

/** Serves Swagger UI at /docs and the document at /docs-json. */
export function serveDocs(app: INestApplication, version: string): void {
  SwaggerModule.setup('docs', app, () => openApiDocument(app, version), {
    jsonDocumentUrl: 'docs-json',
    yamlDocumentUrl: 'docs-yaml',
    customSiteTitle: 'agent-spawner API',
    swaggerOptions: { persistAuthorization: true, displayRequestDuration: true },
  });
}
