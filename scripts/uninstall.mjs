// npm run uninstall: ends our agents, and PM2's daemon if nothing else is in it; says what is left.
import { ensureBuilt, ensureInstalled, ensureNode } from './lib/prepare.mjs';
import { runBuilt } from './lib/run-service.mjs';

ensureNode();
ensureInstalled();
ensureBuilt();
runBuilt('uninstall.js');
