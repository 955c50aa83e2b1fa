import { describe, expect, test } from 'vitest';
import { departureTime } from '../../../src/vrrp/machine/leaving.ts';
import type { InstanceRules } from '../../../src/vrrp/machine/rules.ts';
import type { InstanceEvent } from '../../../src/vrrp/machine/state.ts';
import { keptOf } from '../../../src/vrrp/machine/step.ts';
import { HELD, lingerTime } from '../../../src/vrrp/machine/timers.ts';
import { Lan } from './lan.ts';
import { heard, operator, Play, START, STOP, TIME, tracked } from './play.ts';
import { rulesWith } from './rules.ts';

describe('a planned departure', () => {
  test('says goodbye and keeps the addresses until somebody advertises', () => {
    const play = new Play().active().after(10, operator('handover'));
    expect(play).toMatchObject({ role: 'leaving', done: ['advertise 0', 'is leaving'] });
    expect(play.after(600, heard(50))).toMatchObject({
      role: 'backup',
      why: 'successor',
      done: ['remove', 'is backup'],
    });
  });

  test('says goodbye once more when nobody comes, and is active again when still nobody does', () => {
    const play = new Play().active().after(10, operator('handover'));
    expect(play.after(1200, TIME).done).toEqual(['advertise 0']);
    expect(play.after(1200, TIME)).toMatchObject({
      role: 'active',
      why: 'nobody-came',
      done: ['advertise 100', 'announce 5', 'alarm handover-failed', 'is active'],
    });
    expect(play.state.maintenance).toBeUndefined();
  });

  test.each([
    { interval: 10, wait: 60 },
    { interval: 100, wait: 150 },
    { interval: 5000, wait: 6000 },
  ])('waits $wait ms for a successor at $interval ms', ({ interval, wait }) => {
    expect(new Play({ interval }).active().after(1, operator('handover')).wakesIn).toBe(wait);
  });

  test.each([
    { event: operator('release'), role: 'released', why: 'release' },
    { event: STOP, role: 'stopped', why: 'stopped' },
  ])('that must be ends without a successor as well: $role', ({ event, role, why }) => {
    const play = new Play().active().after(10, event).after(1200, TIME).after(1200, TIME);
    expect(play).toMatchObject({ role, why, done: ['remove', `is ${role}`] });
  });

  test('runs what must come first while it still advertises, and each within its time', () => {
    const play = new Play({ hooks: { before_remove: 3000, stop: 5000, after_remove: 1000 } }).active();
    expect(play.after(10, operator('handover'))).toMatchObject({ role: 'active', done: ['before_remove?'] });
    expect(play.through(1000).done).toEqual(['advertise 100']);
    const { question } = play.state;
    expect(play.after(0, { kind: 'hooked', question, isGood: true }).done).toEqual(['stop?']);
    expect(play.after(0, { kind: 'hooked', question, isGood: true }).done).toEqual([]);
    expect(play.through(5000).done).toContain('alarm hook-failed');
    expect(play.role).toBe('leaving');
    expect(play.after(0, heard(50)).done).toEqual(['remove', 'after_remove', 'is backup']);
  });

  test.each([
    { name: 'no hooks', rules: {} },
    { name: 'hooks that must come first', rules: { hooks: { before_remove: 3000, stop: 5000, after_remove: 9000 } } },
    { name: 'a successor that has much to do', rules: { hooks: { before_add: 2000 } } },
    { name: 'a witness', rules: { witness: { policy: 'plain', timeout: 700 } as const } },
    { name: 'a short interval', rules: { interval: 10 } },
    { name: 'connections that do not end', rules: { drain: 300 } },
  ])('is over by the time that it may take, and not before: $name', ({ rules }) => {
    const whole = rulesWith(rules);
    const { before, goodbye } = departureTime(whole);
    const play = new Play(whole).started();
    // Whoever has a say says yes, and all hooks hang.
    play.through(play.wakesIn + 1);
    const { question } = play.state;
    if (whole.witness) play.after(0, { kind: 'voted', question, vote: 'granted', until: Infinity });
    play.after(0, { kind: 'hooked', question, isGood: true });
    expect(play.role).toBe('active');
    play.after(0, STOP).through(before + goodbye - lingerTime(whole.interval) - 1);
    expect(play.role).toBe('leaving');
    expect(play.through(lingerTime(whole.interval) + 1).role).toBe('stopped');
  });

  test('is not taken up by one that has the addresses no more', () => {
    const play = new Play().started().after(0, heard(150), operator('handover'));
    expect(play).toMatchObject({ role: 'backup', done: [] });
    expect(play.state.maintenance).toBeUndefined();
  });

  test('is called off by resume', () => {
    const play = new Play().active().after(10, operator('release')).after(10, operator('resume'));
    expect(play).toMatchObject({ role: 'active', why: 'resume', done: ['advertise 100', 'announce 5', 'is active'] });
  });

  test.each([
    { name: 'a successor with the greater address', source: '10.0.0.3', role: 'backup' },
    { name: 'nobody of the lesser one', source: '10.0.0.1', role: 'leaving' },
  ])('of two at once lets go for $name', ({ source, role }) => {
    expect(new Play().active().after(10, operator('handover')).after(5, heard(0, source)).role).toBe(role);
  });
});

