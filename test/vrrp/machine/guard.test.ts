import { describe, expect, test } from 'vitest';
import type { InstanceEvent } from '../../../src/vrrp/machine/state.ts';
import type { Cause, WitnessPolicy } from '../../../src/vrrp/model.ts';
import { Lan, WITNESS } from './lan.ts';
import { heard, Play, START, TIME } from './play.ts';
import { rulesWith } from './rules.ts';

const ANSWERED: InstanceEvent = { kind: 'answered', mac: '02:00:00:00:00:01' };

describe('the probe', () => {
  test.each([
    { interval: 1000, lead: 30 },
    { interval: 100, lead: 30 },
    { interval: 10, lead: 5 },
  ])('goes out $lead ms before the timer fires at $interval ms, and so costs no time', ({ interval, lead }) => {
    const play = new Play({ probe: 'refuse', interval }).started();
    const due = 3 * interval + (156 / 256) * interval;
    expect(play.wakesIn).toBeCloseTo(due - lead);
    expect(play.after(play.wakesIn, TIME).done).toEqual(['probe']);
    expect(play.wakesIn).toBeCloseTo(lead);
    expect(play.after(play.wakesIn, TIME).role).toBe('active');
  });

  test('that is answered keeps it from taking over, and soon is tried again', () => {
    const play = new Play({ probe: 'refuse' }).started().after(3580, TIME).after(1, ANSWERED).after(40, TIME);
    expect(play).toMatchObject({ role: 'backup', done: ['alarm takeover-refused'], wakesIn: 20 });
    expect(play.after(20, TIME).done).toEqual(['probe']);
    expect(play.after(30, TIME).role).toBe('active');
  });

  test.each([
    { interval: 10, later: 100 },
    { interval: 1000, later: 1000 },
    { interval: 10_000, later: 10_000 },
  ])(
    'that is answered for as long as the addresses of a dead one last comes $later ms later ($interval ms)',
    ({ interval, later }) => {
      const play = new Play({ probe: 'refuse', interval }).started();
      const due = play.wakesIn;
      const probes: number[] = [];
      for (let now = 0; now < due + 5000 + 3 * later; ) {
        now += play.wakesIn;
        play.after(play.wakesIn, TIME);
        if (play.done.includes('probe')) {
          probes.push(now);
          play.after(0, ANSWERED);
        }
      }
      const steps = probes.map((at, i) => Math.round(at - (probes[i - 1] ?? at))).slice(1);
      const [soon, late] = [steps.slice(0, 99), steps.slice(101)];
      expect(new Set(soon)).toEqual(new Set([50]));
      expect(new Set(late)).toEqual(new Set([later]));
    },
  );

  test('that is answered is told, where that is set', () => {
    const play = new Play({ probe: 'alarm' }).started().after(3580, TIME).after(1, ANSWERED).after(40, TIME);
    expect(play).toMatchObject({ role: 'active' });
    expect(play.done).toContain('alarm takeover-doubted');
  });

  test('has its time where the process stood still until after the timer', () => {
    const play = new Play({ probe: 'refuse' }).started().after(9000, TIME);
    expect(play).toMatchObject({ role: 'backup', done: ['probe'], wakesIn: 30 });
  });

  test('is forgotten when somebody advertises', () => {
    const play = new Play({ probe: 'refuse' }).started().after(3580, TIME).after(1, ANSWERED, heard(150));
    expect(play.wakesIn).toBeCloseTo(3609.375 - 30);
    expect(play.through(5000).role).toBe('active');
  });

  test('is not for one that said goodbye, and keeps the addresses until we come', () => {
    const play = new Play({ probe: 'refuse' }).started().after(10, heard(150)).after(10, heard(0)).after(610, TIME);
    expect(play).toMatchObject({ role: 'active', why: 'farewell' });
  });

  test('is not for one that is preempted', () => {
    const play = new Play({ probe: 'refuse' }).started();
    while (play.role === 'backup') {
      play.through(1000);
      expect(play.done).not.toContain('probe');
      play.after(0, heard(50));
    }
    expect(play.why).toBe('preemption');
  });

  test('goes out once more a while after a takeover, and with each refresh: another may have the addresses as well', () => {
    const announcements = { count: 5, delay: 5000, refresh: 60_000 };
    const play = new Play({ probe: 'refuse', announcements }).started().through(3700);
    expect(play.through(4900).done).not.toContain('probe');
    expect(play.through(200).done).toEqual(expect.arrayContaining(['announce 5', 'probe']));
    expect(play.through(50_000).done).not.toContain('probe');
    expect(play.through(10_000).done).toEqual(expect.arrayContaining(['announce 1', 'probe']));
  });

  test.each([
    {
      name: 'while one that gave them away may still answer',
      more: { announcements: { count: 5, delay: 900, refresh: 0 } },
    },
    { name: 'by IPv6, where all would hear the answer', more: { family: 6 } },
    { name: 'where nobody is to ask', more: { probe: 'off' } },
  ] as const)('does not go out from an active one $name', ({ more }) => {
    const play = new Play({
      probe: 'refuse',
      announcements: { count: 5, delay: 5000, refresh: 60_000 },
      ...more,
    })
      .started()
      .through(3700);
    expect(play.role).toBe('active');
    expect(play.through(58_000).done).not.toContain('probe');
  });

  test('remembers no more than a few of those that answer', () => {
    const play = new Play({ probe: 'refuse' }).started().after(3580, TIME);
    for (let i = 0; i < 100; i++) play.after(0, { kind: 'answered', mac: String(i) });
    const { standing } = play.state;
    expect(standing.role === 'backup' && standing.probe?.macs).toEqual(['0', '1', '2', '3']);
  });
});

