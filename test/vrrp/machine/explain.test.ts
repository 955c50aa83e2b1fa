import { describe, expect, test } from 'vitest';
import { explain, reasonInWords, refusalInWords } from '../../../src/vrrp/machine/explain.ts';
import type { Reason } from '../../../src/vrrp/model.ts';
import { heard, operator, Play, START, STOP, TIME, tracked } from './play.ts';

const WALL = Date.UTC(2026, 10, 21, 10, 0, 0);
const words = (play: Play) => explain(play.state, play.rules, play.now, WALL);

describe('an instance in words', () => {
  test.each([
    {
      name: 'active',
      play: new Play().started().after(100, heard(150)).after(3610, TIME).after(30_000),
      expected:
        'active since 2026-11-21T09:59:30Z, because 10.0.0.1 was silent for 3.6 s; advertises priority 100, would yield to a priority above 100, or the same from an address above 10.0.0.2',
    },
    {
      name: 'active with less',
      play: new Play({ tracks: [{ name: 'app', weight: -20, isVital: false }] })
        .active()
        .after(0, tracked('app', 'down')),
      expected: /advertises priority 80 \(configured 100\), would yield to a priority above 80, or the same from /,
    },
    {
      name: 'the owner',
      play: new Play({ priority: 255 }).after(0, START),
      expected:
        /^active .* because it owns the addresses \(priority 255\); advertises priority 255, would yield to the same from/,
    },
    {
      name: 'a last resort',
      play: new Play({ tracks: [{ name: 'app', weight: 0, isVital: false }] })
        .active()
        .after(0, tracked('app', 'down'))
        .after(1200, TIME)
        .after(1200, TIME),
      expected:
        /because nobody else took the addresses, although app is not as needed; .*, and to anybody well: app not/,
    },
    {
      name: 'backup',
      play: new Play().started().after(2000, heard(150)).after(1000),
      expected:
        'backup since 2026-11-21T09:59:57Z, because it was started; hears 10.0.0.1 with priority 150; takes over after 2.6 s of silence, with priority 100; from a lower priority as well',
    },
    {
      name: 'backup of nobody',
      play: new Play({ preempt: 'never' }).started(),
      expected:
        /; hears nobody; takes over after 3\.6 s of silence, with priority 100; never from one that advertises$/,
    },
    {
      name: 'backup of one that is silent',
      play: new Play({ preempt: 30_000 }).started().after(0, heard(150)).after(2500),
      expected: /heard 10\.0\.0\.1 with priority 150 last, 2\.5 s ago; .*; from a lower priority after 30\.0 s$/,
    },
    {
      name: 'handed over',
      play: new Play().active().after(0, operator('handover')).after(600, heard(50)),
      expected: /because 10\.0\.0\.1 is active \(priority 50, ours 100\); .*; from no lower one, as ops handed over$/,
    },
    {
      name: 'claiming',
      play: new Play({ hooks: { fence: 1000 } }).started().after(3610, TIME),
      expected: /^claiming since .*, because nobody advertised for 3\.6 s; fences the other node$/,
    },
    {
      name: 'about to leave, with hooks that come first',
      play: new Play({ hooks: { stop: 1000 } }).active().after(0, operator('release')),
      expected: /^active since .*; gives the addresses away, and waits for the stop hook$/,
    },
    {
      name: 'about to leave',
      play: new Play({ drain: 500 }).active().after(0, operator('release')),
      expected: /^active since .*; gives the addresses away, and waits for connections to end$/,
    },
    {
      name: 'leaving',
      play: new Play().active().after(0, operator('release')),
      expected: /^leaving .* because ops released it \(kernel\); keeps the addresses until a successor advertises$/,
    },
    {
      name: 'fault',
      play: new Play().active().after(0, tracked('proxy', 'down'), tracked('eth0', 'down')),
      expected: /^fault since .*, because proxy is not as needed; waits for eth0 and proxy$/,
    },
    {
      name: 'fault without its source',
      play: new Play({ tracks: [{ name: 'source 10.0.0.9 on eth0', weight: 0, isVital: true }] })
        .active()
        .after(0, tracked('source 10.0.0.9 on eth0', 'down')),
      expected:
        /^fault since .*, because source 10\.0\.0\.9 on eth0 is not there; waits for source 10\.0\.0\.9 on eth0$/,
    },
    {
      name: 'released',
      play: new Play().started().after(0, operator('release')),
      expected: /^released .* because ops released it \(kernel\); takes no part until it is resumed$/,
    },
    {
      name: 'stopped',
      play: new Play().started().after(0, STOP),
      expected: 'stopped since 2026-11-21T10:00:00Z, because it was stopped',
    },
  ])('$name', ({ play, expected }) => {
    if (typeof expected === 'string') expect(words(play)).toBe(expected);
    else expect(words(play)).toMatch(expected);
  });

  test.each<{ reason: Reason; expected: string }>([
    { reason: { kind: 'recovered' }, expected: 'what was down is up again' },
    { reason: { kind: 'farewell', source: 'a' }, expected: 'a said goodbye (priority 0)' },
    {
      reason: { kind: 'preemption', source: 'a', theirs: 50, ours: 100 },
      expected: 'a has the lower priority (50, ours 100)',
    },
    {
      reason: { kind: 'outranked', source: 'a', theirs: 150, ours: 100 },
      expected: 'a advertises priority 150 (ours 100)',
    },
    {
      reason: { kind: 'tie', source: 'a', theirs: 100, ours: 100 },
      expected: 'a advertises the same priority (100) from the greater address',
    },
    {
      reason: { kind: 'superseded', source: 'a', stalled: 8000 },
      expected: 'a took over while this node stood still for 8.0 s',
    },
    { reason: { kind: 'handover', by: 'ops', why: '' }, expected: 'ops handed over' },
    { reason: { kind: 'resume', by: 'ops', why: 'done' }, expected: 'ops resumed it (done)' },
    { reason: { kind: 'asked', source: 'a', theirs: 254 }, expected: 'a asked for the addresses with priority 254' },
    { reason: { kind: 'nobody-came' }, expected: 'nobody took over after a goodbye' },
    { reason: { kind: 'group', instance: 'front' }, expected: 'front of the same sync group is' },
    { reason: { kind: 'lease-lost' }, expected: 'its lease ended: neither peers nor witness renewed it' },
    {
      reason: { kind: 'guard', refusal: { by: 'probe', macs: ['x', 'y'] } },
      expected: 'the addresses answer from x and y, although nobody advertises',
    },
  ])('$expected', ({ reason, expected }) => {
    expect(reasonInWords(reason)).toBe(expected);
  });

  test.each([
    { refusal: { by: 'witness', vote: 'denied' }, expected: 'the lease is with another node' },
    { refusal: { by: 'witness', vote: 'silent' }, expected: 'no majority answered for the lease' },
    { refusal: { by: 'fence', outcome: 'late' }, expected: 'the fence hook did not end in time' },
    { refusal: { by: 'fence', outcome: 'failed' }, expected: 'the fence hook failed' },
  ] as const)('$expected', ({ refusal, expected }) => {
    expect(refusalInWords(refusal)).toBe(expected);
  });
});
