// npm run backup: writes all persisted data into a readable file in DATA_DIR/backups, whether the service runs or not.
import { ensureBuilt, ensureInstalled, ensureNode } from './lib/prepare.mjs';
import { runBuilt } from './lib/run-service.mjs';

ensureNode();
ensureInstalled();
ensureBuilt();
runBuilt('cli/backup.js');