describe('the fence hook', () => {
  const hooks = { fence: 5000 };

  test('comes before a takeover from one that fell silent', () => {
    const play = new Play({ hooks }).started().after(3610, TIME);
    expect(play).toMatchObject({ role: 'claiming', done: ['fence?', 'is claiming'], wakesIn: 5000 });
    expect(play.after(100, { kind: 'hooked', question: play.state.question, isGood: true }).role).toBe('active');
  });

  test.each([
    { name: 'fails', event: { kind: 'hooked', question: 1, isGood: false } as const, ms: 10 },
    { name: 'is late', event: TIME, ms: 5000 },
  ])('keeps it from taking over when it $name', ({ event, ms }) => {
    const play = new Play({ hooks }).started().after(3610, TIME).after(ms, event);
    expect(play).toMatchObject({ role: 'backup', why: 'guard', wakesIn: 1000 });
    expect(play.done).toContain('alarm takeover-refused');
  });

  test('is not for one that said goodbye', () => {
    const play = new Play({ hooks }).started().after(10, heard(150)).after(10, heard(0)).after(610, TIME);
    expect(play.role).toBe('active');
  });

  test.each([
    { priority: 150, why: 'outranked' },
    { priority: 50, why: 'successor' },
  ])('is in vain when somebody advertises $priority meanwhile', ({ priority, why }) => {
    const play = new Play({ hooks }).started().after(3610, TIME).after(10, heard(priority));
    expect(play).toMatchObject({ role: 'backup', why });
    expect(play.after(0, { kind: 'hooked', question: 1, isGood: true }).role).toBe('backup');
    // Of one with less, it is known then that it is to be preempted, and not to be shot.
    expect(play.after(0, TIME).role).toBe(priority === 150 ? 'backup' : 'active');
  });
});

