import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Where the admin listener of a running node is, told to who may read `state_dir` on the same machine:
 * `state_dir/admin.json`, mode 0600.
 *
 *     {"url":"https://127.0.0.1:8400","pid":4711,"certificate":"/var/lib/portico/self-signed.pem"}
 */
export interface Whereabouts {
  /** Without a path or a slash at the end. */
  readonly url: string;
  readonly pid: number;
  /**
   * Of an https url: the PEM file whose first certificate is the one that the listener shows. Who comes by this file trusts
   * that one, whatever name it is for.
   */
  readonly certificate?: string | undefined;
}

const FILE = 'admin.json';

/** The file that keeps the password of the user `admin` which is made when no users are configured. */
export function passwordFile(stateDir: string): string {
  return join(stateDir, 'admin-password');
}

export function whereaboutsFile(stateDir: string): string {
  return join(stateDir, FILE);
}

/** `0.0.0.0:8400` is at `127.0.0.1` for who is on this machine, and `[::]:8400` at `[::1]`. */
export function localUrl(protocol: 'http' | 'https', address: string): string {
  const near = address.replace(/^0\.0\.0\.0:/, '127.0.0.1:').replace(/^\[::\]:/, '[::1]:');
  return `${protocol}://${near}`;
}

/** To be called when the listener takes connections. Throws what the file system does. */
export function writeWhereabouts(stateDir: string, whereabouts: Whereabouts): void {
  const file = whereaboutsFile(stateDir);
  const draft = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    writeFileSync(draft, `${JSON.stringify(whereabouts)}\n`, { mode: 0o600, flag: 'wx' });
    renameSync(draft, file);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** `undefined` when no node says so. Throws what the file system does, and a `SyntaxError` for what is no such file. */
export function readWhereabouts(stateDir: string): Whereabouts | undefined {
  const text = contentOf(whereaboutsFile(stateDir));
  if (text === undefined) return undefined;
  const value: unknown = JSON.parse(text);
  if (!isWhereabouts(value)) throw new SyntaxError('is not what a node writes there');
  return value;
}

/** At the end; a node that has taken our place by then keeps its own. */
export function removeWhereabouts(stateDir: string, pid: number): void {
  try {
    if (readWhereabouts(stateDir)?.pid === pid) rmSync(whereaboutsFile(stateDir), { force: true });
  } catch {
    // What cannot be read was not written by us, and a node ends all the same.
  }
}

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function isWhereabouts(value: unknown): value is Whereabouts {
  if (typeof value !== 'object' || value === null) return false;
  const { url, pid, certificate } = value as Record<string, unknown>;
  const isUrl = typeof url === 'string' && /^https?:\/\/[^/?#@\s]+$/.test(url);
  return (
    isUrl && Number.isInteger(pid) && Number(pid) > 0 && (certificate === undefined || typeof certificate === 'string')
  );
}
