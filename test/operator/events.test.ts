import { describe, expect, test } from 'vitest';
import type { OperatorEvent } from '../../src/operator/commands.ts';
import { Events } from '../../src/operator/events.ts';

function open() {
  const broken: unknown[] = [];
  const events = new Events({ now: () => 7, onBroken: (error) => broken.push(error) });
  const add = (count: number) => {
    for (let i = 0; i < count; i++) events.add({ type: 'origin-changed', detail: {} });
  };
  const follow = (after: number) => {
    const told: OperatorEvent[] = [];
    const end = events.follow(after, (event) => told.push(event));
    return { told, end, numbers: () => told.map(({ number }) => number) };
  };
  return { events, broken, add, follow };
}

describe('events', () => {
  test('are told from a number on, and then as they come, until nobody listens', () => {
    const { add, follow, events } = open();
    add(3);
    const follower = follow(1);
    expect(follower.numbers()).toEqual([2, 3]);
    add(1);
    follower.end();
    add(1);
    expect(follower.numbers()).toEqual([2, 3, 4]);
    expect(follower.told[0]).toEqual({ number: 2, time: 7, type: 'origin-changed', detail: {} });
    expect(events.last).toBe(5);
  });

  test('are remembered by the thousands, and not for ever', () => {
    const { add, follow } = open();
    add(20_000);
    const numbers = follow(0).numbers();
    expect(numbers).toHaveLength(4096);
    expect(numbers.at(0)).toBe(20_000 - 4095);
    expect(numbers.at(-1)).toBe(20_000);
    expect(follow(19_999).numbers()).toEqual([20_000]);
    expect(follow(20_000).numbers()).toEqual([]);
  });

  test('after a number of a life before are all', () => {
    const { add, follow } = open();
    add(2);
    const follower = follow(900);
    add(1);
    expect(follower.numbers()).toEqual([1, 2, 3]);
  });

  test('reach everybody in order, also those that a listener adds', () => {
    const { events, add, follow } = open();
    const order: number[] = [];
    events.follow(0, ({ number }) => {
      order.push(number);
      if (number < 3) events.add({ type: 'drained', detail: {} });
    });
    const other = follow(0);
    add(1);
    expect(order).toEqual([1, 2, 3]);
    expect(other.numbers()).toEqual([1, 2, 3]);
  });

  test('go on when a listener fails, without it', () => {
    const { events, broken, add, follow } = open();
    events.follow(0, () => {
      throw new Error('no');
    });
    const other = follow(0);
    add(2);
    expect(other.numbers()).toEqual([1, 2]);
    expect(broken).toHaveLength(1);
  });

  test('may be followed and left by a listener', () => {
    const { events, add } = open();
    const told: number[] = [];
    const end = events.follow(0, ({ number }) => {
      told.push(number);
      end();
      events.follow(number, (event) => told.push(event.number * 10));
    });
    add(2);
    expect(told).toEqual([1, 20]);
  });
});
