import { closeSync, fsyncSync, openSync } from 'node:fs';

/** Has the names in a directory outlive a power failure: what was renamed there is there by its new name from here on. */
export function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
