// npm run restore-backup FILE: makes the database anew from a backup; the one that is there is moved aside.
import { ensureBuilt, ensureInstalled, ensureNode } from './lib/prepare.mjs';
import { runBuilt } from './lib/run-service.mjs';

ensureNode();
ensureInstalled();
ensureBuilt();
runBuilt('restore-backup.js', process.argv.slice(2));
