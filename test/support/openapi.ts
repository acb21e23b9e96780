import type { ApiClient } from './api-client';

export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
}

interface DocumentedOperation {
  readonly responses: Readonly<Record<string, unknown>>;
  readonly security?: readonly object[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean }[];
  readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> };
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>>; readonly securitySchemes: object };
}

/** One route and method of the document. */
export interface Operation extends DocumentedOperation {
  readonly method: string;
  /** As documented, with `{id}`. */
  readonly route: string;
}

export const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

export function fetchDocument(api: ApiClient): Promise<OpenApi> {
  return api.withToken(null).expect(200, 'GET', '/docs-json');
}

export function operationsOf(document: OpenApi): Operation[] {
  return Object.entries(document.paths).flatMap(([route, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), route })),
  );
}

/** Returns the path of a route for an agent. */
export function addressOf(route: string, agentId: string): string {
  return route.replaceAll(/\{[^}]+\}/g, agentId);
}
