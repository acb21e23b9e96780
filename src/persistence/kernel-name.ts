import { statSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { errorCodeOf } from '../kernel';

/**
 * Binds the name of a folder in the kernel (an abstract Unix socket), which the kernel frees when this process exits.
 * Processes of one network namespace see it, even if they do not see each other's pids. The name is the same through
 * every mount and every link.
 *
 * @returns null on systems other than Linux, which have no such names; `taken` if another process holds the name
 */
export function bindFolderName(folder: string): Promise<Server | 'taken' | null> {
  if (process.platform !== 'linux') return Promise.resolve(null);
  const { dev, ino } = statSync(folder, { bigint: true });
  return bind(`agent-spawner:${dev}:${ino}`);
}

function bind(name: string): Promise<Server | 'taken'> {
  const server = createServer((socket) => socket.destroy());
  server.unref();
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      if (errorCodeOf(error) === 'EADDRINUSE') resolve('taken');
      else reject(error);
    });
    server.listen(`\0${name}`, () => {
      resolve(server);
    });
  });
}