describe('what comes before the addresses', () => {
  test.each([
    { name: 'has its end', event: { kind: 'hooked', question: 1, isGood: true } as const, alarm: false },
    { name: 'fails', event: { kind: 'hooked', question: 1, isGood: false } as const, alarm: true },
    { name: 'is late', event: TIME, alarm: true },
  ])('does not keep them from coming when it $name', ({ event, alarm }) => {
    const play = new Play({ hooks: { before_add: 500, after_add: 500, on_active: 500, start: 500 } });
    play.started().after(3610, TIME);
    expect(play).toMatchObject({ role: 'claiming', done: ['before_add?', 'is claiming'] });
    play.after(500, event);
    expect(play.done.slice(0, 6)).toEqual(['advertise 100', 'add', 'announce 5', 'after_add', 'start', 'on_active']);
    expect(play.done.includes('alarm hook-failed')).toBe(alarm);
  });
});

describe('the witness', () => {
  const witness = (policy: WitnessPolicy) => ({ witness: { policy, timeout: 300 } });
  const voted = (vote: 'granted' | 'denied' | 'silent', question = 1): Extract<InstanceEvent, { kind: 'voted' }> => ({
    kind: 'voted',
    question,
    vote,
    ...(vote === 'granted' && { until: 1_010_000 }),
  });

  test.each([
    { policy: 'strict', event: voted('granted'), role: 'active' },
    { policy: 'strict', event: voted('denied'), role: 'backup' },
    { policy: 'strict', event: voted('silent'), role: 'backup' },
    { policy: 'sticky', event: voted('granted'), role: 'active' },
    { policy: 'sticky', event: voted('denied'), role: 'backup' },
    { policy: 'sticky', event: voted('silent'), role: 'backup' },
    { policy: 'plain', event: voted('granted'), role: 'active' },
    { policy: 'plain', event: voted('denied'), role: 'active' },
    { policy: 'plain', event: voted('silent'), role: 'active' },
    { policy: 'strict', event: voted('granted', 7), role: 'claiming' },
  ] as const)('by $policy, $event: $role', ({ policy, event, role }) => {
    const play = new Play(witness(policy)).started().after(3610, TIME);
    expect(play).toMatchObject({ role: 'claiming', done: ['ask', 'is claiming'], wakesIn: 300 });
    expect(play.after(10, event).role).toBe(role);
    const isDoubted = event.vote !== 'granted' && role === 'active';
    expect(play.done.includes('alarm takeover-doubted')).toBe(isDoubted);
  });

  test('that says nothing in time is as one that says so', () => {
    expect(new Play(witness('sticky')).started().after(3610, TIME).after(300, TIME)).toMatchObject({
      role: 'backup',
      why: 'guard',
      wakesIn: 1000,
    });
  });

  test.each([
    { policy: 'strict', role: 'backup' },
    { policy: 'sticky', role: 'active' },
    { policy: 'plain', role: 'active' },
  ] as const)('by $policy, a lease that is not renewed: $role', ({ policy, role }) => {
    const play = new Play(witness(policy)).started().after(3610, TIME).after(10, voted('granted'));
    play.after(5000, { kind: 'lease', until: play.now + 7000 }).through(1999);
    expect(play.role).toBe('active');
    play.through(2);
    expect(play.role).toBe(role);
    expect(play.done).toContain('alarm lease-lost');
    const removals = play.actions.filter(({ kind }) => kind === 'remove');
    expect(removals).toEqual(policy === 'strict' ? [{ kind: 'remove', after: 0 }] : []);
  });

  test('is asked by the owner, too', () => {
    const play = new Play({ ...witness('strict'), priority: 255 }).after(0, START);
    expect(play.role).toBe('claiming');
    expect(play.after(1, voted('granted')).role).toBe('active');
  });

  test('granted a lease that ends while other steps take their time: it counts from when it was granted', () => {
    const play = new Play({ ...witness('strict'), hooks: { before_add: 30_000 } }).started().after(3610, TIME);
    play.after(10, voted('granted'));
    expect(play).toMatchObject({ role: 'claiming', done: ['before_add?'] });
    play.after(7000, { kind: 'hooked', question: 2, isGood: true });
    expect(play).toMatchObject({ role: 'backup', why: 'guard' });
    expect(play.done).toEqual(['give-back', 'alarm takeover-refused', 'is backup']);
  });

  const asked = (cause: Cause, priority = 90): InstanceEvent => ({
    kind: 'asked',
    source: '10.0.0.1',
    priority,
    cause,
  });
  const handover: InstanceEvent = { kind: 'handover', by: 'ops', why: '' };
  const active = (policy: WitnessPolicy) =>
    new Play(witness(policy)).started().after(3610, TIME).after(10, voted('granted'));

  test('is given the lease back by who leaves when the successor asks for it, and not before', () => {
    const play = active('strict').after(1, handover);
    expect(play).toMatchObject({ role: 'leaving', done: ['advertise 0', 'is leaving'] });
    expect(play.after(600, asked('farewell'))).toMatchObject({ role: 'leaving', done: ['give-back'] });
    expect(play.after(1, asked('farewell')).done).toEqual([]);
    expect(play.after(1, heard(50))).toMatchObject({ role: 'backup', why: 'successor' });
  });

  test('has not lost its holder when nobody came: it is active by the same lease', () => {
    const play = active('strict').after(1, handover);
    while (play.role === 'leaving') play.after(play.wakesIn, TIME);
    expect(play.done).toEqual(['advertise 100', 'announce 5', 'alarm handover-failed', 'is active']);
    expect(play.after(1, { kind: 'lease', until: play.now + 500 }).through(501).role).toBe('backup');
  });

  test.each([
    { policy: 'strict', role: 'backup', done: ['remove', 'give-back'] },
    { policy: 'sticky', role: 'active', done: ['advertise 100', 'announce 5', 'ask'] },
    { policy: 'plain', role: 'active', done: ['advertise 100', 'announce 5', 'ask'] },
  ] as const)('by $policy, of one whose lease was asked for by one that did not come: $role', (expected) => {
    const { policy, role, done } = expected;
    const play = active(policy).after(1, handover).after(600, asked('farewell'));
    while (play.role === 'leaving') play.after(play.wakesIn, TIME);
    expect(play).toMatchObject({ role, done: [...done, 'alarm handover-failed', `is ${role}`] });
  });

  test.each([
    { policy: 'strict', role: 'backup' },
    { policy: 'sticky', role: 'leaving' },
  ] as const)('by $policy, of one that leaves, whose lease is lost: $role', ({ policy, role }) => {
    const play = active(policy).after(1, handover).after(100, { kind: 'lease', until: 0 }, TIME);
    expect(play.role).toBe(role);
    expect(play.done.includes('remove')).toBe(role === 'backup');
  });

  test('has a peer that would preempt ask for the lease: it is handed over to it', () => {
    const play = active('strict');
    expect(play.after(0, asked('preemption')).role).toBe('active');
    // It does not hear us, and has no other right to it.
    expect(play.after(0, asked('silence', 150)).role).toBe('active');
    const { done, role, why } = play.after(0, asked('preemption', 150));
    expect({ done, role, why }).toEqual({
      done: ['advertise 0', 'give-back', 'is leaving'],
      role: 'leaving',
      why: 'asked',
    });
  });

  test.each([
    { name: 'one cut off from all', cut: (lan: Lan) => lan.isolate('n0') },
    {
      name: 'two that do not hear each other, while all else does',
      cut(lan: Lan) {
        lan.cut('n0', 'n1');
        lan.cut('n1', 'n0');
      },
    },
    { name: 'one that is not heard', cut: (lan: Lan) => lan.cut('n0', 'n1') },
    { name: 'one that does not reach the witness', cut: (lan: Lan) => lan.cut('n0', WITNESS) },
  ])('by strict leaves never two owners: $name', ({ cut }) => {
    for (let seed = 0; seed < 50; seed++) {
      const lan = new Lan(
        seed,
        [254, 250].map((priority) => rulesWith({ priority, ...witness('strict'), preempt: 'never' })),
      );
      lan.node(0).start();
      lan.run(8000 + lan.random.next() * 2000);
      lan.node(1).start();
      lan.run(5000 + lan.random.next() * 2000);
      expect(lan.ownersNow).toEqual(['n0']);
      lan.disturb(() => cut(lan));
      lan.run(30_000);
      lan.disturb(() => lan.heal());
      lan.run(30_000);
      expect(lan.ownersNow).toHaveLength(1);
      expect(lan.longest((owners) => owners > 1)).toBeLessThanOrEqual(0);
    }
  });
});

