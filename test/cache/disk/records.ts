import { createHash } from 'node:crypto';
import { BLOCK, type NewRecord } from '../../../src/cache/disk/record.ts';

/** Records that are known by their number: also for processes and threads that tests start. */

export const MIB = 1024 * 1024;

/** `n` bytes that depend on a seed, none of them like its neighbours. */
export function noise(seed: number, n: number): Buffer {
  const bytes = Buffer.alloc(n);
  let state = (seed * 2654435761 + 1) >>> 0;
  for (let i = 0; i < n; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** Numbers from 0 to 1 that are the same each time. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export interface RecordShape {
  readonly body?: number;
  readonly head?: number;
  readonly pieces?: number;
  readonly expiresAt?: number;
}

/** The record number `seed`: all of it follows from that and its lengths. Its body is in pieces of shared memory. */
export function recordOf(
  seed: number,
  { body = 1024, head = 300, pieces = 3, expiresAt = Infinity }: RecordShape = {},
): NewRecord {
  const shared = Buffer.from(new SharedArrayBuffer(Math.max(body, 1)), 0, body);
  noise(seed, body).copy(shared);
  const step = Math.max(1, Math.ceil(body / pieces));
  const list: Buffer[] = [];
  for (let at = 0; at < body; at += step) list.push(shared.subarray(at, Math.min(body, at + step)));
  return { key: keyOf(seed), head: noise(seed + 7, head), body: list, sequence: seed, expiresAt };
}

/** Lengths that differ from one record to the next; some bodies have several blocks. */
export function shapeOf(i: number) {
  return { body: i % 17 === 0 ? 2 * BLOCK + i : (i * 331) % 5000, head: 20 + ((i * 57) % 900) };
}

export function keyOf(seed: number): Buffer {
  return Buffer.from(`https://www.example.com/${'p'.repeat(seed % 40)}/${seed}`);
}

/** A record in one line of text, to be compared. */
export function digestOf({ key, head, body }: NewRecord): string {
  return digest(key, head, body);
}

export function digest(key: Buffer, head: Buffer, body: readonly Buffer[]): string {
  const hash = createHash('sha256');
  for (const piece of [key, head, ...body]) hash.update(piece);
  return `${key} ${hash.digest('hex').slice(0, 16)}`;
}
