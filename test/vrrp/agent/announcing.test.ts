import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Announcing } from '../../../src/vrrp/agent/announcing.ts';
import { addressBytes } from '../../../src/vrrp/wire/address.ts';

const bytesOf = (text: string) => addressBytes(text) as Uint8Array;
const FIRST = bytesOf('fe80::100');
const SECOND = bytesOf('fd99::100');

describe('addresses are announced', () => {
  let announced: number[];
  let announcing: Announcing;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    announced = [];
    announcing = new Announcing((count) => announced.push(count));
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('at once, of IPv4, and of those that are there', () => {
    announcing.added([bytesOf('192.0.2.10')]);
    announcing.announce(5);
    expect(announced).toEqual([5]);
    announcing.announce(1);
    expect(announced).toEqual([5, 1]);
  });

  test('when all of them answer, of IPv6', () => {
    announcing.added([FIRST, SECOND]);
    announcing.announce(5);
    announcing.isThere(FIRST);
    announcing.isThere(FIRST);
    expect(announced).toEqual([]);
    announcing.isThere(SECOND);
    announcing.isThere(SECOND);
    vi.advanceTimersByTime(1000);
    expect(announced).toEqual([5]);
  });

  test('though the kernel should not tell that they answer', () => {
    announcing.added([FIRST]);
    announcing.announce(5);
    vi.advanceTimersByTime(249);
    expect(announced).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(announced).toEqual([5]);
  });

  test('not any more, once they are given away', () => {
    announcing.added([FIRST]);
    announcing.announce(5);
    announcing.forget();
    announcing.isThere(FIRST);
    vi.advanceTimersByTime(1000);
    expect(announced).toEqual([]);
  });
});
