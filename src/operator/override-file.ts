import {
  closeSync,
  copyFileSync,
  fchmodSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { attempt } from '../base/attempt.ts';
import { syncDirectory } from '../base/sync-directory.ts';
import type { Bytes } from '../base/units.ts';
import { type Entry, KINDS } from './kept.ts';

/**
 * The file of what operators said. Text; a line is what was said at once, so that of a change of several origins all or
 * nothing is kept. Before it stands the CRC-32 of the rest:
 *
 *     6b2e8f01 [{"kind":"override","pool":"app","id":"app1","value":{"values":{"admin":"drain"},…}}]
 *     0c94d7aa [{"kind":"override","pool":"app","id":"app1","value":null}]
 *
 * A line is written and synced before what it says is in force: it survives the end of the process at any time, and a
 * power failure.
 */

/** Its name in `state_dir`. */
export const OVERRIDE_FILE = 'operator.log';

/** It is written anew when it has grown beyond this, and to several times of what it was when it was written anew. */
const SMALL: Bytes = 256 * 1024;
const GROWTH = 4;

/** What a file had to say. */
export interface Read {
  /** In the order in which it was said. */
  readonly entries: readonly Entry[];
  /** Lines that cannot be read: what they said is lost. An unfinished last one is none: nobody was told that it was kept. */
  readonly damaged: number;
  /** It is there. */
  readonly found: boolean;
  /** Why it could not be read at all. */
  readonly problem: Error | undefined;
}

/** Who writes gives all that is to be in it: a file that is not as it was left is not added to, but written anew. */
export class OverrideFile {
  readonly #path: string;
  /** As it was left; `undefined`: it may be anything. */
  #size: Bytes | undefined = 0;
  #compactSize: Bytes = 0;

  constructor(directory: string) {
    this.#path = join(directory, OVERRIDE_FILE);
  }

  get path(): string {
    return this.#path;
  }

  /** Once, before anything is written. */
  read(): Read {
    let text = '';
    const problem = attempt(() => {
      text = readFileSync(this.#path, 'utf8');
    }) as NodeJS.ErrnoException | undefined;
    if (problem?.code === 'ENOENT') return { entries: [], damaged: 0, found: false, problem: undefined };
    this.#size = problem === undefined && /(^|\n)$/.test(text) ? Buffer.byteLength(text) : undefined;
    return { ...parseOverrides(text), found: problem === undefined, problem };
  }

  /** Adds a line. With an error, nothing of it is in the file, or will be. `all`: what is to be there, with these. */
  append(entries: readonly Entry[], all: () => Iterable<Entry>): Error | undefined {
    const grown = (this.#size ?? 0) > Math.max(SMALL, GROWTH * this.#compactSize);
    if (grown && this.rewrite(all()) === undefined) return undefined;
    const expected = this.#size;
    if (expected === undefined) return this.rewrite(all());
    let asLeft = true;
    const problem = attempt(() => {
      const file = openSync(this.#path, 'a', 0o600);
      try {
        asLeft = fstatSync(file).size === expected;
        if (asLeft) this.#size = expected + appendWhole(file, Buffer.from(lineOf(entries)), expected);
      } finally {
        closeSync(file);
      }
    });
    if (!asLeft || (problem as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return this.rewrite(all());
    return problem;
  }

  /** Puts these in place of all it has. With an error, what was there is still there. */
  rewrite(all: Iterable<Entry>): Error | undefined {
    return attempt(() => {
      const directory = dirname(this.#path);
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      const next = `${this.#path}.new`;
      const bytes = Buffer.from([...all].map((entry) => lineOf([entry])).join(''));
      writeSynced(next, bytes);
      renameSync(next, this.#path);
      this.#size = bytes.length;
      this.#compactSize = bytes.length;
      syncDirectory(directory);
    });
  }

  /** The next line that is written has the whole file written anew. */
  distrust(): void {
    this.#size = undefined;
  }

  /** Keeps a copy of a damaged file for whoever wants to look at it, and returns its name. */
  setAside(): string | undefined {
    const copy = `${this.#path}.damaged`;
    const problem = attempt(() => {
      rmSync(copy, { force: true });
      copyFileSync(this.#path, copy);
    });
    return problem === undefined ? copy : undefined;
  }
}

export function parseOverrides(text: string): { readonly entries: Entry[]; readonly damaged: number } {
  const entries: Entry[] = [];
  let damaged = 0;
  for (const line of text.split('\n').slice(0, -1)) {
    const read = readLine(line);
    if (read === undefined) damaged++;
    else entries.push(...read);
  }
  return { entries, damaged };
}

function lineOf(entries: readonly Entry[]): string {
  const json = JSON.stringify(entries);
  return `${checksum(json)} ${json}\n`;
}

/** With the right checksum it is what was written, if not by a version that knows more kinds of entries. */
function readLine(line: string): readonly Entry[] | undefined {
  const json = line.slice(9);
  if (line.slice(0, 9) !== `${checksum(json)} `) return undefined;
  const entries = JSON.parse(json) as readonly Entry[];
  return entries.every(({ kind }) => KINDS.includes(kind)) ? entries : undefined;
}

function checksum(json: string): string {
  return crc32(json).toString(16).padStart(8, '0');
}

/** All of it or nothing. Where even the way back fails, the file has another size than it was left with, and is not trusted. */
function appendWhole(file: number, bytes: Buffer, size: Bytes): Bytes {
  try {
    const written = writeSync(file, bytes);
    if (written < bytes.length) throw new Error('no space left on device');
    fdatasyncSync(file);
    return written;
  } catch (error) {
    attempt(() => ftruncateSync(file, size));
    throw error;
  }
}

function writeSynced(path: string, bytes: Buffer): void {
  const file = openSync(path, 'w', 0o600);
  try {
    fchmodSync(file, 0o600);
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