describe('connections', () => {
  const DRAIN = 500;
  const inHandover = (rules: Partial<InstanceRules> = {}) =>
    new Play({ drain: DRAIN, ...rules }).active().after(10, operator('handover'));
  const drained = (play: Play) => play.after(0, { kind: 'hooked', question: play.state.question, isGood: true });

  test('may end before a goodbye is said, behind the hooks that come first', () => {
    const play = inHandover({ hooks: { stop: 5000 } });
    expect(play.done).toEqual(['stop?']);
    expect(drained(play).done).toEqual(['drain']);
    expect(play.role).toBe('active');
    expect(drained(play)).toMatchObject({ role: 'leaving', done: ['advertise 0', 'is leaving'] });
  });

  test('have no more than their time, and that of those that are held back: nobody is told of a failure', () => {
    const play = inHandover({ interval: 5000 });
    expect(play.wakesIn).toBe(DRAIN + HELD);
    expect(play.through(DRAIN + HELD)).toMatchObject({ role: 'leaving', done: ['advertise 0', 'is leaving'] });
    expect(drained(play).done).toEqual([]);
  });

  test.each([
    { name: 'a fault', event: tracked('uplink', 'down') },
    { name: 'a peer that asks for the lease', event: asked() },
  ])('are not waited for with $name', ({ event }) => {
    const tracks = [{ name: 'uplink', weight: 0, isVital: false }];
    expect(new Play({ drain: DRAIN, tracks }).active().after(10, event).role).toBe('leaving');
  });

  test.each([
    { name: 'before the goodbye', play: () => inHandover() },
    { name: 'after it', play: () => drained(inHandover()) },
  ])('stay when it is called off $name', ({ play }) => {
    expect(play().after(10, operator('resume'))).toMatchObject({
      role: 'active',
      done: expect.arrayContaining(['serve']),
    });
  });

  test('stay when nobody came', () => {
    const play = drained(inHandover()).after(1200, TIME).after(1200, TIME);
    expect(play).toMatchObject({ role: 'active', done: expect.arrayContaining(['serve']) });
  });

  function asked(): InstanceEvent {
    return { kind: 'asked', source: '10.0.0.3', priority: 200, cause: 'preemption' };
  }
});

describe('a goodbye', () => {
  const hurryOf = ({ actions }: Play) =>
    actions.flatMap((action) => (action.kind === 'advertise' && action.priority === 0 ? [action.hurry] : []));
  const atOnce: InstanceEvent = { kind: 'stop', atOnce: true };

  test.each([
    { name: 'a hand-over', event: operator('handover') },
    { name: 'the end of the process', event: atOnce },
    { name: 'a proxy that is gone', event: tracked('proxy', 'down') },
  ])('by $name tells of a short interval first, so that whoever follows is quick', ({ event }) => {
    expect(hurryOf(new Play().active().after(10, event))).toEqual([100]);
  });

  test.each([{ version: 2 }, { interval: 100 }] as const)('does not where that makes nothing quicker: %o', (rules) => {
    expect(hurryOf(new Play(rules).active().after(10, operator('handover')))).toEqual([undefined]);
  });

  test('that is said once more says no more than that: others may be active by then', () => {
    expect(hurryOf(new Play().active().after(10, operator('handover')).after(1200, TIME))).toEqual([undefined]);
  });

  test('by one that has lost its lease may not either', () => {
    const play = new Play({ witness: { policy: 'strict', timeout: 300 } }).started();
    play.through(play.wakesIn + 1);
    play.after(0, { kind: 'voted', question: play.state.question, vote: 'granted', until: play.now + 2700 });
    expect(hurryOf(play.after(2700, TIME))).toEqual([undefined]);
  });

  test('is followed as soon as its share of that interval is over: 61 ms at priority 100', () => {
    const play = new Play()
      .started()
      .after(10, heard(200))
      .after(10, heard(200, '10.0.0.1', 100), heard(0));
    expect(play.wakesIn).toBeCloseTo((156 / 256) * 100, 6);
  });
});

describe('the addresses of one that was active', () => {
  const handedOver = () => new Play().active().after(10, operator('handover'));
  const leftBy = ({ actions }: Play) => actions.find(({ kind }) => kind === 'remove');

  test.each([
    { name: 'for a successor', play: () => handedOver().after(600, heard(50)), after: 500 },
    { name: 'for one that preempts', play: () => new Play().active().after(10, heard(150)), after: 500 },
    {
      name: 'where three intervals are shorter',
      play: () => shortest().after(5, heard(50, '10.0.0.1', 10)),
      after: 30,
    },
  ])('stay a moment, so that requests under way are answered: $name', ({ play, after }) => {
    expect(leftBy(play())).toEqual({ kind: 'remove', after });
  });

  test.each([
    { name: 'nobody can be served', play: () => new Play().active().after(10, tracked('proxy', 'down')) },
    { name: 'nobody can be served any more', play: () => handedOver().after(10, tracked('proxy', 'down')) },
    { name: 'the process ends', play: () => new Play().active().after(10, { kind: 'stop', atOnce: true }) },
    { name: 'nobody came', play: () => new Play().active().after(10, STOP).after(1200, TIME).after(1200, TIME) },
  ])('go at once where $name', ({ play }) => {
    expect(leftBy(play())).toEqual({ kind: 'remove', after: 0 });
  });

  function shortest(): Play {
    return new Play({ interval: 10 }).active().after(1, operator('handover'));
  }
});

