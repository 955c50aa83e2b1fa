import { describe, expect, test } from 'vitest';
import { LoginDelays, networkOf } from '../../../src/admin/access/login-delays.ts';

describe('the memory of guesses', () => {
  test('is bounded: who was not heard of for longest is forgotten first', () => {
    const delays = new LoginDelays({ now: () => 0, limit: 3 });
    for (const address of ['10.0.0.1', '10.0.0.2', '10.0.0.3']) {
      for (let i = 0; i < 3; i++) delays.failed(address, 'ops');
    }
    delays.failed('10.0.0.1', 'ops');
    delays.failed('10.0.0.4', 'ops');
    const waiting = (address: string) => delays.remaining(address, 'ops') > 0;
    expect(['10.0.0.1', '10.0.0.2', '10.0.0.3'].map(waiting)).toEqual([true, false, true]);
  });

  test('lets an address that tries one name after the other wait as well', () => {
    const delays = new LoginDelays({ now: () => 0 });
    const waits = Array.from({ length: 12 }, (_, i) => delays.failed('10.0.0.1', `user ${i}`));
    expect(waits).toEqual([0, 0, 0, 0, 0, 0, 0, 1000, 2000, 4000, 8000, 16_000]);
  });

  test('does not make who logged in before wait for what others try elsewhere', () => {
    const delays = new LoginDelays({ now: () => 0 });
    delays.succeeded('192.0.2.1', 'ops');
    for (let i = 0; i < 100; i++) delays.failed(`10.0.0.${i}`, 'ops');
    expect(delays.failed('192.0.2.1', 'ops')).toBe(0);
    expect(delays.failed('192.0.2.2', 'ops')).toBe(30_000);
  });
});

test.each([
  { address: '10.0.0.1', other: '::ffff:10.0.0.1', same: true },
  { address: '10.0.0.1', other: '10.0.0.2', same: false },
  { address: '2001:db8::1', other: '2001:db8::ffff:1', same: true },
  { address: '2001:db8::1', other: '2001:db8:0:1::1', same: false },
])('$address and $other are one: $same', ({ address, other, same }) => {
  expect(networkOf(address) === networkOf(other)).toBe(same);
});
