import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** Makes a directory, when it is not there, for its owner alone. Throws what the system says when it cannot be used. */
export function makeUsable(directory: string): void {
  const stat = statSync(directory, { throwIfNoEntry: false });
  if (stat === undefined) makeDirectory(directory);
  else if (!stat.isDirectory()) throw new Error('it is not a directory');
  accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
}

/**
 * With those above it that are missing. Not by `recursive`: where the system says that a directory in one that is there
 * does not exist, as /proc does, Node 26 tries for ever.
 */
function makeDirectory(path: string): void {
  const parent = dirname(path);
  if (!existsSync(parent)) makeDirectory(parent);
  mkdirSync(path, { mode: 0o700 });
}
