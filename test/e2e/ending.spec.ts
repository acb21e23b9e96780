import { makeFaultyDisk, type FaultyDisk } from '../support/faulty-disk';
import { makeService, type TestService } from '../support/service';
import { until } from '../support/until';

const definition = (agentId: string) => ({ agentId, name: agentId, entryPoint: 'sleeper.py' });

describe('a service that is to end while the disk of its database', () => {
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

  /** Something is being written, and cannot be. */
  async function meetFault(fault: 'hang' | 'block'): Promise<void> {
    await service.api.register(definition(`before-${fault}`));
    disk.fail(fault);
    const { status } = await service.api.request('POST', '/api/agents', definition(`during-${fault}`));
    expect(status).toBe(503);
  }

  async function expectWhatWasSaid(fault: 'hang' | 'block'): Promise<void> {
    disk.mend();
    await service.start();
    const known = (await service.api.agents()).map(({ agentId }) => agentId);
    expect(known).toContain(`before-${fault}`);
    expect(known).not.toContain(`during-${fault}`);
  }

  it('hangs ends in order', async () => {
    await meetFault('hang');
    expect(await service.end('SIGTERM')).toBe(0);
    await expectWhatWasSaid('hang');
  }, 120_000);

  it('blocks it for ever ends all the same after a while, and says why', async () => {
    await meetFault('block');
    service.signal('SIGTERM');
    await until(() => !service.isRunning(), 'it has ended', 90_000);
    expect(service.output()).toContain('could not end in order');
    await expectWhatWasSaid('block');
  }, 180_000);
});
