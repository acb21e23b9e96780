// The embedded Postgres as a server: `node supabase-pglite.mjs FOLDER PORT`. Without a port it makes an empty database in
// the folder, and ends.
import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';

const [folder, port] = process.argv.slice(2);

/** Parse, Bind, Describe, Execute, Close, Flush: the statement goes on until Sync. */
const UNFINISHED = new Set('PBDECH');

/**
 * The socket server keeps one client's transaction together, but not one client's statement: when that comes in several
 * pieces, another client is let in between its Parse and its Execute, and takes its place. So a statement begun counts as
 * a transaction begun.
 */
function withWholeStatements(database) {
  let isUnfinished = false;
  const changes = {
    isInTransaction: () => isUnfinished || database.isInTransaction(),
    execProtocolRawStream: (message, options) => {
      isUnfinished = UNFINISHED.has(String.fromCharCode(message[0]));
      return database.execProtocolRawStream(message, options);
    },
    // The roll-back for a client that has gone.
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
