// Runs the embedded database in its own thread. PGlite works synchronously, so on the main thread a slow disk would block
// the API and every time limit. Plain JavaScript, because the thread loads this file from `src` in tests and from `dist` in
// the product.
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';

const { dataDir, parameters } = workerData;
const database = await PGlite.create({ dataDir, startParams: [...PGlite.defaultStartParams, ...parameters] });

/** Returns true for an error after which Postgres exits. Later answers of the engine would be undefined. */
const isFatal = ({ severity }) => severity === 'PANIC' || severity === 'FATAL';

/** Returns true if the engine can no longer be used. An error without a code may come from the engine, so it is probed. */
async function isDead(error) {
  if (isFatal(error)) return true;
  if (typeof error.code === 'string') return false;
  return database.query('select 1').then(
    () => false,
    () => true,
  );
}

async function answer({ id, kind, sql, parameters }) {
  try {
    if (kind === 'close') {
      await database.close();
      parentPort.postMessage({ id, rows: [] });
      parentPort.close();
      return;
    }
    const result = kind === 'exec' ? await database.exec(sql) : await database.query(sql, parameters);
    parentPort.postMessage({ id, rows: result.rows ?? [], affectedRows: result.affectedRows });
  } catch (error) {
    const { message, code } = error;
    parentPort.postMessage({ id, error: { message: String(message ?? error), code }, isDead: await isDead(error) });
  }
}

parentPort.on('message', (request) => void answer(request));
parentPort.postMessage({ isOpen: true });
