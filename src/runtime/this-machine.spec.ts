import { LinuxProcessInspector } from './linux-process-inspector';
import { MacProcessInspector } from './mac-process-inspector';
import { inspectorForThisMachine } from './this-machine';

describe('the inspector for this machine', () => {
  it.each([
    ['linux', LinuxProcessInspector],
    ['darwin', MacProcessInspector],
  ] as const)('reads the process table of %s in its own way', (platform, kind) => {
    expect(inspectorForThisMachine(platform)).toBeInstanceOf(kind);
  });

  it('is none on other systems, and says which it runs on', () => {
    expect(() => inspectorForThisMachine('win32')).toThrow('agent-spawner runs on Linux and macOS; this is win32.');
  });
});
