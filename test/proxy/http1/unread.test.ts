import { describe, expect, test } from 'vitest';
import { Unread } from '../../../src/proxy/http1/unread.ts';

const text = ({ bytes }: Unread) => bytes.toString('latin1');

describe('unread bytes', () => {
  test('are what was added less what was taken', () => {
    const unread = new Unread();
    let expected = '';
    for (let i = 0; i < 200; i++) {
      const piece = String(i).repeat(i % 7);
      unread.add(Buffer.from(piece));
      expected += piece;
      const count = (i * 5) % 11;
      unread.take(Math.min(count, expected.length));
      expected = expected.slice(count);
      expect(text(unread)).toBe(expected);
    }
  });

  test('are not copied where they come alone', () => {
    const unread = new Unread();
    const chunk = Buffer.from('abc');
    unread.add(chunk);
    expect(unread.bytes).toBe(chunk);
  });

  test('leave alone what was taken before', () => {
    const unread = new Unread();
    unread.add(Buffer.from('ab'));
    unread.add(Buffer.from('cd'));
    const taken = unread.bytes.subarray(0, 3);
    unread.take(3);
    for (let i = 0; i < 50; i++) unread.add(Buffer.from('xyz'));
    expect(taken.toString()).toBe('abc');
  });

  test('become our own where their memory was lent', () => {
    const unread = new Unread();
    const lent = Buffer.from('abc');
    unread.add(lent);
    unread.take(1);
    unread.keep();
    lent.fill('-');
    expect(text(unread)).toBe('bc');
    unread.add(Buffer.from('d'));
    expect(text(unread)).toBe('bcd');
  });

  test('can all be forgotten', () => {
    const unread = new Unread();
    unread.add(Buffer.from('ab'));
    unread.add(Buffer.from('cd'));
    unread.clear();
    unread.add(Buffer.from('e'));
    expect(text(unread)).toBe('e');
  });
});
