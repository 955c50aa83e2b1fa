import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The programs that a run needs beside Node, and the Debian packages that bring them. */
const PACKAGES = {
  nginx: 'nginx',
  haproxy: 'haproxy',
  varnishd: 'varnish',
  squid: 'squid',
  wrk: 'wrk',
  h2load: 'nghttp2-client',
  dnsperf: 'dnsperf',
  gdnsd: 'gdnsd',
  pdns_server: 'pdns-backend-geoip',
  openssl: 'openssl',
  taskset: 'util-linux',
} as const;

export type Program = keyof typeof PACKAGES;

/** Servers live in sbin, which is not in every user's PATH. */
const SBIN = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** Where it is; `undefined` when it is not installed. */
export function findProgram(program: Program): string | undefined {
  const directories = [...(process.env.PATH ?? '').split(delimiter), ...SBIN];
  return directories.map((directory) => join(directory, program)).find(isExecutable);
}

/** Where it is; throws with the name of its package when it is not installed. */
export function requireProgram(program: Program): string {
  const path = findProgram(program);
  if (path === undefined) throw new Error(missing(program));
  return path;
}

export function missing(program: Program): string {
  return `${program} is not installed (Debian package ${PACKAGES[program]})`;
}

/** `1.22.1`, from whatever the program answers. */
export function versionOf(path: string, flag: string): string {
  const { stdout, stderr } = spawnSync(path, [flag], { encoding: 'utf8', timeout: 5_000 });
  return /\d+\.\d+(\.\d+)?/.exec(`${stdout}${stderr}`)?.[0] ?? 'unknown version';
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
