import type { Places } from './place';

/** What a mapping depends on besides the program itself. */
export interface MapContext {
  readonly places: Places;
  readonly agentsDir: string;
  readonly interpreters: readonly string[];
  /** Names of `env` to take from PM2's list. */
  readonly wantedEnv: readonly string[];
  /** Environment of the command, to tell what is everywhere from what a program was configured with. */
  readonly ownEnv: Readonly<Record<string, string | undefined>>;
}
