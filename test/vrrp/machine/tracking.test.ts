import { describe, expect, test } from 'vitest';
import { gradeOf, priorityOf } from '../../../src/vrrp/machine/fitness.ts';
import type { InstanceRules } from '../../../src/vrrp/machine/rules.ts';
import { heard, Play, TIME, tracked } from './play.ts';

const APP = (weight: number | 'told') => [{ name: 'app', weight, isVital: false }];

describe('the priority', () => {
  test.each([
    { tracks: APP(-20), events: [], expected: 100 },
    { tracks: APP(-20), events: [tracked('app', 'down')], expected: 80 },
    { tracks: APP(20), events: [], expected: 120 },
    { tracks: APP(20), events: [tracked('app', 'down')], expected: 100 },
    { tracks: APP(-200), events: [tracked('app', 'down')], expected: 1 },
    { tracks: APP(200), events: [], expected: 254 },
    { tracks: APP('told'), events: [tracked('app', 'up', -30)], expected: 70 },
    { tracks: APP('told'), events: [tracked('app', 'up', 1000)], expected: 254 },
    { tracks: APP(-20), events: [tracked('app', 'down'), tracked('app', 'up')], expected: 100 },
    { tracks: APP(-20), events: [tracked('other', 'down')], expected: 100 },
    { priority: 255, tracks: APP(-20), events: [tracked('app', 'down')], expected: 255 },
  ])('is $expected with $tracks and $events', ({ tracks, events, expected, priority = 100 }) => {
    const play = new Play({ priority, tracks }).started().after(0, ...events);
    expect(priorityOf(play.state, play.rules)).toBe(expected);
  });

  test('is advertised at once when it changes', () => {
    const play = new Play({ tracks: APP(-20) }).active().after(300, tracked('app', 'down'));
    expect(play).toMatchObject({ done: ['advertise 80'], wakesIn: 1000 });
    expect(play.after(300, tracked('app', 'down')).done).toEqual([]);
  });

  test('is another one after a reload', () => {
    const play = new Play().active();
    play.rules = { ...play.rules, priority: 50 };
    expect(play.after(0, { kind: 'reconfigured' }).done).toEqual(['advertise 50']);
  });
});

describe('without what nothing can be served', () => {
  test.each(['eth0', 'proxy'])('the addresses are given up at once: %s', (name) => {
    const play = new Play({ hooks: { on_fault: 1000 } }).active().after(10, tracked(name, 'down'));
    expect(play).toMatchObject({
      role: 'fault',
      done: ['advertise 0', 'remove', 'on_fault', 'is fault'],
      wakesIn: Infinity,
    });
    expect(play.after(60_000, TIME, heard(0)).role).toBe('fault');
    expect(play.after(0, tracked(name, 'up'))).toMatchObject({ role: 'backup', why: 'recovered', wakesIn: 3609.375 });
  });

  test('a node is in fault from its start, and whatever peers are', () => {
    const play = new Play().after(0, { kind: 'peer', grade: 0 }, tracked('proxy', 'down')).started();
    expect(play.role).toBe('fault');
  });

  test('one that leaves has nothing to wait for', () => {
    const play = new Play().active().after(0, { kind: 'handover', by: 'ops', why: '' }, tracked('eth0', 'down'));
    expect(play.role).toBe('fault');
  });

  test('the owner is back at once with it', () => {
    const play = new Play({ priority: 255 }).active().after(0, tracked('eth0', 'down'), tracked('eth0', 'up'));
    expect(play.role).toBe('active');
  });
});

