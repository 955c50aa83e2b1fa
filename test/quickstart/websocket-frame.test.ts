import { describe, expect, test } from 'vitest';
import { readFrame, writeFrame } from '../../src/quickstart/websocket-frame.ts';

/** "Hello", masked, and a pong: the examples of RFC 6455 §5.7. */
const HELLO = Buffer.from('818537fa213d7f9f4d5158', 'hex');

describe('a frame of a client (RFC 6455 §5.2)', () => {
  test('is read and unmasked', () => {
    expect(readFrame(HELLO)).toEqual({
      kind: 'frame',
      fin: true,
      opcode: 1,
      payload: Buffer.from('Hello'),
      size: HELLO.length,
    });
  });

  test('is waited for, however few bytes there are', () => {
    for (let length = 0; length < HELLO.length; length++) expect(readFrame(HELLO.subarray(0, length))).toBeUndefined();
  });

  test('ends where the next one begins', () => {
    expect(readFrame(Buffer.concat([HELLO, HELLO]))).toMatchObject({ size: HELLO.length });
  });

  test.each([
    { name: 'without a mask', bytes: '8105', status: 1002 },
    { name: 'with a reserved bit', bytes: 'c185', status: 1002 },
    { name: 'with an unknown opcode', bytes: '8385', status: 1002 },
    { name: 'of control in several parts', bytes: '0980', status: 1002 },
    { name: 'of control that is too long', bytes: '89fe', status: 1002 },
    { name: 'with a length of 64 bits', bytes: '82ff', status: 1009 },
  ])('$name is refused with $status', ({ bytes, status }) => {
    expect(readFrame(Buffer.from(bytes, 'hex'))).toEqual({ kind: 'error', status });
  });
});

describe('a frame of ours', () => {
  test.each([
    { length: 0, head: '8200' },
    { length: 125, head: '827d' },
    { length: 126, head: '827e007e' },
    { length: 65_535, head: '827effff' },
  ])('of $length bytes begins with $head', ({ length, head }) => {
    const frame = writeFrame({ fin: true, opcode: 2, payload: Buffer.alloc(length) });
    expect(frame.toString('hex', 0, head.length / 2)).toBe(head);
    expect(frame).toHaveLength(head.length / 2 + length);
  });
});
