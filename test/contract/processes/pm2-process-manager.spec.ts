import { randomBytes, randomUUID } from 'node:crypto';
import path from 'node:path';
import { SystemClock } from '../../../src/config';
import { LinuxProcessInspector, mintAgentToken, Pm2ProcessManager } from '../../../src/processes';
import { makeTestHome } from '../../support/pm2-home';
import { until } from '../../support/until';
import { describeProcessManagerContract } from './process-manager-contract';
import type { Program, ProcessManagerHarness } from './process-manager-harness';

const SCRIPTS: Readonly<Record<Program, string>> = {
  sleeps: '#!/bin/sh\nexec sleep 3600\n',
  stubborn: "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 1; done\n",
  refused: '#!/does/not/exist\n',
  exits: '#!/bin/sh\nexit 3\n',
};

function make(): Promise<ProcessManagerHarness> {
  const home = makeTestHome();
  const key = randomBytes(32);
  const inspector = new LinuxProcessInspector();
  const runtime = new Pm2ProcessManager({
    ...{ pm2Home: home.pm2Home, clock: new SystemClock(), inspector, key },
    rpcTimeoutMs: 1_500,
  });
  const daemon = () => {
    const pid = home.daemonPid();
    if (pid === null) throw new Error('no daemon runs');
    return pid;
  };
  return Promise.resolve({
    runtime,
    until: (condition, what) => until(condition, what),
    settle: (promise) => promise,
    plan: (agentId, program) => {
      const runId = randomUUID();
      return {
        ...{
          agentId,
          runId,
          program: home.program(program, SCRIPTS[program]),
          args: [],
          cwd: home.agentsDir,
        },
        env: {
          PATH: process.env.PATH ?? '',
          AGENT_ID: agentId,
          AGENT_RUN_ID: runId,
          AGENT_TOKEN: mintAgentToken({ agentId, runId }, key),
          TEST_ROOT: path.join(home.root, 'x'),
        },
        killTimeoutMs: 1_000,
      };
    },
    kill: ({ pid }) => {
      process.kill(pid, 'SIGKILL');
    },
    killDaemon: () => {
      process.kill(daemon(), 'SIGKILL');
    },
    freezeDaemon: (frozen) => {
      process.kill(daemon(), frozen ? 'SIGSTOP' : 'SIGCONT');
    },
    operator: (command, agentId) => {
      home.pm2(command, ...(command === 'kill' ? [] : [agentId]));
      return Promise.resolve();
    },
    destroy: async () => {
      await runtime.close();
      await home.destroy();
    },
  });
}

describeProcessManagerContract("PM2's daemon", make);
