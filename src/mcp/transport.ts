import { createMcpHandler, type McpHttpHandler, type McpServerFactory } from '@modelcontextprotocol/server';
import { toNodeHandler, type NodeMcpRequestHandler } from '@modelcontextprotocol/node';
import type { Request, Response } from 'express';
import type { Role } from '../config';

/** Open `subscriptions/listen` streams. The lists never change, so these streams carry nothing. */
const MOST_SUBSCRIPTIONS = 16;

/**
 * Serves the protocol over HTTP, without sessions, in both eras from one factory: 2026-07-28 with an envelope in each
 * request, and 2025-11-25 and earlier with `initialize`. Each request gets a server of its own.
 *
 * It checks neither host, origin nor token: the guards in front of it do.
 */
export class McpTransport {
  private readonly handler: McpHttpHandler;
  private readonly serve: NodeMcpRequestHandler;

  /** @param onFault is called with what a client did wrong, and with faults of the transport itself */
  constructor(factory: McpServerFactory, onFault: (error: Error) => void) {
    this.handler = createMcpHandler(factory, { onerror: onFault, maxSubscriptions: MOST_SUBSCRIPTIONS });
    this.serve = toNodeHandler(this.handler, { onerror: onFault });
  }

  /** Answers one request. The body must be parsed already. */
  handle(request: Request, response: Response, role: Role): Promise<void> {
    // The token itself is not passed on: a tool needs the role only.
    const auth = { token: '', clientId: role, scopes: [role] };
    return this.serve(Object.assign(request, { auth }), response, request.body);
  }

  /** Ends requests that are still open. */
  close(): Promise<void> {
    return this.handler.close();
  }
}
