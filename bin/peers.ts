import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * The real programs that tests and benchmarks talk to, by command, and the Debian package that each comes in. Squid comes in
 * two, of which a machine can have one: `squid`, which has GnuTLS, does as well, and is not replaced.
 */
export const PEERS = {
  nginx: 'nginx',
  haproxy: 'haproxy',
  varnishd: 'varnish',
  squid: 'squid-openssl',
  wrk: 'wrk',
  h2load: 'nghttp2-client',
  slowhttptest: 'slowhttptest',
  dnsperf: 'dnsperf',
  curl: 'curl',
  openssl: 'openssl',
  gdnsd: 'gdnsd',
  pdns_server: 'pdns-backend-geoip',
  'ansible-playbook': 'ansible',
  chromium: 'chromium',
  dig: 'bind9-dnsutils',
  kdig: 'knot-dnsutils',
  tcpdump: 'tcpdump',
  ip: 'iproute2',
  sysctl: 'procps',
  keepalived: 'keepalived',
  unbound: 'unbound',
  pdns_recursor: 'pdns-recursor',
} as const;

export type Peer = keyof typeof PEERS;

/** Where a peer is; `undefined` when it is not installed. Servers stand in directories that few users have in their path. */
export function findPeer(peer: Peer): string | undefined {
  return findCommand(peer);
}

export function missingPeers(peers: readonly Peer[] = Object.keys(PEERS) as Peer[]): Peer[] {
  return peers.filter((peer) => findPeer(peer) === undefined);
}

/** The path that finds every peer by its name. */
export function pathWithServers(path: string = process.env.PATH ?? ''): string {
  const directories = path.split(delimiter);
  const servers = ['/usr/local/sbin', '/usr/sbin', '/sbin'].filter((directory) => !directories.includes(directory));
  return [...directories, ...servers].join(delimiter);
}

/** Whether a missing peer fails the run, rather than skip its tests: where changes are judged, nothing may go unseen. */
export function peersAreRequired(): boolean {
  return process.env.CI === 'true';
}

export function findCommand(name: string): string | undefined {
  return pathWithServers()
    .split(delimiter)
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, name))
    .find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
