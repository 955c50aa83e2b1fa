import { isIPv6 } from 'node:net';
import type { NetworkInterfaceInfo } from 'node:os';

type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>;

/**
 * All addresses of the machine that a wildcard stands for, each once: those of its family. Link-local ones have their
 * interface as the zone (`fe80::1%eth0`), without which they cannot be listened on.
 */
export function addressesFor(wildcard: string, interfaces: Interfaces): string[] {
  const family = isIPv6(wildcard) ? 'IPv6' : 'IPv4';
  const found = new Set<string>();
  for (const [name, addresses] of Object.entries(interfaces)) {
    for (const each of addresses ?? []) {
      if (each.family === family) found.add(each.scopeid ? `${each.address}%${name}` : each.address);
    }
  }
  return [...found];
}
