import { describe, expect, test } from 'vitest';
import { Flight } from '../../src/cache/flight.ts';
import { type Thread, threads } from './shared.ts';

describe('a flight', () => {
  test('is led by who comes first, in whatever thread; all others wait', () => {
    const [one, two] = threads() as [Thread, Thread];
    expect([join(one), join(two), join(one)].map((flight) => flight.leads)).toEqual([true, false, false]);
  });

  test.each<[string, (leader: Flight) => void, ReturnType<Flight['outcome']>]>([
    ['that has landed', (leader) => leader.release(), 'landed'],
    ['that has failed', (leader) => leader.fail('502 connection_refused'), { error: '502 connection_refused' }],
    ['that is still under way', () => {}, 'pending'],
  ])('%s is seen so in its own thread and in another one', (_, end, expected) => {
    const [one, two] = threads() as [Thread, Thread];
    const leader = join(one);
    const followers = [join(one), join(two)];
    end(leader);
    expect(followers.map((each) => each.outcome())).toEqual([expected, expected]);
    for (const each of followers) each.leave();
  });

  test('whose thread has died failed without an error', () => {
    const [one, two] = threads() as [Thread, Thread];
    join(one);
    const follower = join(two);
    two.memory.releaseSeat(0);
    expect(follower.outcome()).toEqual({ error: undefined });
  });

  test('tells those who wait, at once in its thread and by the bell in another', () => {
    const [one, two] = threads() as [Thread, Thread];
    const leader = join(one);
    const told: string[] = [];
    join(one).watch({ news: () => void told.push('one') });
    join(two).watch({ news: () => void told.push('two') });
    expect(leader.others).toBe(2);
    leader.release();
    expect(told).toEqual(['one']);
    two.watch.check();
    expect(told).toEqual(['one', 'two']);
  });

  test('leaves nothing behind, however often it is ended', () => {
    const [one, two] = threads() as [Thread, Thread];
    const leader = join(one);
    const follower = join(two);
    leader.release();
    leader.release();
    leader.fail('too late');
    follower.leave();
    follower.leave();
    expect([one.memory.pinned, two.memory.pinned, one.memory.stats().entries]).toEqual([0, 0, 0]);
    one.memory.check();
    expect(join(two).leads).toBe(true);
  });
});

function join({ memory, watch }: Thread): Flight {
  const flight = Flight.join(memory, watch, memory.hashOf('flight'));
  if (flight === undefined) throw new Error('no room');
  return flight;
}