describe('with something else down that it needs', () => {
  const rules: Partial<InstanceRules> = { tracks: APP(0) };

  test('it offers the addresses to others, and stays as the last resort, with priority 1', () => {
    const play = new Play(rules).active().after(10, tracked('app', 'down'));
    expect(play).toMatchObject({ role: 'leaving', done: ['advertise 0', 'is leaving'] });
    play.after(1200, TIME).after(1200, TIME);
    expect(play).toMatchObject({
      role: 'active',
      why: 'last-resort',
      done: ['advertise 1', 'announce 5', 'is active'],
    });
  });

  test('it offers them again and again, to one that came later and does not preempt', () => {
    const play = new Play(rules).active().after(10, tracked('app', 'down')).after(1200, TIME).after(1200, TIME);
    expect(play.through(30_000).done).toContain('advertise 0');
  });

  test('it is as before when that is up', () => {
    const play = new Play(rules).active().after(10, tracked('app', 'down')).after(1200, TIME).after(1200, TIME);
    expect(play.after(10, tracked('app', 'up'))).toMatchObject({ role: 'active', done: ['advertise 100'] });
    expect(play.through(60_000).done).not.toContain('advertise 0');
  });

  test('a successor has them', () => {
    const play = new Play(rules).active().after(10, tracked('app', 'down')).after(600, heard(50));
    expect(play).toMatchObject({ role: 'backup', why: 'successor' });
  });

  test('a backup waits as the last one, and takes over all the same', () => {
    const play = new Play(rules).started().after(0, tracked('app', 'down'));
    expect(play.wakesIn).toBe(3996.09375);
    expect(play.through(4000).role).toBe('active');
  });

  test('it takes no part where that is set', () => {
    const play = new Play({ ...rules, lastResort: 'release' }).active().after(10, tracked('app', 'down'));
    expect(play.after(1200, TIME).after(1200, TIME)).toMatchObject({ role: 'fault', done: ['remove', 'is fault'] });
    expect(play.after(10, tracked('app', 'up')).role).toBe('backup');
    expect(play.after(10, tracked('app', 'down')).role).toBe('fault');
  });

  test.each([
    { grade: 0, role: 'active' },
    { grade: 1, role: 'active' },
    { grade: 2, role: 'leaving' },
    { grade: 3, role: 'leaving' },
    { grade: undefined, role: 'leaving' },
  ] as const)('and a best peer of grade $grade it is $role', ({ grade, role }) => {
    const play = new Play(rules).active().after(0, { kind: 'peer', grade }, tracked('app', 'down'));
    expect(play.role).toBe(role);
  });
});

describe('slowness alone', () => {
  test.each([
    { weight: 0, grade: undefined, role: 'active', priority: 100 },
    { weight: 0, grade: 2, role: 'active', priority: 100 },
    { weight: 0, grade: 3, role: 'leaving', priority: 1 },
    { weight: -20, grade: undefined, role: 'active', priority: 100 },
    { weight: -20, grade: 2, role: 'active', priority: 100 },
    { weight: -20, grade: 3, role: 'active', priority: 80 },
  ] as const)(
    'of weight $weight beside a peer of grade $grade: $role, $priority',
    ({ weight, grade, role, priority }) => {
      const play = new Play({ tracks: APP(weight) }).active().after(0, { kind: 'peer', grade }, tracked('app', 'slow'));
      expect(play.role).toBe(role);
      expect(priorityOf(play.state, play.rules)).toBe(priority);
    },
  );

  test('keeps no backup from taking over, and makes it take less upon itself', () => {
    const play = new Play({ tracks: APP(-20) }).started().after(0, tracked('app', 'slow'));
    expect(priorityOf(play.state, play.rules)).toBe(80);
    play.through(4000);
    expect(priorityOf(play.state, play.rules)).toBe(100);
  });
});

describe('what peers are told', () => {
  test.each([
    { events: [], grade: 3 },
    { events: [tracked('proxy', 'slow')], grade: 2 },
    { events: [tracked('light', 'down')], grade: 2 },
    { events: [tracked('app', 'down')], grade: 1 },
    { events: [tracked('app', 'down'), tracked('proxy', 'slow')], grade: 1 },
    { events: [tracked('proxy', 'down')], grade: 0 },
  ])('is $grade after $events', ({ events, grade }) => {
    const tracks = [
      { name: 'proxy', weight: 0, isVital: true },
      { name: 'light', weight: -5, isVital: false },
      ...APP(0),
    ];
    const play = new Play({ tracks }).started().after(0, ...events);
    expect(gradeOf(play.state, play.rules)).toBe(grade);
  });
});
