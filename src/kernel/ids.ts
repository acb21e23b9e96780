/** Makes a new UUID (version 4); injected, so that tests and the simulation are repeatable. */
export type NewId = () => string;

/** A number in [0, 1); injected for the same reason. */
export type Random = () => number;

/** What an agent id looks like: it names a PM2 process, a log file and a part of a URL. */
export const AGENT_ID_PATTERN = /^[a-z0-9][a-z0-9-]{0,62}$/;
