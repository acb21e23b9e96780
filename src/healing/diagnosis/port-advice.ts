import type { PortHolder } from '../../processes';

/** Returns who holds a port, as one line of evidence: `port 3000 is held by pid 4711 (node server.js)`. */
export function describePortHolder(port: number, { pid, program, agentId }: PortHolder): string {
  const process = `pid ${pid} (${program})`;
  return `port ${port} is held by ${agentId === null ? process : `the agent ${agentId}, ${process}`}`;
}

/**
 * Returns what the operator can do about a port in use.
 *
 * @param holder null: the system does not show it
 * @param failedAgentId the agent that could not listen on the port
 */
export function portAdvice(port: number, holder: PortHolder | null, failedAgentId: string): string {
  if (holder === null) {
    return `The system does not show which process holds port ${port}: it belongs to another user, or has released the port. Find it with \`sudo lsof -nP -iTCP:${port} -sTCP:LISTEN\` and stop it, or let the agent choose a free port and announce it.`;
  }
  const { pid, program, agentId } = holder;
  if (agentId === failedAgentId) {
    return `Port ${port} is still held by a process of this agent, pid ${pid} (${program}). The supervisor kills what an exited run leaves behind, and then restarts the agent.`;
  }
  const held = `${capitalize(describePortHolder(port, holder))}.`;
  if (agentId !== null) return `${held} Give one of the two agents another port, or let it choose and announce one.`;
  return `${held} Stop it, or let the agent choose a free port and announce it.`;
}

/** Returns what the operator can do about a port that agent-spawner itself listens on. */
export function ownPortAdvice(port: number): string {
  return `agent-spawner itself listens on port ${port}. Let the agent choose another port and announce it, or set PORT to another one.`;
}

function capitalize(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
