import { type Net, parseNet } from './net.ts';

/** A net whose addresses are nobody's in particular, so that what a database says of them means nothing. */
export interface SpecialNet {
  readonly net: Net;
  readonly what: string;
}

/** Of IANA's registries of special-purpose addresses, those that are not globally reachable, and multicast. RFC 6890. */
export const SPECIAL_NETS: readonly SpecialNet[] = [
  special('0.0.0.0/8', 'this network'),
  special('10.0.0.0/8', 'private'),
  special('100.64.0.0/10', 'carrier-grade NAT'),
  special('127.0.0.0/8', 'loopback'),
  special('169.254.0.0/16', 'link-local'),
  special('172.16.0.0/12', 'private'),
  special('192.0.0.0/24', 'protocol assignments'),
  special('192.0.2.0/24', 'documentation'),
  special('192.168.0.0/16', 'private'),
  special('198.18.0.0/15', 'benchmarks'),
  special('198.51.100.0/24', 'documentation'),
  special('203.0.113.0/24', 'documentation'),
  special('224.0.0.0/4', 'multicast'),
  special('240.0.0.0/4', 'reserved'),
  special('64:ff9b:1::/48', 'local translation'),
  special('100::/64', 'discard-only'),
  special('2001:2::/48', 'benchmarks'),
  special('2001:db8::/32', 'documentation'),
  special('3fff::/20', 'documentation'),
  special('5f00::/16', 'segment routing'),
  special('fc00::/7', 'unique local'),
  special('fe80::/10', 'link-local'),
  special('fec0::/10', 'site-local'),
  special('ff00::/8', 'multicast'),
];

function special(text: string, what: string): SpecialNet {
  return { net: parseNet(text) as Net, what };
}