describe('an address that somebody takes away', () => {
  const removed = { kind: 'removed', address: '192.0.2.10' } as const;

  test('is put back at once, and told', () => {
    expect(new Play().active().after(10, removed).done).toEqual(['add', 'announce 1', 'alarm address-removed']);
  });

  test('is put back once a second, however often it is taken', () => {
    const play = new Play({ announcements: { count: 5, delay: 0, refresh: 0 } }).active();
    let added = 0;
    for (let time = 0; time < 10_000; time += 50) {
      play.through(50);
      added += play.done.filter((each) => each === 'add').length;
      added += play.after(0, removed).done.filter((each) => each === 'add').length;
    }
    expect(added).toBe(10);
    expect(play.through(1000).done).toContain('add');
  });

  test('is none of ours as a backup', () => {
    expect(new Play().started().after(10, removed).done).toEqual([]);
  });
});

describe('one that claims an address of ours', () => {
  const conflict = { kind: 'conflict', address: '192.0.2.10', mac: '02:00:00:00:00:09' } as const;

  test('is answered by a burst, and told, once a second', () => {
    const play = new Play().active().after(10, conflict);
    expect(play.done).toEqual(['announce 5', 'alarm conflict']);
    expect(play.after(500, conflict).done).toEqual([]);
    expect(play.after(500, conflict).done).toEqual(['announce 5', 'alarm conflict']);
  });
});

