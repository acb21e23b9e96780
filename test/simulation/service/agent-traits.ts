// The agents of a simulation are not equal, so that every seed plays every kind.

/** Returns false for the agent without a health URL. Only snapshots and signals show its state. */
export function isChecked(agentId: string): boolean {
  return agentId !== 'c';
}

export function sendsHeartbeats(agentId: string): boolean {
  return agentId === 'b' || agentId === 'e';
}

/** Returns true for an agent whose heartbeats wait in the socket of a frozen service. Others give up at once. */
export function waitsForAnswer(agentId: string): boolean {
  return agentId === 'e';
}

/** Returns the time an agent takes to answer its health check. One is so slow that a freeze often begins meanwhile. */
export function answerMs(agentId: string): number {
  return agentId === 'a' ? 1_500 : 7;
}

/** Behaviour of the agents' processes. */
export interface AgentHealth {
  /** Returns true if the process answers its health check. */
  readonly answers: (pid: number) => boolean;
  /** Returns true if the process sends its heartbeats. */
  readonly beats: (pid: number) => boolean;
  /** Returns the time between two heartbeats of a process, in milliseconds. */
  readonly beatMs: () => number;
}
