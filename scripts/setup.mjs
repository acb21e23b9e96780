// npm run setup: installs and builds what is missing or stale, and starts nothing; before a unit of the system does.
import { ensureBuilt, ensureInstalled, ensureNode, say } from './lib/prepare.mjs';

ensureNode();
ensureInstalled();
ensureBuilt();
say('agent-spawner is installed and built.');
