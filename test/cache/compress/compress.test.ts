import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { Compressor } from '../../../src/cache/compress/compress.ts';
import type { CompressCoding } from '../../../src/cache/rules.ts';

const UNDO: Readonly<Record<CompressCoding, (bytes: Buffer) => Buffer>> = {
  br: brotliDecompressSync,
  gzip: gunzipSync,
  zstd: zstdDecompressSync,
};

const CODINGS: readonly CompressCoding[] = ['zstd', 'br', 'gzip'];

/** Takes what comes, and can be waited on. */
class Taker {
  readonly pieces: Buffer[] = [];
  readonly over = Promise.withResolvers<void>();
  #event = Promise.withResolvers<void>();
  ends = 0;
  drains = 0;

  piece(bytes: Buffer): void {
    this.pieces.push(bytes);
    this.#happened();
  }

  end(): void {
    this.ends += 1;
    this.over.resolve();
  }

  failed(error: Error): void {
    this.over.reject(error);
  }

  drained(): void {
    this.drains += 1;
    this.#happened();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.pieces);
  }

  next(): Promise<void> {
    return this.#event.promise;
  }

  #happened(): void {
    this.#event.resolve();
    this.#event = Promise.withResolvers<void>();
  }
}

const text = Buffer.from(
  Array.from({ length: 20_000 }, (_, line) => `<p>line ${(line * 7919) % 10_007} of text</p>\n`).join(''),
);

describe.each(CODINGS)('%s', (coding) => {
  test('gives back what was pushed, smaller, from a buffer that is used again', async () => {
    const taker = new Taker();
    const compressor = new Compressor(coding, taker, text.length);
    const lent = Buffer.alloc(7000);
    for (let at = 0; at < text.length; at += lent.length) {
      const { length } = text.subarray(at, at + lent.length);
      text.copy(lent, 0, at, at + length);
      if (!compressor.push(lent.subarray(0, length))) while (taker.drains === 0) await taker.next();
      lent.fill(0);
      taker.drains = 0;
    }
    compressor.end();
    await taker.over.promise;
    expect(UNDO[coding](taker.bytes).equals(text)).toBe(true);
    expect(taker.bytes.length).toBeLessThan(text.length / 4);
    expect([taker.ends, compressor.pending]).toEqual([1, 0]);
  });

  test('of nothing is a valid nothing', async () => {
    const taker = new Taker();
    new Compressor(coding, taker).end();
    await taker.over.promise;
    expect(UNDO[coding](taker.bytes).length).toBe(0);
  });

  test('brings out what was pushed when it is flushed', async () => {
    const taker = new Taker();
    const compressor = new Compressor(coding, taker);
    compressor.push(Buffer.from('first'));
    compressor.flush();
    await taker.next();
    const before = taker.bytes.length;
    expect(before).toBeGreaterThan(5);
    compressor.push(Buffer.from(' second'));
    compressor.end();
    await taker.over.promise;
    expect(UNDO[coding](taker.bytes).toString()).toBe('first second');
  });

  test('says when to wait, and when to go on', async () => {
    const taker = new Taker();
    const compressor = new Compressor(coding, taker);
    expect(compressor.push(text.subarray(0, 1000))).toBe(true);
    expect(compressor.push(text)).toBe(false);
    expect(compressor.pending).toBe(text.length + 1000);
    while (taker.drains === 0) await taker.next();
    expect(compressor.pending).toBeLessThan(text.length);
    compressor.abort();
  });

  test('says nothing more once it is aborted', async () => {
    const taker = new Taker();
    const compressor = new Compressor(coding, taker);
    compressor.push(text);
    compressor.push(text);
    compressor.abort();
    compressor.abort();
    expect(compressor.push(text)).toBe(true);
    compressor.flush();
    compressor.end();
    // Another one's work takes longer than what is left of the first.
    const other = new Taker();
    const after = new Compressor(coding, other);
    after.push(text);
    after.end();
    await other.over.promise;
    expect([taker.pieces.length, taker.ends, taker.drains]).toEqual([0, 0, 0]);
  });
});
