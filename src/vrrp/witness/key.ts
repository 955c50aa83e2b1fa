import { closeSync, openSync, readSync } from 'node:fs';
import type { Bytes } from '../../base/units.ts';

/** What all of a pair and its witnesses have in common. */

export const SHORTEST_KEY: Bytes = 16;
const LONGEST_KEY: Bytes = 4096;

const LF = 10;
const CR = 13;
const DEL = 127;

/** Throws an `Error` that says what is wrong with the file. */
export function readKeyFile(file: string): Uint8Array {
  const content = read(file);
  try {
    return witnessKeyIn(content);
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * A line of text, or any bytes; 16 at least. The end of a line is not part of it, so that an editor may have been there. Throws an
 * `Error` that says what is wrong, and never shows it.
 */
export function witnessKeyIn(content: Buffer): Uint8Array {
  if (content.length > LONGEST_KEY) throw new Error(`expected a key of at most ${LONGEST_KEY} bytes, got more`);
  const key = withoutLineEnd(content);
  if (isText(key) && key.includes(LF)) throw new Error('expected a key on one line, got several');
  if (key.length < SHORTEST_KEY) throw new Error(`expected a key of ${SHORTEST_KEY} bytes or more, got ${key.length}`);
  return key;
}

/** Not the whole of it, should it be a device. */
function read(file: string): Buffer {
  const content = Buffer.alloc(LONGEST_KEY + 1);
  let fd: number | undefined;
  try {
    fd = openSync(file, 'r');
    return content.subarray(0, readSync(fd, content));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(`${file}: cannot be read: ${code ?? message}`, { cause: error });
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function withoutLineEnd(content: Buffer): Buffer {
  if (content.at(-1) !== LF) return content;
  return content.subarray(0, content.at(-2) === CR ? -2 : -1);
}

function isText(content: Buffer): boolean {
  return content.every((byte) => byte === LF || byte === CR || (byte >= 32 && byte !== DEL));
}
