import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncDirectory } from './sync-directory.ts';

/** Files of `state_dir` that nobody else may read: keys, passwords. */

/**
 * A directory for this user alone, with those above it that are missing. Not by `recursive`: where the system says that
 * a directory in one that is there does not exist, as /proc does, Node 26 tries for ever.
 */
export function makeDirectory(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  const parent = dirname(path);
  if (!existsSync(parent)) makeDirectory(parent);
  mkdirSync(path, { mode: 0o700 });
}

/**
 * With mode 0600. Never a half-written file under its real name, and never a moment when others may read it. When this returns it outlives
 * a power failure.
 */
export function writeSecret(file: string, content: string | Uint8Array): void {
  const draft = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    writeFileSync(draft, content, { mode: 0o600, flag: 'wx', flush: true });
    renameSync(draft, file);
    syncDirectory(dirname(file));
  } finally {
    rmSync(draft, { force: true });
  }
}
