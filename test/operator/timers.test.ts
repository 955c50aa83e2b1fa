import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Timers } from '../../src/operator/timers.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

function open() {
  let clock = () => Date.now();
  const onAlarm = vi.fn();
  const onPoll = vi.fn();
  const timers = new Timers({ now: () => clock(), onAlarm, onPoll });
  const setClock = (ahead: number) => {
    clock = () => Date.now() + ahead;
  };
  return { timers, onAlarm, onPoll, setClock };
}

describe('the alarm', () => {
  test('rings once, at its time, and at no other that it was set for before', () => {
    const { timers, onAlarm } = open();
    timers.wakeAt(100);
    timers.wakeAt(200_000);
    vi.advanceTimersByTime(199_999);
    expect(onAlarm).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(onAlarm).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1_000_000);
    expect(onAlarm).toHaveBeenCalledTimes(1);
  });

  test('can be set for the same time again when it has rung', () => {
    const { timers, onAlarm } = open();
    timers.wakeAt(100);
    vi.advanceTimersByTime(100);
    timers.wakeAt(100);
    vi.advanceTimersByTime(0);
    expect(onAlarm).toHaveBeenCalledTimes(2);
  });

  test('does not ring before time that is years away, or when it is off', () => {
    const { timers, onAlarm } = open();
    timers.wakeAt(2 ** 40);
    vi.advanceTimersByTime(3_600_000);
    timers.wakeAt(undefined);
    expect(onAlarm).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('follows a clock that is set', () => {
    const { timers, onAlarm, setClock } = open();
    timers.wakeAt(86_400_000);
    setClock(86_400_000);
    vi.advanceTimersByTime(60_000);
    expect(onAlarm).toHaveBeenCalledTimes(1);
  });
});

test('it is polled only while that is wanted', () => {
  const { timers, onPoll } = open();
  timers.poll(true);
  timers.poll(true);
  vi.advanceTimersByTime(1000);
  expect(onPoll).toHaveBeenCalledTimes(4);
  timers.poll(false);
  vi.advanceTimersByTime(1000);
  expect(onPoll).toHaveBeenCalledTimes(4);
});

test('nothing is left when it is closed', () => {
  const { timers } = open();
  timers.poll(true);
  timers.wakeAt(9);
  timers.after(9, () => {});
  timers.after(2 ** 40, () => {})();
  timers.close();
  timers.poll(true);
  timers.wakeAt(10);
  expect(vi.getTimerCount()).toBe(0);
});