describe('one that stood still', () => {
  test('advertises on where nobody has taken over, and tells', () => {
    const play = new Play().active().after(8000, TIME);
    expect(play).toMatchObject({ role: 'active' });
    expect(play.done).toContain('alarm stalled');
  });

  test.each([
    { preempt: 'always', goesOn: 'active' },
    { preempt: 'never', goesOn: 'backup' },
    { preempt: 30_000, goesOn: 'backup' },
  ] as const)('yields to one that took over meanwhile, and may preempt it ($preempt)', ({ preempt, goesOn }) => {
    const play = new Play({ preempt }).active().after(8000, heard(50), TIME);
    expect(play).toMatchObject({ role: 'backup', why: 'superseded', done: ['remove', 'is backup'] });
    expect(play.actions).toContainEqual({ kind: 'remove', after: 0 });
    for (let second = 0; second < 4; second++) play.through(1000).after(0, heard(50));
    expect(play.role).toBe(goesOn);
  });

  test.each([
    { name: 'an advertisement', event: heard(50) },
    { name: 'an address that is gone', event: { kind: 'removed', address: '192.0.2.10' } as const },
    { name: 'a claim', event: { kind: 'conflict', address: '192.0.2.10', mac: '02:00:00:00:00:09' } as const },
    { name: 'the time', event: TIME },
  ])('until its lease had ended is active no more, whatever it finds first: $name', ({ event }) => {
    const play = new Play({ witness: { policy: 'strict', timeout: 300 } }).started().after(3610, TIME);
    play.after(10, { kind: 'voted', question: 1, vote: 'granted', until: play.now + 2700 }).after(8000, event);
    expect(play).toMatchObject({ role: 'backup', why: 'lease-lost' });
    expect(play.done).toEqual(['advertise 0', 'remove', 'give-back', 'alarm lease-lost', 'is backup']);
  });
});
