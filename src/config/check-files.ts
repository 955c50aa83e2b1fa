import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { show } from '../base/setting.ts';
import { checkZones } from '../geodns/check-zones.ts';
import { hmacSecretIn, PASSWORD, passwordIn } from '../vrrp/secrets.ts';
import { witnessKeyIn } from '../vrrp/witness/key.ts';
import { mismatch, readCertificates, readKey, refusal, untimely } from './certificate.ts';
import type { Draft } from './draft.ts';
import type { Finding, Path } from './problem.ts';
import { fileReason, readSmallFile } from './read-file.ts';

/**
 * Looks at every file that the settings name, so that a missing key is told now and not at the first handshake. Names
 * are absolute here. Files may change afterwards: whoever uses one has to be ready for that.
 */
export function checkFiles(
  { node, listeners, sites, pools = {}, cache, siblings, logs, dns, vrrp, admin }: Draft,
  now: Date,
): Finding[] {
  const findings: Finding[] = [];
  const files = new FileCheck(findings, now);
  if (node !== undefined) files.writableDirectory(node.state_dir, ['node', 'state_dir']);
  for (const [index, listener] of listeners.entries()) {
    for (const [at, { cert, key }] of listener?.certificates.entries() ?? []) {
      files.pair(cert, key, ['listeners', index, 'certificates', at]);
    }
  }
  for (const [index, site] of sites.entries()) {
    files.page(site?.splash.page, ['sites', index, 'splash', 'page']);
    for (const [at, route] of site?.routes.entries() ?? []) {
      files.page(route.splash?.page, ['sites', index, 'routes', at, 'splash', 'page']);
    }
  }
  for (const [name, pool] of Object.entries(pools)) {
    const { ca, cert, key } = pool?.tls ?? {};
    if (ca !== undefined) files.certificates(ca, ['pools', name, 'tls', 'ca']);
    if (cert !== undefined && key !== undefined) files.pair(cert, key, ['pools', name, 'tls']);
  }
  if (typeof cache === 'object' && cache.disk !== undefined) {
    files.ownDirectory(cache.disk.directory, node?.state_dir, ['cache', 'disk', 'directory']);
  }
  if (typeof siblings === 'object') {
    if (siblings.secret_file !== undefined) files.readable(siblings.secret_file, ['siblings', 'secret_file']);
    for (const [index, { tls }] of siblings.peers.entries()) {
      if (tls.ca !== undefined) files.certificates(tls.ca, ['siblings', 'peers', index, 'tls', 'ca']);
    }
  }
  if (typeof dns === 'object') {
    for (const file of [dns.geo_database ?? []].flat()) files.large(file, ['dns', 'geo_database']);
    for (const [name, { check }] of Object.entries(dns.datacenters)) {
      if (check !== 'off' && check.ca !== undefined) {
        files.certificates(check.ca, ['dns', 'datacenters', name, 'check', 'ca']);
      }
    }
    if (dns.cookie_secret_file !== undefined) files.readable(dns.cookie_secret_file, ['dns', 'cookie_secret_file']);
    findings.push(...checkZones(dns.zones));
  }
  if (typeof vrrp === 'object') {
    for (const [index, { auth }] of vrrp.instances.entries()) {
      if (auth === 'off') continue;
      const path: Path = ['vrrp', 'instances', index, 'auth'];
      if (auth.password_file !== undefined) files.password(auth.password_file, [...path, 'password_file']);
      for (const [at, { file }] of auth.keys.entries()) files.secret(file, [...path, 'keys', at, 'file'], hmacSecretIn);
    }
    if (vrrp.witness !== undefined) files.secret(vrrp.witness.key_file, ['vrrp', 'witness', 'key_file'], witnessKeyIn);
  }
  if (typeof admin === 'object') {
    for (const [index, user] of admin.users.entries()) {
      files.readable(user.password_file, ['admin', 'users', index, 'password_file']);
    }
    if (typeof admin.tls === 'object') files.pair(admin.tls.cert, admin.tls.key, ['admin', 'tls']);
  }
  const access = logs?.access;
  if (access !== undefined && access !== 'off' && access.file !== '-') {
    files.writableFile(access.file, ['logs', 'access', 'file']);
  }
  return findings;
}

/** No page, certificate or key is near this size: whatever is, is some other file. */
const LIMIT = 4 * 1024 ** 2;

/** What a directory of splash pages may hold, by status and for all. Other files there are left alone. */
const SPLASH_PAGE = /^(?:502|503|504|index)\.(?:html|json)$/;

class FileCheck {
  readonly #findings: Finding[];
  readonly #now: Date;

  constructor(findings: Finding[], now: Date) {
    this.#findings = findings;
    this.#now = now;
  }

  pair(certFile: string, keyFile: string, path: Path): void {
    const cert = this.certificates(certFile, [...path, 'cert']);
    const key = this.#key(keyFile, [...path, 'key']);
    if (cert === undefined || key === undefined) return;
    const wrongKey = mismatch(cert.first, key.read);
    const refused = wrongKey ?? refusal(cert.bytes, key.bytes);
    if (refused !== undefined) this.#tell([...path, wrongKey === undefined ? 'cert' : 'key'], refused);
  }

