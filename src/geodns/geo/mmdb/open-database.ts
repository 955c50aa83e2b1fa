import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { pages } from '../pages.ts';
import { Database } from './database.ts';
import { DatabaseError } from './database-error.ts';

/**
 * Reads a file, all of it, and waits for that. Throws a `DatabaseError` that begins with the path, also when the file cannot
 * be read; the cause is with it. A file that is replaced by renaming is one or the other.
 */
export function openDatabase(path: string): Database {
  try {
    return new Database(read(path));
  } catch (cause) {
    throw new DatabaseError(`${path} ${reasonIn(cause)}`, { cause });
  }
}

function read(path: string): Uint8Array {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const bytes = new Uint8Array(pages(size), 0, size);
    for (let at = 0; at < size; ) {
      const length = readSync(file, bytes, at, Math.min(size - at, 2 ** 30), null);
      if (length === 0) return bytes.subarray(0, at);
      at += length;
    }
    return bytes;
  } finally {
    closeSync(file);
  }
}

function reasonIn(cause: unknown): string {
  if (cause instanceof DatabaseError) return cause.message;
  return `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`;
}
