import { describe, expect, test } from 'vitest';
import { givingBack } from '../../src/proxy/spent.ts';

const LARGE = 65_536;

describe('a piece of a body that has been written', () => {
  test('gives its memory back', () => {
    const piece = new Uint8Array(LARGE);
    givingBack(piece)?.();
    expect(piece.buffer.detached).toBe(true);
  });

  test('keeps it when the write failed', () => {
    const piece = new Uint8Array(LARGE);
    givingBack(piece)?.(new Error('write ECONNRESET'));
    expect(piece.length).toBe(LARGE);
  });

  test.each([
    { name: 'it is small', piece: new Uint8Array(1000) },
    { name: 'it is a part of something', piece: new Uint8Array(2 * LARGE).subarray(LARGE) },
    { name: 'other threads see it too', piece: new Uint8Array(new SharedArrayBuffer(LARGE)) },
  ])('has nothing to give where $name', ({ piece }) => {
    expect(givingBack(piece)).toBeUndefined();
  });
});
