import { describe, expect, test } from 'vitest';
import {
  afterEvent,
  isAwaited,
  type Liveness,
  type LivenessEvent,
  type Standing,
  WELL,
} from '../../../src/sibling/ask/liveness.ts';
import { randomOf } from '../icp/random.ts';

type Happening = [kind: LivenessEvent['kind'], asked: number, at: number];

function play(happenings: readonly Happening[], from: Liveness = WELL): Liveness {
  return happenings.reduce((held, [kind, asked, at]) => afterEvent(held, { kind, asked }, at), from);
}

/** Questions one after the other, none of which is answered within 50 ms. */
function unanswered(count: number, interval: number, from = 0): Happening[] {
  return Array.from({ length: count }, (_, i) => ['unanswered', from + i * interval, from + i * interval + 50]);
}

describe('a peer', () => {
  const cases: { name: string; happenings: Happening[]; standing: Standing; awaited: boolean }[] = [
    { name: 'that nothing is known of is waited for', happenings: [], standing: 'alive', awaited: true },
    { name: 'may leave some unanswered', happenings: unanswered(4, 50), standing: 'alive', awaited: true },
    { name: 'is not waited for after five in a row', happenings: unanswered(5, 50), standing: 'alive', awaited: false },
    {
      name: 'is waited for again when it has answered',
      happenings: [...unanswered(5, 50), ['answered', 250, 251]],
      standing: 'alive',
      awaited: true,
    },
    {
      name: 'that stops for less than a second is not dead',
      happenings: unanswered(90, 10),
      standing: 'alive',
      awaited: false,
    },
    { name: 'that is silent for a second is dead', happenings: unanswered(20, 50), standing: 'dead', awaited: false },
    {
      name: 'that is silent is dead after a second, if nobody asks either',
      happenings: [...unanswered(5, 50), ['time', 0, 1_000]],
      standing: 'dead',
      awaited: false,
    },
    { name: 'that is asked seldom has 10 s', happenings: unanswered(3, 4_000), standing: 'alive', awaited: true },
    {
      name: 'that is asked seldom is dead after 10 s',
      happenings: unanswered(3, 5_000),
      standing: 'dead',
      awaited: false,
    },
    {
      name: 'is not dead of two lost packets, however long ago',
      happenings: [...unanswered(2, 1_000), ['time', 0, 1e9]],
      standing: 'alive',
      awaited: true,
    },
    {
      name: 'that is dead stays so, whatever else is not answered',
      happenings: unanswered(300, 50),
      standing: 'dead',
      awaited: false,
    },
    {
      name: 'that was dead is alive with the first answer in time',
      happenings: [...unanswered(30, 50), ['answered', 9_000, 9_001]],
      standing: 'alive',
      awaited: true,
    },
    {
      name: 'that answers too late five times in a row is not waited for',
      happenings: tooLate(5, 100),
      standing: 'alive',
      awaited: false,
    },
    {
      name: 'that answers too late for a second is slow',
      happenings: tooLate(12, 100),
      standing: 'slow',
      awaited: false,
    },
    {
      name: 'that is slow stays so when it answers late',
      happenings: tooLate(100, 100),
      standing: 'slow',
      awaited: false,
    },
    {
      name: 'that was taken for dead is slow when what it answers comes late',
      happenings: [...unanswered(30, 50), ...tooLate(5, 100, 1_500)],
      standing: 'slow',
      awaited: false,
    },
    {
      name: 'that is late now and then is not slow',
      happenings: Array.from({ length: 30 }, (_, i): Happening[] => [...tooLate(4, 100), ['answered', i, i]]).flat(),
      standing: 'alive',
      awaited: true,
    },
  ];
  test.each(cases)('$name', ({ happenings, standing, awaited }) => {
    const held = play(happenings);
    expect(held.standing).toBe(standing);
    expect(isAwaited(held)).toBe(awaited);
  });
});

test('whatever happened, an answer in time makes it well, and only silence or lateness makes it otherwise', () => {
  const random = randomOf(3);
  for (let round = 0; round < 2_000; round++) {
    let held = WELL;
    let now = 0;
    for (let step = 0; step < 60; step++) {
      now += random(400);
      const kind = random.of(['answered', 'late', 'unanswered', 'unanswered', 'time'] as const);
      const before = held;
      held = afterEvent(held, { kind, asked: now - random(50) } as LivenessEvent, now);
      if (kind === 'answered') expect(held).toEqual(WELL);
      else if (before.standing !== 'alive') expect(held.standing).not.toBe('alive');
      if (held.standing === 'dead' && before.standing === 'alive') {
        expect(held.unanswered).toBeGreaterThanOrEqual(3);
        expect(now - held.since).toBeGreaterThanOrEqual(1_000);
      }
      if (isAwaited(held)) expect(Math.max(held.unanswered, held.late)).toBeLessThan(5);
    }
  }
});

/** Each is judged first, and answered later. */
function tooLate(count: number, interval: number, from = 0): Happening[] {
  return Array.from({ length: count }, (_, i): Happening[] => [
    ['unanswered', from + i * interval, from + i * interval + 50],
    ['late', from + i * interval, from + i * interval + 90],
  ]).flat();
}
