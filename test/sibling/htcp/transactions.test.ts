import { describe, expect, test } from 'vitest';
import { Transactions } from '../../../src/sibling/htcp/transactions.ts';

describe('transactions', () => {
  test('are known for some seconds, by all that tells them apart', () => {
    const clock = { now: 0 };
    const transactions = new Transactions(() => clock.now);
    const name = Transactions.nameOf('10.0.1.3', 4827, 7, 'http://a/');
    transactions.note(name, 2);
    const others = [
      Transactions.nameOf('10.0.1.4', 4827, 7, 'http://a/'),
      Transactions.nameOf('10.0.1.3', 4828, 7, 'http://a/'),
      Transactions.nameOf('10.0.1.3', 4827, 8, 'http://a/'),
      Transactions.nameOf('10.0.1.3', 4827, 7, 'http://b/'),
    ];
    for (const other of others) expect(transactions.find(other)).toBeUndefined();
    clock.now = 2_999;
    expect(transactions.find(name)).toBe(2);
    clock.now = 3_000;
    expect([transactions.find(name), transactions.size]).toEqual([undefined, 0]);
  });

  test('are no more than so many: the oldest go', () => {
    const transactions = new Transactions(() => 0);
    for (let i = 0; i < 10_000; i++) transactions.note(String(i), 0);
    expect(transactions.size).toBeLessThanOrEqual(4_096);
    expect([transactions.find('9999'), transactions.find('0')]).toEqual([0, undefined]);
  });
});