  certificates(file: string, path: Path) {
    const bytes = this.#content(file, path);
    if (bytes === undefined) return undefined;
    const read = readCertificates(bytes);
    if (typeof read === 'string') return this.#tell(path, `${read}, in ${show(file)}`);
    const [first] = read;
    const late = untimely(first, this.#now);
    if (late !== undefined) this.#findings.push({ path, message: `${show(file)} ${late}`, severity: 'warning' });
    return { bytes, first };
  }

  page(file: string | undefined, path: Path): void {
    if (file === undefined) return;
    const listing = attempt(() => (statSync(file).isDirectory() ? readdirSync(file) : undefined));
    if ('reason' in listing) this.#cannot('read', file, listing.reason, path);
    else if (listing.value === undefined) this.#content(file, path);
    else this.#pages(file, listing.value, path);
  }

  readable(file: string, path: Path): void {
    this.#content(file, path);
  }

  /** `take` throws an `Error` that says what is wrong with what is in there. */
  secret<T>(file: string, path: Path, take: (content: Buffer) => T): T | undefined {
    const bytes = this.#content(file, path);
    if (bytes === undefined) return undefined;
    const taken = attempt(() => take(bytes));
    return 'reason' in taken ? this.#tell(path, `${taken.reason}, in ${show(file)}`) : taken.value;
  }

  /** Of version 2. */
  password(file: string, path: Path): void {
    const { length } = this.secret(file, path, passwordIn) ?? '';
    if (length <= PASSWORD) return;
    const message = `expected a password of ${PASSWORD} bytes, got ${length}, in ${show(file)}: no more is sent`;
    this.#findings.push({ path, message, severity: 'warning' });
  }

  /** A file that is too large to be read at each look at the configuration. */
  large(file: string, path: Path): void {
    const found = attempt(() => {
      accessSync(file, constants.R_OK);
      return statSync(file).isFile();
    });
    if ('reason' in found) this.#cannot('read', file, found.reason, path);
    else if (!found.value) this.#cannot('read', file, 'is not a file', path);
  }

  /** A file that is there, or one that can be made. */
  writableFile(file: string, path: Path): void {
    const reason = existsSync(file) ? unwritable(file, 'file') : unwritable(dirname(file), 'directory');
    if (reason !== undefined) this.#cannot('write', file, reason, path);
  }

  /** A directory that is there, or one that can be made below the nearest that is. */
  writableDirectory(directory: string, path: Path): void {
    let nearest = directory;
    while (!existsSync(nearest) && nearest !== dirname(nearest)) nearest = dirname(nearest);
    const reason = unwritable(nearest, 'directory');
    if (reason !== undefined) this.#cannot('use', directory, reason, path);
  }

  /** A directory as above that is not `other` as well, so that it can be emptied without a thought. */
  ownDirectory(directory: string, other: string | undefined, path: Path): void {
    if (directory === other) this.#tell(path, `expected a directory of its own, got node.state_dir (${show(other)})`);
    else this.writableDirectory(directory, path);
  }

  #pages(directory: string, names: readonly string[], path: Path): void {
    const pages = names.filter((name) => SPLASH_PAGE.test(name));
    for (const page of pages) this.#content(join(directory, page), path);
    if (pages.length > 0) return;
    this.#tell(path, `expected 502.html, 503.html, 504.html or index.html in ${show(directory)}, got none`);
  }

  #key(file: string, path: Path) {
    const bytes = this.#content(file, path);
    if (bytes === undefined) return undefined;
    const read = readKey(bytes);
    return typeof read === 'string' ? this.#tell(path, `${read}, in ${show(file)}`) : { bytes, read };
  }

  #content(file: string, path: Path): Buffer | undefined {
    // Asked before it is opened: to open a pipe is to wait for its writer.
    const kind = attempt(() => statSync(file).isFile());
    if ('value' in kind && !kind.value) return this.#cannot('read', file, 'is not a file', path);
    const content = readSmallFile(file, LIMIT);
    return content.ok ? content.bytes : this.#cannot('read', file, content.reason, path);
  }

  #cannot(verb: string, file: string, reason: string, path: Path): undefined {
    return this.#tell(path, `cannot ${verb} ${show(file)}: ${reason}`);
  }

  #tell(path: Path, message: string): undefined {
    this.#findings.push({ path, message });
    return undefined;
  }
}

/** A `file` may be anything that can be written to, such as a pipe or a device. */
function unwritable(name: string, kind: 'file' | 'directory'): string | undefined {
  const found = attempt(() => {
    accessSync(name, constants.W_OK);
    return statSync(name).isDirectory();
  });
  if ('reason' in found) return kind === 'directory' ? `${show(name)}: ${found.reason}` : found.reason;
  if (kind === 'file') return found.value ? 'is a directory' : undefined;
  return found.value ? undefined : `${show(name)} is not a directory`;
}

function attempt<T>(action: () => T): { readonly value: T } | { readonly reason: string } {
  try {
    return { value: action() };
  } catch (error) {
    return { reason: fileReason(error) };
  }
}
