import { readFileSync, statSync } from 'node:fs';
import { getSystemErrorMessage } from 'node:util';
import { Problem } from '../wire/problem.ts';
import type { ReadText } from './master-file.ts';

/** Bytes: the largest zones that people write by program have a tenth of that. */
const LIMIT = 256 * 1024 ** 2;

/** Reads a master file from disk, all of it, and waits for that. */
export const readTextFile: ReadText = (path) => {
  try {
    // Asked before it is opened: to open a pipe is to wait for its writer.
    const found = statSync(path);
    if (!found.isFile()) return new Problem('cannot be read: is not a file');
    if (found.size > LIMIT) return new Problem(`cannot be read: is larger than ${LIMIT / 1024 ** 2} MiB`);
    return readFileSync(path, 'latin1');
  } catch (error) {
    return new Problem(`cannot be read: ${reasonOf(error as NodeJS.ErrnoException)}`);
  }
};

function reasonOf({ code, errno, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'no such file';
  return errno === undefined ? message : getSystemErrorMessage(errno);
}
