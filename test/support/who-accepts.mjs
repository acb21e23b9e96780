// node who-accepts.mjs SOCKET PID...: prints which of these processes accepts a connection at this path, or nothing. Of
// several listeners at one path only one is reachable, and only a connection shows which.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';

const [socketPath, ...pids] = process.argv.slice(2);
const inodes = () =>
  readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .filter((line) => line.endsWith(` ${socketPath}`))
    .map((line) => line.split(/ +/)[6]);
const holds = (pid, inode) =>
  readdirSync(`/proc/${pid}/fd`).some((name) => readlinkSync(`/proc/${pid}/fd/${name}`) === `socket:[${inode}]`);
const tried = (action) => {
  try {
    return action();
  } catch {
    return false; // a process exited, or closed a descriptor that was just listed
  }
};

const before = inodes();
const connection = connect(socketPath);
connection.on('error', () => process.exit());
connection.on('connect', () => {
  setInterval(() => {
    const accepted = inodes().filter((inode) => !before.includes(inode));
    const found = pids.find((pid) => accepted.some((inode) => tried(() => holds(pid, inode))));
    if (found === undefined) return;
    process.stdout.write(found);
    process.exit();
  }, 10);
});
setTimeout(() => process.exit(), 2_000);