describe('maintenance', () => {
  test('handed over: it does not preempt, and takes over from one that is silent, which ends it', () => {
    const play = new Play({ priority: 254 }).active().after(10, operator('handover')).after(10, heard(100));
    for (let second = 0; second < 20; second++) play.through(1000).after(0, heard(100));
    expect(play).toMatchObject({ role: 'backup' });
    expect(play.state.maintenance).toEqual({ kind: 'handover', by: 'ops', why: 'kernel' });
    expect(play.through(4000)).toMatchObject({ role: 'active', why: 'silence' });
    expect(play.state.maintenance).toBeUndefined();
  });

  test('handed over, and resumed: it preempts', () => {
    const play = new Play({ priority: 254 }).active().after(10, operator('handover')).after(10, heard(100));
    play.after(0, operator('resume'));
    for (let second = 0; second < 4; second++) play.through(1000).after(0, heard(100));
    expect(play).toMatchObject({ role: 'active', why: 'preemption' });
  });

  test('released: it takes no part, whoever is silent, until it is resumed', () => {
    const play = new Play().started().after(0, operator('release'));
    expect(play).toMatchObject({ role: 'released', wakesIn: Infinity });
    expect(play.after(0, heard(50), tracked('proxy', 'down'), TIME).role).toBe('released');
    expect(play.after(0, tracked('proxy', 'up'), operator('resume'))).toMatchObject({ role: 'backup', why: 'resume' });
  });

  test.each(['handover', 'release'] as const)('survives a restart: %s', (kind) => {
    const before = new Play({ priority: 255 }).active().after(10, operator(kind)).after(10, heard(100));
    const after = new Play({ priority: 255 }, structuredClone(keptOf(before.state))).after(0, START);
    expect(after.role).toBe(kind === 'release' ? 'released' : 'backup');
    after.after(1000, heard(100)).after(1000, heard(100)).after(1000, heard(100)).after(900, TIME);
    expect(after.role).toBe(kind === 'release' ? 'released' : 'backup');
  });

  test('does not keep it from stopping', () => {
    expect(new Play().started().after(0, operator('release')).after(0, STOP).role).toBe('stopped');
  });
});

describe('on a LAN a hand-over leaves no moment without an owner', () => {
  test.each([
    { version: 3, interval: 1000, priorities: [254, 250] },
    { version: 3, interval: 1000, priorities: [100, 1] },
    { version: 3, interval: 10, priorities: [100, 50] },
    { version: 3, interval: 1000, priorities: [254, 250, 240] },
    { version: 2, interval: 1000, priorities: [150, 100] },
    { version: 3, interval: 1000, priorities: [254, 250], more: { probe: 'refuse', hooks: { fence: 100 } } },
    { version: 3, interval: 1000, priorities: [254, 250], more: { hooks: { before_add: 500, stop: 500 } } },
    { version: 3, interval: 1000, priorities: [200, 100], more: { drain: 500 } },
  ] as const)('$version $interval $priorities $more', ({ version, interval, priorities, more = {} }) => {
    for (let seed = 0; seed < 50; seed++) {
      const lan = new Lan(
        seed,
        priorities.map((priority) => rulesWith({ version, interval, priority, ...more })),
      );
      lan.delay = Math.min(5, interval / 5);
      for (const node of lan.nodes) node.start();
      lan.run(10 * interval);
      const start = lan.now;
      for (const kind of ['handover', 'resume', 'release', 'resume'] as const) {
        lan.disturb(() => lan.node(0).tell({ kind, by: 'ops', why: '' }));
        lan.run(3 * interval + lan.random.next() * interval);
        if (kind !== 'resume') expect(lan.ownersNow).toEqual(['n1']);
        lan.run(6 * interval);
      }
      lan.node(0).tell(STOP);
      lan.run(10 * interval);
      expect(lan.longest((owners) => owners === 0, start)).toBe(0);
      expect(lan.ownersNow).toEqual(['n1']);
    }
  });

  test('even where the goodbye is lost', () => {
    const lan = new Lan(1, [rulesWith({ priority: 254 }), rulesWith({ priority: 250 })]);
    for (const node of lan.nodes) node.start();
    lan.run(10_000);
    lan.cut('n0', 'n1');
    lan.node(0).tell(operator('handover'));
    lan.run(100);
    lan.heal();
    lan.run(10_000);
    expect(lan.longest((owners) => owners === 0, 10_000)).toBe(0);
    expect(lan.ownersNow).toEqual(['n1']);
  });
});
