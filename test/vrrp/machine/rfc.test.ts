import { describe, expect, test } from 'vitest';
import { downInterval, skewTime } from '../../../src/vrrp/machine/timers.ts';
import { heard, Play, START, STOP, TIME } from './play.ts';

/** RFC 9568 §6.1 and §6.4, row by row; where we do more, it is said. */

describe('timers', () => {
  test.each([
    { version: 3, priority: 100, interval: 1000, skew: 609.375, down: 3609.375 },
    { version: 3, priority: 100, interval: 100, skew: 60.9375, down: 360.9375 },
    { version: 3, priority: 100, interval: 10, skew: 6.09375, down: 36.09375 },
    { version: 3, priority: 200, interval: 1000, skew: 218.75, down: 3218.75 },
    { version: 3, priority: 254, interval: 1000, skew: 7.8125, down: 3007.8125 },
    { version: 3, priority: 1, interval: 1000, skew: 996.09375, down: 3996.09375 },
    { version: 2, priority: 100, interval: 1000, skew: 609.375, down: 3609.375 },
    { version: 2, priority: 100, interval: 5000, skew: 609.375, down: 15_609.375 },
  ] as const)('of v$version at priority $priority and $interval ms', ({ version, priority, interval, skew, down }) => {
    expect(skewTime(priority, interval, version)).toBe(skew);
    expect(downInterval(priority, interval, version)).toBe(down);
  });
});

describe('Init', () => {
  test('priority 255 advertises, adds and announces its addresses, and is Active', () => {
    const play = new Play({ priority: 255 }).after(0, START);
    expect(play.done).toEqual(['advertise 255', 'add', 'announce 5', 'is active']);
    expect(play).toMatchObject({ role: 'active', why: 'ownership', wakesIn: 1000 });
  });

  test('any other is Backup, and waits for the down interval by its own interval', () => {
    const play = new Play({ priority: 100 }).after(0, START);
    expect(play.done).toEqual(['is backup']);
    expect(play).toMatchObject({ role: 'backup', wakesIn: 3609.375 });
  });

  test('it only listens for longer where a start delay is set', () => {
    expect(new Play({ startDelay: 5000 }).after(0, START).wakesIn).toBe(8609.375);
  });
});

describe('Backup', () => {
  test('when the timer fires advertises first, then adds and announces, and is Active', () => {
    const play = new Play().started().after(3609.375, TIME);
    expect(play.done).toEqual(['advertise 100', 'add', 'announce 5', 'is active']);
    expect(play).toMatchObject({ role: 'active', why: 'silence', wakesIn: 1000 });
  });

  test('does nothing before', () => {
    const play = new Play().started().after(3609, TIME);
    expect(play).toMatchObject({ role: 'backup', done: [] });
  });

  test('after priority 0 waits for Skew_Time', () => {
    const play = new Play().started().after(500, heard(150)).after(300, heard(0));
    expect(play).toMatchObject({ role: 'backup', wakesIn: 609.375 });
    expect(play.after(609.375, TIME)).toMatchObject({ role: 'active', why: 'farewell' });
  });

  test('does not wait once more when that is said once more', () => {
    const play = new Play().started().after(0, heard(150)).after(300, heard(0)).after(600, heard(0));
    expect(play.wakesIn).toBeCloseTo(9.375);
  });

  test('does not take it for goodbye of who is active when it comes from another', () => {
    const play = new Play().started().after(0, heard(150, '10.0.0.3')).after(100, heard(0, '10.0.0.1'));
    expect(play.wakesIn).toBe(3509.375);
  });

  test.each([
    { name: 'greater', priority: 150, preempt: 'always' },
    { name: 'equal', priority: 100, preempt: 'always' },
    { name: 'less, and it does not preempt', priority: 50, preempt: 'never' },
    { name: 'less, and it may not yet preempt', priority: 50, preempt: 60_000 },
  ] as const)('resets its timer when a priority is $name', ({ priority, preempt }) => {
    const play = new Play({ preempt }).started().after(3000, heard(priority));
    expect(play).toMatchObject({ role: 'backup', done: [], wakesIn: 3609.375 });
  });

  test('of v3 learns the interval of the active router', () => {
    const play = new Play().started().after(0, heard(150, '10.0.0.1', 200));
    expect(play.wakesIn).toBeCloseTo(721.875);
    expect(play.after(0, heard(0)).wakesIn).toBeCloseTo(121.875);
  });

  test('of v2 does not take one with another interval, and tells', () => {
    const play = new Play({ version: 2 }).started().after(1000, heard(150, '10.0.0.1', 2000));
    expect(play).toMatchObject({ done: ['alarm interval-mismatch'], wakesIn: 2609.375 });
  });

  test('ignores a lower priority where it preempts, and takes over by its timer', () => {
    const play = new Play().started();
    for (let second = 0; second < 3; second++) play.after(1000, heard(50));
    expect(play.wakesIn).toBe(609.375);
    expect(play.after(609.375, TIME)).toMatchObject({ role: 'active', why: 'preemption' });
  });

  test('preempts when a lower priority has been heard for as long as is set', () => {
    const play = new Play({ preempt: 10_000 }).started();
    const start = play.now;
    while (play.role === 'backup') play.through(1000).after(0, heard(50));
    // It is heard from the first second on; after ten of them it is not taken any more.
    expect(play.state.since - start).toBe(10_000 + 3609.375);
    expect(play.why).toBe('preemption');
  });

  test('waits by the priority that it has: with less, for longer', () => {
    const play = new Play({ tracks: [{ name: 'app', weight: -50, isVital: false }] }).started();
    play.after(0, { kind: 'tracked', name: 'app', status: 'down' });
    expect(play.wakesIn).toBe(3000 + ((256 - 50) / 256) * 1000);
  });
});

