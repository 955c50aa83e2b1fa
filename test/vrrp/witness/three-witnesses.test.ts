import { describe, expect, test } from 'vitest';
import { type SimulatedNode, World, type WorldOptions } from './simulation.ts';

/** Five voters, of which three are a majority: two of them may fail, and a part of the network needs three. */

const CALM = { clockError: 0, loss: 0, delay: 0, replays: 0 } as const;

/** After so long all voters lend. Advertisements come each 100 ms. */
const READY = 1000;

function worldOf(options: Omit<WorldOptions, 'witnesses' | 'seed'> & { readonly seed?: number }) {
  const world = new World({ seed: 1, ...options, witnesses: 3 });
  const [a, b] = world.nodes as [SimulatedNode, SimulatedNode];
  world.runUntil(READY);
  return { world, a, b };
}

/** Wants the addresses all the time, as if it never heard an advertisement. */
function keepAsking(world: World, node: SimulatedNode): void {
  let isAsking = false;
  const turn = () => {
    if (node.holds) node.beat();
    else {
      if (!isAsking) node.ask();
      isAsking = !isAsking;
    }
    world.after(100 * (0.7 + 0.6 * world.random()), turn);
  };
  turn();
}

/** Who hears whom: each part hears itself alone. */
function part(world: World, ...parts: readonly (readonly string[])[]): void {
  for (const [index, one] of parts.entries()) {
    for (const other of parts.slice(index + 1)) {
      for (const name of one) for (const another of other) world.cutBetween(name, another);
    }
  }
}

describe('of three witnesses', () => {
  test.each([{ dead: ['w0'] }, { dead: ['w0', 'w1'] }, { dead: ['w2', 'b'] }])(
    '$dead may be dead: a majority is had, and kept',
    ({ dead }) => {
      const { world, a } = worldOf(CALM);
      for (const name of dead) world.find(name).isDown = true;
      keepAsking(world, a);
      world.runUntil(READY + 1);
      expect(a.holds).toBe(true);
      world.runUntil(5000);
      expect(a.news.filter(({ kind }) => kind === 'lost')).toEqual([]);
    },
  );

  test('two and the other node may not', () => {
    const { world, a } = worldOf(CALM);
    for (const name of ['w0', 'w1', 'b']) world.find(name).isDown = true;
    keepAsking(world, a);
    world.runUntil(5000);
    expect(a.news.every(({ kind }) => kind !== 'lease')).toBe(true);
    expect(a.holds).toBe(false);
  });

  test('one is dead when the node dies that was active: the other one takes over', () => {
    const { world, a, b } = worldOf(CALM);
    world.find('w1').isDown = true;
    keepAsking(world, a);
    world.runUntil(2000);
    a.isDown = true;
    world.runUntil(2300);
    keepAsking(world, b);
    world.runUntil(2301);
    expect(b.holds).toBe(true);
  });

  test('one that dies while a node is active changes nothing', () => {
    const { world, a } = worldOf(CALM);
    keepAsking(world, a);
    world.runUntil(2000);
    world.find('w2').isDown = true;
    world.runUntil(4000);
    expect(a.holds).toBe(true);
    expect(a.news.filter(({ kind }) => kind === 'lost')).toEqual([]);
  });
});

describe('of three witnesses one is on the side of each node', () => {
  test('and the third one hears both: one node goes on, and the other one gets nothing', () => {
    const { world, a, b } = worldOf(CALM);
    keepAsking(world, a);
    world.runUntil(2000);
    part(world, ['a', 'w0'], ['b', 'w1']);
    keepAsking(world, b);
    world.runUntil(6000);
    expect(a.holds).toBe(true);
    expect(b.news.every(({ kind }) => kind !== 'lease')).toBe(true);
    expect(world.overlaps).toEqual([]);
  });

  test('and the third one hears the node that was not active: it takes over when the other had to let go', () => {
    const { world, a, b } = worldOf(CALM);
    keepAsking(world, a);
    world.runUntil(2000);
    part(world, ['a', 'w0'], ['b', 'w1', 'w2']);
    keepAsking(world, b);
    world.runUntil(6000);
    expect([a.holds, b.holds]).toEqual([false, true]);
    expect(world.overlaps).toEqual([]);
  });

  test('and the third one is dead: nobody has a majority, until the network is whole', () => {
    const { world, a, b } = worldOf(CALM);
    keepAsking(world, a);
    world.runUntil(2000);
    world.find('w2').isDown = true;
    part(world, ['a', 'w0'], ['b', 'w1']);
    keepAsking(world, b);
    world.runUntil(6000);
    expect([a.holds, b.holds]).toEqual([false, false]);
    world.cut.clear();
    const had = () => a.holds || b.holds;
    for (let time = 6000; time < 9000 && !had(); time += 10) world.runUntil(time);
    expect(had()).toBe(true);
    expect(world.overlaps).toEqual([]);
  });

  test.each([
    {
      name: 'and the third one hears both',
      parts: [
        ['a', 'w0'],
        ['b', 'w1'],
      ],
      dead: [],
    },
    { name: 'and the third one hears nobody', parts: [['a', 'w0'], ['b', 'w1'], ['w2']], dead: [] },
    {
      name: 'and the third one is dead',
      parts: [
        ['a', 'w0'],
        ['b', 'w1'],
      ],
      dead: ['w2'],
    },
  ])('$name: never two have a majority, whatever the network and the clocks do', ({ parts, dead }) => {
    for (let seed = 0; seed < 40; seed++) {
      const { world, a, b } = worldOf({ seed });
      keepAsking(world, a);
      keepAsking(world, b);
      for (const name of dead) {
        world.after(1000, () => {
          world.find(name).isDown = true;
        });
      }
      // Parted and whole by turns, as a link that flaps.
      for (let times = 0; times < 6; times++) {
        world.after(500 + times * 1000, () => part(world, ...parts));
        world.after(1100 + times * 1000, () => world.cut.clear());
      }
      world.runUntil(READY + 8000);
      expect({ seed, overlaps: world.overlaps }).toEqual({ seed, overlaps: [] });
    }
  });
});
