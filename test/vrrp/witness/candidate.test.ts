import { describe, expect, test } from 'vitest';
import { type SimulatedNode, World } from './simulation.ts';

/** In a calm world: clocks agree, packets take 0.1 ms, advertisements come each 100 ms. A lease is 300 ms, and counted on for 270. */
function calm(witnesses = 1, timeout = 100) {
  const world = new World({
    ...{ seed: 1, witnesses, timeout, clockError: 0, loss: 0, delay: 0, replays: 0 },
  });
  const [a, b] = world.nodes as [SimulatedNode, SimulatedNode];
  const [w] = world.witnesses;
  world.runUntil(1000);
  return { world, a, b, w };
}

/** Has it ask, and advertise from then on until it is down. */
function activate(world: World, node: SimulatedNode): void {
  node.ask();
  world.runUntil(world.now + 1);
  expect(node.holds).toBe(true);
  const advertise = () => {
    if (node.isDown || !node.holds) return;
    node.beat();
    world.after(100, advertise);
  };
  advertise();
}

function votesOf(node: SimulatedNode) {
  return node.news.flatMap((one) => (one.kind === 'voted' ? [one.vote] : []));
}

describe('a majority', () => {
  test('is had within one round trip, and renewed as long as it is wanted', () => {
    const { world, a } = calm();
    a.ask();
    world.runUntil(1000.3);
    expect(votesOf(a)).toEqual(['granted']);
    expect(a.worldTimeOf(a.until)).toBeCloseTo(1270, 3);
    world.runUntil(5000);
    expect(a.holds).toBe(true);
    expect(a.news.filter(({ kind }) => kind === 'lost')).toEqual([]);
  });

  test.each([
    { name: 'the witness', dead: ['w0'] },
    { name: 'the peer', dead: ['b'] },
  ])('is had without $name', ({ dead }) => {
    const { world, a } = calm();
    for (const name of dead) world.find(name).isDown = true;
    a.ask();
    world.runUntil(2000);
    expect(votesOf(a)).toEqual(['granted']);
    expect(a.holds).toBe(true);
  });

  test('is not had without both: they are silent', () => {
    const { world, a } = calm();
    world.isolate('a');
    a.ask();
    world.runUntil(1101);
    expect(votesOf(a)).toEqual(['silent']);
  });

  test('of five is three', () => {
    const { world, a } = calm(3);
    for (const name of ['w0', 'w1']) world.find(name).isDown = true;
    a.ask();
    world.runUntil(1001);
    expect(votesOf(a)).toEqual(['granted']);
    world.find('w2').isDown = true;
    world.runUntil(1400);
    expect(a.holds).toBe(false);
  });

  test('is lost when nobody is heard, 10 % before anybody else can have one', () => {
    const { world, a, b } = calm();
    activate(world, a);
    world.runUntil(1450);
    world.isolate('a');
    world.after(190, () => b.ask('preemption'));
    world.runUntil(1660);
    expect(a.holds).toBe(true);
    world.runUntil(1680);
    expect(a.news.at(-1)).toEqual({ kind: 'lost' });
    expect(votesOf(b)).toEqual([]);
  });

  test('is had again by itself when the others are heard again, if it is still wanted', () => {
    const { world, a } = calm();
    activate(world, a);
    world.isolate('a');
    world.runUntil(2000);
    expect(a.holds).toBe(false);
    world.cut.clear();
    world.runUntil(2040);
    expect(a.holds).toBe(true);
  });
});

