// Measures what waits cost: a decision of an agent with 1,000 waits on other agents against none, and the timers of the
// process with 500 agents waited for against none.
import { createRequire } from 'node:module';
import path from 'node:path';
import { root } from '../scripts/lib/prepare.mjs';
import { median } from './lib/bench-service.mjs';

const WAITS = 1_000;
const AGENTS = 500;
const DECISIONS = 2_000;
const ROUNDS = 21;
const HOUR_MS = 3_600_000;

const requireBuilt = createRequire(path.join(root, 'dist', 'main.js'));
const { readSettings, resolveSettings, SystemClock } = requireBuilt('./config');
const { CLOSED_CIRCUIT } = requireBuilt('./circuit');
const { resolvePolicy } = requireBuilt('./healing');
const { AgentActor } = requireBuilt('./healing/actor/agent-actor');
const { newAgentState } = requireBuilt('./healing/machine');
const { AgentWaits } = requireBuilt('./healing/waits/agent-waits');
const { ViewChanges } = requireBuilt('./healing/waits/view-changes');

export async function run() {
  const clock = new SystemClock();
  const changes = new ViewChanges();
  const actor = makeActor(clock, changes);
  const times = { without: [], with: [] };
  const timers = {};
  const measure = async (side) => {
    timers[side] = countTimers();
    times[side].push(await decide(actor, clock));
  };
  const measureWithWaits = async () => {
    const waits = new AgentWaits(changes, { of: () => null }, clock);
    const held = waitForOthers(waits);
    await measure('with');
    waits.end();
    await Promise.allSettled(held);
  };
  await decide(actor, clock);
  for (let round = 0; round < ROUNDS; round += 1) {
    if (round % 2 === 0) await measureWithWaits();
    await measure('without');
    if (round % 2 === 1) await measureWithWaits();
  }
  actor.close(new Error('the benchmark is over'));
  const [without, withWaits] = [median(times.without), median(times.with)];
  const each = (ms) => `${((ms * 1_000) / DECISIONS).toFixed(1)} µs`;
  const rows = [
    ['decision of an agent, no waits', each(without)],
    [`decision of an agent, ${WAITS} waits on ${AGENTS} other agents`, each(withWaits)],
    ['with waits against none', `${(withWaits / without).toFixed(2)} x`],
    [`timers more with ${AGENTS} agents waited for`, String(timers.with - timers.without)],
  ];
  return { title: `Waits (median of ${ROUNDS} times ${DECISIONS} decisions, in alternating rounds)`, rows };
}

/** Makes the production actor of an agent that is never launched. Its journal acknowledges at once. */
function makeActor(clock, viewChanges) {
  const settings = resolveSettings(readSettings({}), root, root);
  const policy = resolvePolicy(settings, {}, { isChecked: false, isExternal: false, isFleetIncident: false });
  const ports = {
    ...{ clock, viewChanges, random: Math.random, newId: () => 'id', policies: { of: () => policy } },
    circuits: { circuitOf: () => CLOSED_CIRCUIT, set: () => undefined },
    definitions: { desiredState: () => 'stopped', applyDesired: () => undefined, findAgent: () => ({}) },
    journal: { commit: () => Promise.resolve(), commitEventually: () => Promise.resolve() },
    log: { info: () => undefined, warn: () => undefined },
  };
  const act = () => undefined;
  const mustWait = () => false;
  return new AgentActor('decided', newAgentState(clock.now()), ports, act, mustWait);
}

/** @returns milliseconds for all decisions; each ends before the next one begins */
async function decide(actor, clock) {
  const began = performance.now();
  for (let each = 0; each < DECISIONS; each += 2) {
    await actor.command({ type: 'pause-asked', until: clock.now() + HOUR_MS }, 'decided');
    await actor.command({ type: 'resume-asked' }, 'decided');
  }
  return performance.now() - began;
}

function waitForOthers(waits) {
  const agentIds = Array.from({ length: WAITS }, (_, index) => `other-${index % AGENTS}`);
  return agentIds.map((agentId) => waits.until([agentId], () => null, { timeoutMs: HOUR_MS }));
}

function countTimers() {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}
