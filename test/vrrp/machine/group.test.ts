import { describe, expect, test } from 'vitest';
import { type Members, stepGroup } from '../../../src/vrrp/machine/group.ts';
import type { InstanceRules } from '../../../src/vrrp/machine/rules.ts';
import type { InstanceEvent } from '../../../src/vrrp/machine/state.ts';
import { firstState, wakeAt } from '../../../src/vrrp/machine/step.ts';
import { heard, operator, START, STOP, TIME, tracked } from './play.ts';
import { rulesWith } from './rules.ts';

/** A sync group of two, through a number of events. */
class GroupPlay {
  members: Members = {};
  now = 1000;
  done: string[] = [];

  constructor(names: readonly string[], part: Partial<InstanceRules> = {}) {
    for (const [index, name] of names.entries()) {
      const rules = rulesWith({ name, vrid: 50 + index, ...part });
      this.members = { ...this.members, [name]: { state: firstState(rules, undefined, this.now), rules } };
      this.after(0, name, START);
    }
  }

  after(ms: number, instance: string, event: InstanceEvent): this {
    this.now += ms;
    const { members, actions } = stepGroup(this.members, instance, event, this.now);
    this.members = members;
    this.done = actions.map(({ instance: name, action }) => `${name} ${action.kind}`);
    return this;
  }

  through(ms: number): this {
    const end = this.now + ms;
    for (;;) {
      const due = Object.entries(this.members).map(([name, { state, rules }]) => ({ name, at: wakeAt(state, rules) }));
      const [next] = due.toSorted((a, b) => a.at - b.at);
      if (next === undefined || next.at > end) break;
      this.after(Math.max(0, next.at - this.now), next.name, TIME);
    }
    this.now = end;
    return this;
  }

  get roles(): Record<string, string> {
    return Object.fromEntries(Object.entries(this.members).map(([name, { state }]) => [name, state.standing.role]));
  }
}

describe('a sync group', () => {
  test('is active as a whole when one of it is', () => {
    const play = new GroupPlay(['front', 'back']);
    play.after(2000, 'back', heard(150)).after(1610, 'front', TIME);
    expect(play.roles).toEqual({ front: 'active', back: 'active' });
    expect(play.members.back?.state.reason).toEqual({ kind: 'group', instance: 'front' });
  });

  test('says goodbye as a whole when the connections of one have ended', () => {
    const play = new GroupPlay(['front', 'back'], { drain: 500 }).through(4000).after(0, 'front', operator('handover'));
    expect(play.roles).toEqual({ front: 'active', back: 'active' });
    const question = play.members.front?.state.question ?? 0;
    play.after(10, 'front', { kind: 'hooked', question, isGood: true });
    expect(play.roles).toEqual({ front: 'leaving', back: 'leaving' });
    expect(play.done.filter((each) => each.endsWith('advertise'))).toEqual(['front advertise', 'back advertise']);
  });

  test('stops as a whole, though hooks of one are not done when another has gone', () => {
    const play = new GroupPlay(['front', 'back']).through(4000);
    const { back } = play.members;
    if (back === undefined) throw new Error('there is none');
    const rules = rulesWith({ ...back.rules, hooks: { before_remove: 5000 } });
    play.members = { ...play.members, back: { ...back, rules } };
    play.after(10, 'front', STOP);
    expect(play.roles).toEqual({ front: 'leaving', back: 'active' });
    play.after(10, 'front', heard(50));
    expect(play.roles).toEqual({ front: 'stopped', back: 'stopped' });
  });

  test('yields as a whole, and says so', () => {
    const play = new GroupPlay(['front', 'back']).through(4000).after(10, 'front', heard(150));
    expect(play.roles).toEqual({ front: 'backup', back: 'backup' });
    expect(play.done).toEqual([
      'front advertise',
      'front remove',
      'front tell',
      'back advertise',
      'back remove',
      'back tell',
    ]);
  });

  test('is in fault as a whole', () => {
    const play = new GroupPlay(['front', 'back']).through(4000).after(10, 'front', tracked('eth0', 'down'));
    expect(play.roles).toEqual({ front: 'fault', back: 'fault' });
    expect(play.after(10, 'back', tracked('eth0', 'up')).roles).toEqual({ front: 'backup', back: 'backup' });
  });

  test.each([
    { event: operator('handover'), role: 'backup' },
    { event: operator('release'), role: 'released' },
    { event: STOP, role: 'stopped' },
  ])('leaves as a whole, each for its successor: $role', ({ event, role }) => {
    const play = new GroupPlay(['front', 'back']).through(4000).after(10, 'front', event);
    expect(play.roles).toEqual({ front: 'leaving', back: 'leaving' });
    play.after(600, 'front', heard(50));
    expect(play.roles).toEqual({ front: role, back: 'leaving' });
    play.after(1, 'back', heard(50));
    expect(play.roles).toEqual({ front: role, back: role });
  });

  test('stays as a whole when nobody comes', () => {
    const play = new GroupPlay(['front', 'back', 'third']).through(4000).after(10, 'front', operator('handover'));
    expect(play.through(3000).roles).toEqual({ front: 'active', back: 'active', third: 'active' });
  });

  test('has the lease of all of it, or of none', () => {
    const play = new GroupPlay(['front', 'back'], { witness: { policy: 'strict', timeout: 300 } });
    play.after(3000, 'back', heard(150)).after(610, 'front', TIME);
    play.after(10, 'front', { kind: 'voted', question: 1, vote: 'granted', until: play.now + 3000 });
    expect(play.roles).toEqual({ front: 'active', back: 'claiming' });
    play.after(10, 'back', { kind: 'voted', question: 1, vote: 'denied' });
    expect(play.roles).toEqual({ front: 'backup', back: 'backup' });
    expect(play.done).toContain('front remove');
  });
});