describe('a takeover', () => {
  test.each([0, 10, 50, 99])('%d ms after the last advertisement of one that dies waits for no lease', (late) => {
    const { world, a, b } = calm();
    activate(world, a);
    world.runUntil(1401 + late);
    a.isDown = true;
    // Active_Down_Timer of priority 250: 3 intervals and a skew of 2.3 ms.
    world.runUntil(1401 + 302.3);
    b.ask();
    world.runUntil(world.now + 1);
    expect(b.holds).toBe(true);
  });

  test('that is asked for too soon is granted when the leases have run out', () => {
    const { world, a, b } = calm();
    activate(world, a);
    world.runUntil(1450);
    a.isDown = true;
    world.runUntil(1620);
    b.ask();
    world.runUntil(1699);
    expect(votesOf(b)).toEqual([]);
    world.runUntil(1703);
    expect(votesOf(b)).toEqual(['granted']);
  });

  test('is denied at once while the other has a majority, though nobody advertises', () => {
    const { world, a, b } = calm();
    activate(world, a);
    b.ask();
    world.runUntil(world.now + 1);
    expect(votesOf(b)).toEqual(['denied']);
    expect(a.news).toContainEqual({ kind: 'asked', source: 'b', priority: 100, cause: 'silence' });
    expect(a.holds).toBe(true);
  });

  test('by preemption has the other asked for the votes, and goes on as soon as they are given back', () => {
    const { world, a, b } = calm();
    activate(world, a);
    b.ask('preemption');
    world.runUntil(world.now + 10);
    expect(a.news).toContainEqual({ kind: 'asked', source: 'b', priority: 100, cause: 'preemption' });
    expect(votesOf(b)).toEqual([]);
    a.giveBack();
    world.runUntil(world.now + 1);
    expect(votesOf(b)).toEqual(['granted']);
  });

  test('by preemption is denied in the end, when nothing is given back', () => {
    const { world, a, b } = calm();
    activate(world, a);
    b.ask('preemption');
    world.runUntil(world.now + 99);
    expect(votesOf(b)).toEqual([]);
    world.runUntil(world.now + 2);
    expect(votesOf(b)).toEqual(['denied']);
  });

  test('after a denial is not denied by what was said then', () => {
    const { world, a, b } = calm();
    activate(world, a);
    b.ask();
    world.runUntil(world.now + 1);
    a.giveBack();
    world.runUntil(world.now + 1);
    b.ask();
    world.runUntil(world.now + 1);
    expect(votesOf(b)).toEqual(['denied', 'granted']);
  });
});

describe('what is given back', () => {
  test('is given back by all, and again when nobody heard it', () => {
    const { world, a, b } = calm();
    activate(world, a);
    world.isolate('a');
    a.giveBack();
    world.runUntil(world.now + 10);
    world.cut.clear();
    world.runUntil(world.now + 70);
    b.ask();
    world.runUntil(world.now + 1);
    expect(b.holds).toBe(true);
  });

  test('is what a question that failed had got so far', () => {
    const { world, a, b } = calm();
    world.cutBetween('a', 'w0');
    world.cutBetween('a', 'b');
    a.ask();
    world.runUntil(1101);
    expect(votesOf(a)).toEqual(['silent']);
    world.cut.clear();
    world.cutBetween('b', 'w0');
    b.ask();
    world.runUntil(world.now + 1);
    expect(b.holds).toBe(true);
  });
});

describe('a start', () => {
  test('of a witness has it lend nothing for a lease, and the peer goes on', () => {
    const { world, a, b, w } = calm();
    activate(world, a);
    w?.restart();
    world.runUntil(world.now + 100);
    expect(a.holds).toBe(true);
    b.isDown = true;
    world.runUntil(world.now + 300);
    expect(a.candidate.voters(a.clock).map(({ said, isOurs }) => [said, isOurs])).toEqual([
      ['granted', false],
      ['granted', true],
    ]);
    expect(a.holds).toBe(true);
  });

  test('of a node has it vote for nobody for a lease, not for itself either', () => {
    const { world, a, b } = calm();
    world.find('w0').isDown = true;
    b.restart();
    world.runUntil(1195);
    b.ask();
    world.runUntil(1299);
    expect(votesOf(b)).toEqual(['silent']);
    world.runUntil(1301);
    a.ask();
    world.runUntil(1302);
    expect(votesOf(a)).toEqual(['granted']);
  });
});

describe('peers', () => {
  test('are known by their grade, as long as they are heard', () => {
    const { world, a } = calm();
    expect(a.news).toContainEqual({ kind: 'peer', grade: 3 });
    world.find('b').isDown = true;
    world.runUntil(1500);
    expect(a.news.at(-1)).toEqual({ kind: 'peer', grade: undefined });
  });

  test('are told from witnesses, and both are seen', () => {
    const { world, a, b } = calm();
    activate(world, b);
    world.runUntil(1500);
    expect(a.candidate.voters(a.clock)).toMatchObject([
      { kind: 'peer', name: 'b', isHeard: true, holder: 'b', standing: { version: '1' } },
      { kind: 'witness', name: 'w0', isHeard: true, holder: 'b', standing: undefined },
    ]);
  });
});
