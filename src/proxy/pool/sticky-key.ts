import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory, writeSecret } from '../../base/secret-file.ts';

/** Bytes of the key that sticky cookies are signed with. */
const LENGTH = 32;

/**
 * The key in `stateDir`, made when there is none, so that cookies outlive a restart. Throws an error for the operator
 * when it cannot be read or kept, or is none: it is not replaced, as that would move every client.
 */
export function ensureStickyKey(stateDir: string): Uint8Array {
  const file = join(stateDir, 'sticky.key');
  try {
    return readKey(file) ?? makeKey(stateDir, file);
  } catch (cause) {
    if (cause instanceof RangeError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new Error(`cannot keep the key of sticky cookies in state_dir ${stateDir}: ${code ?? message}`, { cause });
  }
}

function readKey(file: string): Uint8Array | undefined {
  let key: Buffer;
  try {
    key = readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  if (key.length !== LENGTH) throw new RangeError(`${file}: expected ${LENGTH} bytes, got ${key.length}`);
  return new Uint8Array(key);
}

function makeKey(stateDir: string, file: string): Uint8Array {
  const key = new Uint8Array(randomBytes(LENGTH));
  makeDirectory(stateDir);
  writeSecret(file, key);
  return key;
}
