import type { HealthOutcome } from '../health';
import type { AgentActors } from './actor/agent-actors';
import type { FleetWatch } from './fleet/fleet-watch';
import { ActorHealthListener } from './health-ports';
import { ViewChanges } from './waits/view-changes';

const GOOD: HealthOutcome = {
  ...{ incarnation: 'run:1', problem: null, withinGrace: false, failing: null },
  ...{ isWell: true, saysFailing: false, signalMs: 0 },
};

describe('the listener of health', () => {
  it('notes a change of the view at each check and each heartbeat, also of an agent without an actor', () => {
    const changes = new ViewChanges();
    const noted = jest.spyOn(changes, 'note');
    const actors = { find: () => null } as unknown as AgentActors;
    const listener = new ActorHealthListener(actors, { noteCheck: () => true } as unknown as FleetWatch, changes);
    listener.onChecked('a', GOOD);
    listener.onHeartbeat('b');
    expect(noted.mock.calls).toEqual([['a'], ['b']]);
  });
});
