// Runs the embedded Postgres as a server: `node supabase-pglite.mjs FOLDER PORT`. Without a port, it creates an empty
// database in the folder and exits.
import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';

const [folder, port] = process.argv.slice(2);

/** Parse, Bind, Describe, Execute, Close, Flush: the statement continues until Sync. */
const UNFINISHED = new Set('PBDECH');

/**
 * Treats an unfinished statement like an open transaction. The socket server keeps the transaction of one client
 * together, but not its statement. If a statement comes in several messages, another client could run between its Parse
 * and its Execute, and replace it.
 */
function withWholeStatements(database) {
  let isUnfinished = false;
  const changes = {
    isInTransaction: () => isUnfinished || database.isInTransaction(),
    execProtocolRawStream: (message, options) => {
      isUnfinished = UNFINISHED.has(String.fromCharCode(message[0]));
      return database.execProtocolRawStream(message, options);
    },
    // The server runs this to roll back for a client that disconnected.
    exec: (sql) => {
      isUnfinished = false;
      return database.exec(sql);
    },
  };
  const valueOf = (target, name) => {
    const value = target[name];
    return typeof value === 'function' ? value.bind(target) : value;
  };
  return new Proxy(database, { get: (target, name) => changes[name] ?? valueOf(target, name) });
}

const database = await PGlite.create(folder);
if (port === undefined) await database.close();
else {
  const db = withWholeStatements(database);
  await new PGLiteSocketServer({ db, host: '127.0.0.1', port: Number(port), maxConnections: 20 }).start();
}
