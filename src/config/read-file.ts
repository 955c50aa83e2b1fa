import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { getSystemErrorMessage } from 'node:util';
import type { Bytes } from '../base/units.ts';

export type FileContent =
  | { readonly ok: true; readonly bytes: Buffer }
  | { readonly ok: false; readonly reason: string };

/**
 * Reads a file that must be small, such as a certificate. Sync, for it is done at start and at reload alone. `reason`
 * completes "FILE: cannot be read: …". Pipes are read as well: `portico check -c <(make-config)`.
 */
export function readSmallFile(path: string, limit: Bytes): FileContent {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    if (fstatSync(file).isDirectory()) return { ok: false, reason: 'is a directory' };
    const bytes = readUpTo(file, limit + 1);
    if (bytes.length > limit) return { ok: false, reason: `is larger than ${limit / 1024 ** 2} MiB` };
    return { ok: true, bytes };
  } catch (error) {
    return { ok: false, reason: fileReason(error) };
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Why the system refused to do something with a file: `no such file`, `permission denied`. */
export function fileReason(error: unknown): string {
  const { code, errno, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'no such file';
  return errno === undefined ? message : getSystemErrorMessage(errno);
}

/** What a file says of its size is not to be relied on: pipes and `/proc` say 0, `/dev/zero` has no end. */
function readUpTo(file: number, limit: Bytes): Buffer {
  const chunks: Buffer[] = [];
  for (let total = 0; total < limit; ) {
    const chunk = Buffer.allocUnsafe(Math.min(65_536, limit - total));
    const read = readSync(file, chunk);
    if (read === 0) break;
    chunks.push(chunk.subarray(0, read));
    total += read;
  }
  return Buffer.concat(chunks);
}
