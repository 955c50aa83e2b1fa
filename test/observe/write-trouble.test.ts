import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WriteTrouble } from '../../src/observe/write-trouble.ts';

const MINUTE = 60_000;
const FULL: NodeJS.ErrnoException = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });

describe('trouble with the access log', () => {
  let told: Array<[event: string, fields: object]>;
  let trouble: WriteTrouble;

  beforeEach(() => {
    vi.useFakeTimers();
    told = [];
    trouble = new WriteTrouble('a.log', (event, fields) => told.push([event, fields]));
  });
  afterEach(() => vi.useRealTimers());

  test('is told at once, then once a minute with what was lost, and when it is over', () => {
    trouble.failed(FULL);
    expect(told.splice(0)).toEqual([['access log cannot be written', { file: 'a.log', lost_lines: 0, error: FULL }]]);

    for (let i = 0; i < 1000; i++) {
      trouble.failed(FULL);
      trouble.lost(2);
    }
    vi.advanceTimersByTime(MINUTE - 1);
    expect(told).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(told.splice(0)).toEqual([
      ['access log cannot be written', { file: 'a.log', lost_lines: 2000, error: FULL }],
    ]);

    trouble.caughtUp();
    vi.advanceTimersByTime(MINUTE);
    expect(told.splice(0)).toEqual([['access log is written again', { file: 'a.log' }]]);
    vi.advanceTimersByTime(10 * MINUTE);
    expect(told).toEqual([]);
  });

  test('is a slow reader when lines are lost without an error', () => {
    trouble.lost(3);
    expect(told).toEqual([['access log lost lines, its reader is too slow', { file: 'a.log', lost_lines: 3 }]]);
  });

  test('is told to the end', () => {
    trouble.lost(3);
    trouble.lost(4);
    trouble.close();
    expect(told.map(([, fields]) => fields)).toMatchObject([{ lost_lines: 3 }, { lost_lines: 4 }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('is no trouble when nothing was lost', () => {
    trouble.lost(0);
    trouble.caughtUp();
    trouble.close();
    expect(told).toEqual([]);
  });
});
