import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { findCommand, missingPeers, PEERS, peersAreRequired } from './peers.ts';

/**
 * Brings the peers that are not there from Debian, where that can be done without asking: as root on a Debian. Elsewhere
 * it says what is missing, and the tests that need it are skipped. `CI=true` makes a missing peer an error.
 */

const POLICY = '/usr/sbin/policy-rc.d';
const POLICY_TEXT = `#!/bin/sh
# Put here by Portico's bin/install-peers.ts while it installs, so that no server starts; remove it if you find it.
exit 101
`;

/** What these packages would start at boot. */
const SERVICES: Readonly<Record<string, readonly string[]>> = {
  nginx: ['nginx'],
  haproxy: ['haproxy'],
  varnish: ['varnish', 'varnishncsa'],
  unbound: ['unbound'],
  'pdns-recursor': ['pdns-recursor'],
  'squid-openssl': ['squid'],
  gdnsd: ['gdnsd'],
  'pdns-backend-geoip': ['pdns'],
};

const wanted = packagesOf(missingPeers());
if (wanted.length > 0 && mayInstall()) {
  console.log(`Installing ${wanted.join(', ')} from Debian, for the tests.`);
  const problem = withoutStartingServices(() => install(wanted));
  if (problem !== undefined) console.error(problem);
  keepFromBoot(wanted);
}

const missing = missingPeers();
if (missing.length > 0) {
  const packages = packagesOf(missing).join(' ');
  console.error(`Not installed here: ${missing.join(', ')} (in Debian: apt-get install ${packages}).`);
  if (peersAreRequired()) {
    console.error('CI=true: every peer must be there.');
    process.exitCode = 1;
  } else {
    console.error('The tests that need them are skipped.');
  }
}

function packagesOf(peers: ReturnType<typeof missingPeers>): string[] {
  return [...new Set(peers.map((peer) => PEERS[peer]))];
}

function mayInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version') && findCommand('apt-get') !== undefined;
}

/** What apt-get said, when it failed. Its package lists may be missing or old: they are fetched only then. */
function install(packages: readonly string[]): string | undefined {
  const first = aptGet('install', '--no-install-recommends', ...packages);
  if (first === undefined) return undefined;
  return aptGet('update') ?? aptGet('install', '--no-install-recommends', ...packages);
}

function aptGet(...args: readonly string[]): string | undefined {
  const { status, stdout, stderr, error } = spawnSync('apt-get', ['-yq', '-o', 'DPkg::Lock::Timeout=120', ...args], {
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_SUSPEND: '1' },
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error !== undefined) return error.message;
  return status === 0 ? undefined : stderr || stdout;
}

/** A server that is here for the tests alone shall not take port 80 at the next boot. */
function keepFromBoot(packages: readonly string[]): void {
  const services = packages.flatMap((name) => SERVICES[name] ?? []);
  for (const service of services) spawnSync('systemctl', ['--quiet', 'disable', service], { stdio: 'ignore' });
}

/**
 * Debian starts a server when it is installed, unless policy-rc.d says 101. A policy that is there already stays: it is
 * its owner's. The signals are held off, for an interrupted run must not leave ours behind.
 */
function withoutStartingServices<T>(work: () => T): T {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const ignore = () => {};
  for (const signal of signals) process.on(signal, ignore);
  const ours = placePolicy();
  try {
    return work();
  } finally {
    if (ours) rmSync(POLICY, { force: true });
    for (const signal of signals) process.off(signal, ignore);
  }
}

/** Whether the policy is ours, and so ours to remove. */
function placePolicy(): boolean {
  if (existsSync(POLICY)) return readFileSync(POLICY, 'utf8') === POLICY_TEXT;
  writeFileSync(POLICY, POLICY_TEXT, { flag: 'wx' });
  chmodSync(POLICY, 0o755);
  return true;
}
