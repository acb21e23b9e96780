// npm run restore-backup FILE: creates the database from a backup, and moves the existing one aside.
import { ensureBuilt, ensureInstalled, ensureNode } from './lib/prepare.mjs';
import { runBuilt } from './lib/run-service.mjs';

ensureNode();
ensureInstalled();
ensureBuilt();
runBuilt('cli/restore-backup.js', process.argv.slice(2));
