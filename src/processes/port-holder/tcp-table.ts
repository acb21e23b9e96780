/** Inode of a socket that no process holds any more. */
const NO_INODE = '0';

/**
 * Returns the inodes of the sockets that listen on a port, from `/proc/net/tcp` or `/proc/net/tcp6` (`sl local_address
 * rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode`). Addresses and ports are hexadecimal.
 */
export function parseListeners(table: string, port: number): string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  // The state 0A is TCP_LISTEN.
  const row = new RegExp(`^ *\\d+: [0-9A-F]+:${hex} [0-9A-F]+:0000 0A (?:[^ \\n]+ +){5}(\\d+) `, 'gm');
  return [...table.matchAll(row)].map(([, inode = NO_INODE]) => inode).filter((inode) => inode !== NO_INODE);
}
