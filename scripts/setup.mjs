// npm run setup: installs and builds what is missing or stale, and starts nothing. Run it before a system unit starts
// the service.
import { ensureBuilt, ensureInstalled, ensureNode, say } from './lib/prepare.mjs';

ensureNode();
ensureInstalled();
ensureBuilt();
say('agent-spawner is installed and built.');
