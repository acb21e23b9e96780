import { makeFaultyDisk, type FaultyDisk } from '../support/faulty-disk';
import { makeService, type TestService } from '../support/service';
import { until } from '../support/until';

const definition = (agentId: string) => ({ agentId, name: agentId, entryPoint: 'sleeper.py' });

describe('a service that is stopped while the disk of its database', () => {
  let disk: FaultyDisk;
  let service: TestService;

  beforeAll(async () => {
    disk = makeFaultyDisk();
    service = await makeService({ settings: disk.settings });
  });

  afterAll(async () => {
    disk.mend();
    await service.destroy();
    disk.remove();
  });

  /** Makes the disk fail while a registration is being saved. */
  async function meetFault(fault: 'hang' | 'block'): Promise<void> {
    await service.api.register(definition(`before-${fault}`));
    disk.fail(fault);
    const { status } = await service.api.request('POST', '/api/agents', definition(`during-${fault}`));
    expect(status).toBe(503);
  }

  async function expectOnlyAcknowledged(fault: 'hang' | 'block'): Promise<void> {
    disk.mend();
    await service.start();
    const known = (await service.api.agents()).map(({ agentId }) => agentId);
    expect(known).toContain(`before-${fault}`);
    expect(known).not.toContain(`during-${fault}`);
  }

  it('hangs exits in order', async () => {
    await meetFault('hang');
    expect(await service.end('SIGTERM')).toBe(0);
    await expectOnlyAcknowledged('hang');
  }, 120_000);

  it('blocks forever exits after a time limit, and logs the reason', async () => {
    await meetFault('block');
    service.signal('SIGTERM');
    await until(() => !service.isRunning(), 'the service has exited', 90_000);
    expect(service.output()).toContain('could not shut down in order');
    await expectOnlyAcknowledged('block');
  }, 180_000);
});
