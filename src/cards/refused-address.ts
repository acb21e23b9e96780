import { BlockList, isIPv6 } from 'node:net';

/**
 * Addresses at which clouds serve the credentials of the machine, and all link-local ones. No agent lives there. Private
 * and loopback addresses are allowed: most agents are there, and only an admin names a URL.
 */
const REFUSED = new BlockList();
REFUSED.addSubnet('169.254.0.0', 16, 'ipv4');
REFUSED.addSubnet('fe80::', 10, 'ipv6');
for (const address of ['100.100.100.200', '168.63.129.16', '192.0.0.192']) REFUSED.addAddress(address, 'ipv4');
for (const address of ['fd00:ec2::254', 'fd20:ce::254']) REFUSED.addAddress(address, 'ipv6');
// Both reach an IPv4 address through a gateway: NAT64 and 6to4.
REFUSED.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6');
REFUSED.addSubnet('2002:a9fe::', 32, 'ipv6');

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('0.0.0.0', 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');
LOOPBACK.addAddress('::', 'ipv6');

/** Facts about this machine that the decision needs. */
export interface OwnPlace {
  /** Port of the supervisor's API. */
  readonly port: number;
  /** Addresses of the machine's network interfaces. */
  readonly addresses: readonly string[];
}

/**
 * Returns why no card is fetched from an IP address; null if it may be.
 *
 * @param port port of the request
 */
export function refusalOf(address: string, port: number, own: OwnPlace): string | null {
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  if (REFUSED.check(address, family)) return 'leads to a link-local address, which agents do not have';
  const isHere = LOOPBACK.check(address, family) || own.addresses.includes(address);
  return isHere && port === own.port ? "leads to agent-spawner's own port" : null;
}
