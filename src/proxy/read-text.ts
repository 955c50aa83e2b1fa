import { readFileSync } from 'node:fs';
import { getSystemErrorMessage } from 'node:util';

/** A file's text. Throws an error that names the file and says why it cannot be read. */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch (cause) {
    const { errno } = cause as NodeJS.ErrnoException;
    const reason = errno === undefined ? String(cause) : getSystemErrorMessage(errno);
    throw new Error(`cannot read ${file}: ${reason}`, { cause });
  }
}
