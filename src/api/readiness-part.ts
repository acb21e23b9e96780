type Facts = Readonly<Record<string, string | number | boolean>>;

export interface Part {
  readonly name: 'agents' | 'database' | 'pm2' | 'loops' | 'telegram' | 'mirror';
  /** `degraded`: the service works without it. */
  readonly state: 'up' | 'degraded' | 'down';
  /** Stable phrase without paths, hosts or error texts, shown to any caller; null: no fault. */
  readonly reason: string | null;
  /** Exact fault and what to do about it. Only for authenticated callers and the log. */
  readonly detail: string | null;
  readonly facts: Facts;
}

export function up(name: Part['name'], facts: Facts = {}): Part {
  return { name, state: 'up', reason: null, detail: null, facts };
}

export function degraded(name: Part['name'], reason: string, detail: string, facts: Facts = {}): Part {
  return { name, state: 'degraded', reason, detail, facts };
}

export function down(name: Part['name'], reason: string, detail: string | null = null, facts: Facts = {}): Part {
  return { name, state: 'down', reason, detail, facts };
}
