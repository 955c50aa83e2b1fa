import { describe, expect, test } from 'vitest';
import { LONG } from '../../endurance/form.ts';
import { randomFrom, World, type WorldOptions } from './simulation.ts';

/** How many made-up histories. Each is of 10 s with advertisements each 100 ms, and from another seed. */
const RUNS = LONG ? 2_000 : 120;
const LENGTH = 10_000;

describe('never two have a majority at one time', () => {
  test.each([
    { name: 'with one witness', options: {} },
    { name: 'with three witnesses', options: { witnesses: 3 } },
    { name: 'without a witness', options: { witnesses: 0 } },
    { name: 'in a network that loses a third', options: { loss: 0.33 } },
    { name: 'in a network that is as slow as an interval', options: { delay: 300 } },
    { name: 'before somebody who plays back half of all packets', options: { replays: 0.5 } },
  ])('$name', { timeout: 120_000 }, ({ options }) => {
    const seeds = Array.from({ length: RUNS }, (_, seed) => seed);
    expect(seeds.filter((seed) => live({ ...options, seed }).overlaps.length > 0)).toEqual([]);
  });

  test('and yet somebody has one most of the time that nothing is in the way', () => {
    const world = new World({ seed: 1 });
    keepAsking(world);
    let held = 0;
    for (let time = 1000; time < 11_000; time += 10) {
      world.runUntil(time);
      if (world.nodes.some(({ holds }) => holds)) held++;
    }
    expect(held).toBeGreaterThan(950);
  });
});

describe('the histories are such that it would show', () => {
  test.each([
    { name: 'if voters lent at once after their start', options: { isQuiet: false } },
    { name: 'if clocks ran at rates that no lease allows for', options: { clockError: 0.3 } },
  ])('$name', { timeout: 60_000 }, ({ options }) => {
    const seeds = Array.from({ length: 300 }, (_, seed) => seed);
    expect(seeds.some((seed) => live({ ...options, seed }).overlaps.length > 0)).toBe(true);
  });
});

/** A world in which all that may happen does, at random. */
function live(options: WorldOptions): World {
  const world = new World(options);
  keepAsking(world);
  const random = randomFrom(options.seed + 1_000_000);
  const names = [...world.nodes, ...world.witnesses].map(({ name }) => name);
  const any = () => names[Math.floor(random() * names.length)] as string;
  const disturb = () => {
    const happening = random();
    if (happening < 0.25) world.cutBetween(any(), any());
    else if (happening < 0.35) world.cut.add(`${any()}>${any()}`);
    else if (happening < 0.45) world.isolate(any());
    else if (happening < 0.65) world.cut.clear();
    else if (happening < 0.85) crash(world, any(), random() < 0.5 ? 0 : 1000 * random());
    else world.nodes[random() < 0.5 ? 0 : 1]?.giveBack();
    world.after(600 * random(), disturb);
  };
  world.after(500 * random(), disturb);
  world.runUntil(LENGTH);
  return world;
}

function crash(world: World, name: string, down: number): void {
  const process = world.find(name);
  process.isDown = true;
  world.after(down, () => process.restart());
}

/** Both want it whenever they have it not, whatever they hear of each other: as if no advertisement ever arrived. */
function keepAsking(world: World): void {
  const { interval } = world.options;
  for (const node of world.nodes) {
    let isAsking = false;
    const turn = () => {
      if (node.holds) node.beat();
      else {
        if (!isAsking) node.ask(world.random() < 0.3 ? 'preemption' : 'silence');
        isAsking = !isAsking;
      }
      world.after(interval * (0.5 + world.random()), turn);
    };
    world.after(interval * world.random(), turn);
  }
}