describe('Active', () => {
  test('advertises each interval, counted from when the last one was due', () => {
    const play = new Play().active();
    const first = play.wakesIn;
    expect(play.after(first + 30, TIME)).toMatchObject({ done: ['advertise 100'], wakesIn: 970 });
  });

  test('does not catch up on what it slept through', () => {
    const play = new Play().active();
    expect(play.after(2500, TIME).done).toEqual(['advertise 100']);
    expect(play.after(999, TIME).done).toEqual([]);
  });

  test('answers priority 0 at once, and counts the interval from then', () => {
    const play = new Play().active().after(400, heard(0));
    expect(play).toMatchObject({ role: 'active', done: ['advertise 100'], wakesIn: 1000 });
  });

  test('answers a flood of goodbyes as it does one', () => {
    const play = new Play().active().after(400, heard(0)).after(1, heard(0), heard(0, '10.0.0.3'));
    expect(play.done).toEqual([]);
    expect(play.after(500, heard(0)).done).toEqual(['advertise 100']);
  });

  test.each([
    { name: 'a higher priority', priority: 101, source: '10.0.0.1', why: 'outranked' },
    { name: 'the same from a greater address', priority: 100, source: '10.0.0.3', why: 'tie' },
    { name: 'the same from an address that is greater as a number', priority: 100, source: '10.0.0.10', why: 'tie' },
    { name: 'the owner', priority: 255, source: '10.0.0.1', why: 'outranked' },
  ])('yields to $name: says so, learns the interval, removes the addresses, is Backup', ({ priority, source, why }) => {
    const play = new Play().active().after(400, heard(priority, source, 500));
    expect(play).toMatchObject({ role: 'backup', why, done: ['advertise 100', 'remove', 'is backup'] });
    expect(play.wakesIn).toBeCloseTo(1500 + 304.6875);
  });

  test.each([
    { name: 'a lower priority', priority: 99, source: '10.0.0.3' },
    { name: 'the same from a lesser address', priority: 100, source: '10.0.0.1' },
  ])('to $name advertises at once, and announces where the addresses are', ({ priority, source }) => {
    const play = new Play().active().after(400, heard(priority, source));
    expect(play).toMatchObject({ role: 'active', done: ['advertise 100', 'announce 5', 'alarm two-actives'] });
  });

  test('is not alarmed by the last word of whom it has preempted', () => {
    const play = new Play().started();
    for (let second = 0; second < 3; second++) play.after(1000, heard(50));
    play.through(1000);
    expect(play).toMatchObject({ role: 'active', why: 'preemption' });
    expect(play.after(1, heard(50)).done).toEqual(['advertise 100']);
  });

  test('announces so once a second, whoever advertises how often', () => {
    const play = new Play({ interval: 10 }).active().after(4, heard(50));
    for (let time = 0; time < 990; time += 10) {
      expect(play.after(10, heard(50)).done).toEqual(['advertise 100']);
    }
    expect(play.after(20, heard(50)).done).toContain('announce 5');
  });

  test('announces so a second after the last time, when that was sooner', () => {
    const play = new Play().active().after(400, heard(50)).after(400, heard(50));
    expect(play.done).not.toContain('announce 5');
    expect(play.through(610).done).toContain('announce 5');
  });

  test('is not surprised by the one that it has just preempted, and does not announce twice', () => {
    const play = new Play().started();
    for (let second = 0; second < 3; second++) play.after(1000, heard(50));
    play.after(609.375, TIME);
    expect(play).toMatchObject({ role: 'active', why: 'preemption' });
    expect(play.after(1, heard(50)).done).toEqual(['advertise 100']);
    expect(play.after(1000, heard(50)).done).toContain('alarm two-actives');
  });

  test('does not answer as fast as another does that holds that it wins as well', () => {
    const play = new Play().active();
    let sent = 0;
    for (let time = 0; time < 10_000; time++) {
      sent += play.after(1, heard(50), TIME).done.filter((each) => each.startsWith('advertise')).length;
    }
    expect(sent).toBeLessThanOrEqual(20);
  });

  test('takes no advertisement for another that is its own', () => {
    expect(new Play().active().after(0, heard(255, '10.0.0.2'))).toMatchObject({ role: 'active', done: [] });
  });

  test('yields to another owner with a greater address alone, and tells of it', () => {
    const play = new Play({ priority: 255 }).started();
    expect(play.after(0, heard(255, '10.0.0.1')).done).toContain('alarm two-owners');
    expect(play.after(0, heard(255, '10.0.0.3'))).toMatchObject({ role: 'backup', why: 'tie' });
  });

  test('compares addresses of IPv6 as numbers', () => {
    const play = new Play().after(0, { kind: 'start', source: 'fe80::9' }).through(5000);
    expect(play.after(0, heard(100, 'fe80::8')).role).toBe('active');
    expect(play.after(0, heard(100, 'fe80::10')).role).toBe('backup');
  });

  test('at shutdown says so by priority 0', () => {
    const play = new Play().active().after(10, STOP);
    expect(play.done).toEqual(['advertise 0', 'is leaving']);
  });

  test('at a shutdown at once removes the addresses with that, as the RFC has it', () => {
    const play = new Play().active().after(10, { kind: 'stop', atOnce: true });
    expect(play).toMatchObject({ role: 'stopped', done: ['advertise 0', 'remove', 'is stopped'] });
  });
});

describe('announcements', () => {
  test('are 5 at once, 5 after 5 s, and one each minute', () => {
    const play = new Play();
    play.started().after(play.wakesIn, TIME);
    const start = play.now;
    const seen = [['announce 5', 0]];
    while (play.now < start + 130_000) {
      play.after(play.wakesIn, TIME);
      for (const each of play.done) if (each.startsWith('announce')) seen.push([each, play.now - start]);
    }
    expect(seen).toEqual([
      ['announce 5', 0],
      ['announce 5', 5000],
      ['announce 1', 60_000],
      ['announce 1', 120_000],
    ]);
  });

  test.each([
    { announcements: { count: 2, delay: 0, refresh: 0 }, done: [] },
    { announcements: { count: 2, delay: 100, refresh: 0 }, done: ['announce 2'] },
  ])('are as set: $announcements', ({ announcements, done }) => {
    const play = new Play({ announcements }).active().through(100_000);
    expect(play.done.filter((each) => each.startsWith('announce'))).toEqual(done);
  });
});
