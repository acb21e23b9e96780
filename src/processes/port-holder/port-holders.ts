/** Process that listens on a TCP port. */
export interface Listener {
  readonly pid: number;
  /**
   * Name of the program and of its script, as in `node server.js`: one plain line of at most 120 characters. It contains
   * no other argument, because arguments may be secrets.
   */
  readonly program: string;
}

export interface PortHolder extends Listener {
  /** Agent to whose run the process belongs; null: to none. */
  readonly agentId: string | null;
}

/** Port for the question which process listens on a TCP port of this machine. */
export interface PortHolders {
  /**
   * Returns a process that listens on the port, on any address; if several share the socket, the oldest pid. Null if no
   * process does, or if the system does not show it: it belongs to another user, or took longer than `limitMs`. Never
   * rejects.
   */
  holderOf(port: number, limitMs: number): Promise<PortHolder | null>;
}

/** Nest injection token of {@link PortHolders}. */
export const PORT_HOLDERS = Symbol('PortHolders');
