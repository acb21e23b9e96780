// npm run diagnose -- FILE: says why a program failed, as the supervisor diagnoses it from the end of its log.
import { ensureBuilt, ensureInstalled, ensureNode } from './lib/prepare.mjs';
import { runBuilt } from './lib/run-service.mjs';

ensureNode();
ensureInstalled();
ensureBuilt();
runBuilt('cli/diagnose.js', process.argv.slice(2));
