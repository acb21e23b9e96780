// npm run backup: writes everything that is saved into a readable file in DATA_DIR/backups, while the service runs or not.
import { ensureBuilt, ensureInstalled, ensureNode } from './lib/prepare.mjs';
import { runBuilt } from './lib/run-service.mjs';

ensureNode();
ensureInstalled();
ensureBuilt();
runBuilt('backup.js');
