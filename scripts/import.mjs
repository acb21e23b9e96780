// npm run import [-- FILE]: registers programs that PM2 runs, or that an ecosystem file names, as stopped agents.
import { ensureBuilt, ensureInstalled, ensureNode } from './lib/prepare.mjs';
import { runBuilt } from './lib/run-service.mjs';

ensureNode();
ensureInstalled();
ensureBuilt();
runBuilt('cli/import.js', process.argv.slice(2));
