// The program of the thread in which the embedded database runs. PGlite works synchronously, so that on the main thread a
// slow disk would hold up the API and every time limit with it. Plain JavaScript: a thread loads it as it lies here, from
// `src` in tests and from `dist` in the product.
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';

const { dataDir, parameters } = workerData;
const database = await PGlite.create({ dataDir, startParams: [...PGlite.defaultStartParams, ...parameters] });

/** Postgres ends with these two; the engine would answer with whatever its memory happens to hold. */
const isFatal = ({ severity }) => severity === 'PANIC' || severity === 'FATAL';

/** An error of the engine's, not of Postgres: what still answers goes on. */
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
