import { pages } from '../geo/pages.ts';
import type { Rdata, RecordSet, WireName } from '../model.ts';

/**
 * Record sets in a row of bytes, to be handed from thread to thread as one piece of shared memory:
 *
 *     +---------------+-------+--------+-----+-------+  then for each record:
 *     | owner, or 0   | type  | TTL    | number of   |  +--------+-------+-----------+-------+
 *     | as before: 255|   2   |   4    | records: 4  |  | length | names | where: 2  | RDATA |
 *     +---------------+-------+--------+-------------+  |   2    |   1   | each      |       |
 *                                                       +--------+-------+-----------+-------+
 *
 * An owner is a name in wire form. 255, which begins no name, stands for that of the set before.
 */
export function packSets(sets: Iterable<RecordSet>): Uint8Array {
  const all = [...sets];
  let size = 0;
  for (const [i, set] of all.entries()) size += sizeOf(set, isSameOwner(all[i - 1], set));
  const bytes = Buffer.from(pages(size), 0, size);
  let at = 0;
  for (const [i, set] of all.entries()) at = write(set, isSameOwner(all[i - 1], set), bytes, at);
  return bytes;
}

/** What it yields looks into the packed bytes. */
export function* unpackSets(packed: Uint8Array): Generator<RecordSet> {
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  let owner: WireName = bytes.subarray(0, 0);
  for (let at = 0; at < bytes.length; ) {
    if (bytes[at] === SAME_OWNER) at++;
    else {
      const end = endOfName(bytes, at);
      owner = bytes.subarray(at, end);
      at = end;
    }
    const type = bytes.readUInt16BE(at);
    const ttl = bytes.readUInt32BE(at + 2);
    const count = bytes.readUInt32BE(at + 6);
    at += HEAD;
    const rdatas: Rdata[] = [];
    for (let i = 0; i < count; i++) {
      const length = bytes.readUInt16BE(at);
      const names = namesAt(bytes, at + 2);
      at += 3 + 2 * names.length;
      rdatas.push({ bytes: bytes.subarray(at, at + length), names });
      at += length;
    }
    yield { owner, type, ttl, rdatas };
  }
}

const SAME_OWNER = 255;

/** Of type, TTL and number of records. */
const HEAD = 10;

/** Most records have none. */
const NO_NAMES: readonly number[] = [];

function isSameOwner(before: RecordSet | undefined, { owner }: RecordSet): boolean {
  return before?.owner.equals(owner) === true;
}

function sizeOf({ owner, rdatas }: RecordSet, sameOwner: boolean): number {
  let size = (sameOwner ? 1 : owner.length) + HEAD;
  for (const { bytes, names } of rdatas) size += 3 + 2 * names.length + bytes.length;
  return size;
}

function write({ owner, type, ttl, rdatas }: RecordSet, sameOwner: boolean, to: Buffer, start: number): number {
  let at = sameOwner ? to.writeUInt8(SAME_OWNER, start) : start + owner.copy(to, start);
  at = to.writeUInt16BE(type, at);
  at = to.writeUInt32BE(ttl, at);
  at = to.writeUInt32BE(rdatas.length, at);
  for (const { bytes, names } of rdatas) {
    at = to.writeUInt16BE(bytes.length, at);
    at = to.writeUInt8(names.length, at);
    for (const name of names) at = to.writeUInt16BE(name, at);
    at += bytes.copy(to, at);
  }
  return at;
}

function endOfName(bytes: Buffer, start: number): number {
  let at = start;
  while (bytes[at] !== 0) at += 1 + (bytes[at] as number);
  return at + 1;
}

function namesAt(bytes: Buffer, at: number): readonly number[] {
  const count = bytes[at] as number;
  if (count === 0) return NO_NAMES;
  return Array.from({ length: count }, (_, i) => bytes.readUInt16BE(at + 1 + 2 * i));
}
