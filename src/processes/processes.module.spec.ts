import { Problem } from '../kernel';
import { LinuxProcessInspector } from './process-table/linux-process-inspector';
import { MacProcessInspector } from './process-table/mac-process-inspector';
import { createProcessInspector } from './processes.module';

describe('createProcessInspector', () => {
  it.each([
    ['linux', LinuxProcessInspector],
    ['darwin', MacProcessInspector],
  ] as const)('creates the inspector of %s', (platform, kind) => {
    expect(createProcessInspector(platform)).toBeInstanceOf(kind);
  });

  it('creates the inspector of the system that the supervisor runs on', () => {
    const kind = process.platform === 'darwin' ? MacProcessInspector : LinuxProcessInspector;
    expect(createProcessInspector()).toBeInstanceOf(kind);
  });

  it('refuses other systems and names the supported ones', () => {
    const create = () => createProcessInspector('win32');
    const detail = 'agent-spawner runs on Linux and macOS; this system is win32.';
    expect(create).toThrow(Problem);
    expect(create).toThrow(detail);
  });
});
