'use strict';

// Loaded by `node -r` into the PM2 daemons that the supervisor starts. For programs in the supervisor's namespace, it
// changes two things:
// - PM2 logs a death by SIGINT exactly like a clean exit: `code [0] via signal [SIGINT]`. This file replaces the code by
//   the one that shells report (docs/adr/0008).
// - PM2 destroys a program's log streams when it exits. Output that is not read or written yet is lost. This file keeps
//   the streams until the output has ended (docs/adr/0012).
// It changes nothing for other programs.

const { ChildProcess } = require('node:child_process');
const { WriteStream } = require('node:fs');

/** Must equal `NAMESPACE` in pm2-packet.ts. */
const NAMESPACE = 'agents';
/** 128 + 2, the number of SIGINT. */
const INTERRUPTED = 130;
/** PM2's listener for `exit` that destroys the log streams (`lib/God/ForkMode.js`). */
const LOG_CLOSER = 'forkClose';
/**
 * Longest time that logs stay open after the exit. A descendant may hold the pipes for days. It covers the second that
 * the supervisor gives the descendants of a dead run before it kills them.
 */
const LOGS_OPEN_MS = 5_000;

const { emit } = ChildProcess.prototype;

ChildProcess.prototype.emit = function (event, ...values) {
  if (event === 'exit' && this.pm2_env?.namespace === NAMESPACE) {
    const [code, signal] = values;
    if (code === null && signal === 'SIGINT') values[0] = INTERRUPTED;
    keepLogsOpen(this);
  }
  return emit.call(this, event, ...values);
};

/**
 * Postpones PM2's listener until both pipes are read to their end. The child's own event `close` is not used: when PM2
 * disconnects the IPC channel of a dead process, Node often never emits it.
 */
function keepLogsOpen(child) {
  const closeLogs = child.listeners('exit').find(({ name }) => name === LOG_CLOSER);
  if (closeLogs === undefined) return;
  child.removeListener('exit', closeLogs);
  let timer;
  const limit = new Promise((resolve) => {
    timer = setTimeout(resolve, LOGS_OPEN_MS);
  });
  void Promise.race([Promise.all([child.stdout, child.stderr].map(untilClosed)), limit]).then(() => {
    clearTimeout(timer);
    endLogs(closeLogs);
  });
}

function untilClosed(output) {
  return new Promise((resolve) => {
    if (output.closed) resolve();
    else output.once('close', resolve);
  });
}

/** Calls PM2's listener with `end` in place of `destroy`, which would drop the writes that are still queued. */
function endLogs(closeLogs) {
  const { prototype } = WriteStream;
  const { destroy } = prototype;
  prototype.destroy = prototype.end;
  try {
    closeLogs();
  } finally {
    prototype.destroy = destroy;
  }
}

// Processes that the daemon forks inherit these arguments, and must not load this file.
process.execArgv.length = 0;
