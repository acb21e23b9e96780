import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { AgentView } from '../../src/kernel';
import { LinuxProcessInspector } from '../../src/processes';
import { makeService, type TestService } from './service';
import { until } from './until';

const inspector = new LinuxProcessInspector();

/** A service whose agents have numbered ids, so that each test has its own. */
export interface TestAgents {
  readonly service: TestService;
  /** Registers a new agent for one test. Returns its id. */
  readonly register: (entryPoint: string, more?: Readonly<Record<string, unknown>>) => Promise<string>;
  readonly waitUntil: (agentId: string, what: string, isMet: (view: AgentView) => boolean) => Promise<AgentView>;
  /** Returns the path of a file outside the folders of the service. */
  readonly file: (name: string) => string;
  /** Returns the pids that a program has appended to a file, one for each start. */
  readonly startsIn: (name: string) => number[];
}

/** Starts the service for the tests of a file. */
export function useTestAgents(): TestAgents {
  let service: TestService;
  let number = 0;

  beforeAll(async () => {
    service = await makeService();
  });

  afterAll(async () => {
    await service.destroy();
  });

  const file = (name: string) => path.join(service.home.root, name);
  return {
    get service() {
      return service;
    },
    register: async (entryPoint, more = {}) => {
      const agentId = `agent-${++number}`;
      await service.api.register({ agentId, name: agentId, entryPoint, ...more });
      return agentId;
    },
    waitUntil: (agentId, what, isMet) => {
      let last: AgentView | undefined;
      return until(
        async () => {
          last = await service.api.agent(agentId);
          return isMet(last) ? last : null;
        },
        () => `${agentId} is ${what}; last: ${JSON.stringify(last)}`,
      );
    },
    file,
    startsIn: (name) => (existsSync(file(name)) ? readFileSync(file(name), 'utf8').trim().split('\n').map(Number) : []),
  };
}

export function isAlive(pid: number | null): boolean {
  return pid !== null && inspector.facts(pid) !== null;
}
