// npm run uninstall: kills the agents, and PM2's daemon if nothing else runs in it; prints what is left.
import { ensureBuilt, ensureInstalled, ensureNode } from './lib/prepare.mjs';
import { runBuilt } from './lib/run-service.mjs';

ensureNode();
ensureInstalled();
ensureBuilt();
runBuilt('cli/uninstall.js');
