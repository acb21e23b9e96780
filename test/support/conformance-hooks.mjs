// Lets @modelcontextprotocol/conformance run on Node 20: it imports `globSync` of node:fs, which Node 22 added, for a
// command that the tests do not use. Load with `node --import`.
import { register } from 'node:module';

const fs = `export * from 'node:fs'; export const globSync = () => { throw new Error('Node 20 has no globSync'); };`;
const shim = `data:text/javascript,${encodeURIComponent(fs)}`;
const hooks = `export const resolve = (name, context, next) =>
  name === 'fs' && context.parentURL?.includes('/conformance/')
    ? { url: ${JSON.stringify(shim)}, shortCircuit: true }
    : next(name, context);`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
