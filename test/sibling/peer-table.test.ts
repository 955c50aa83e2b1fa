import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { COUNTS, DROP_REASONS, DROPS, MAX_PEERS, PEER_COUNTERS } from '../../src/sibling/peer-rows.ts';
import { PeerTable } from '../../src/sibling/peer-table.ts';
import { atTeardown } from '../support/teardown.ts';
import type { ClaimingWork } from './claiming-thread.ts';

const THREADS = 3;

function twoThreads(clock = { now: 1_000_000 }) {
  const memory = PeerTable.allocate(THREADS);
  const table = (thread: number) => new PeerTable(memory, THREADS, thread, () => clock.now);
  return { clock, one: table(0), other: table(1) };
}

describe('the peer table', () => {
  test('has a cell for all that is counted', () => {
    expect(PEER_COUNTERS.length).toBeLessThanOrEqual(COUNTS);
    expect(DROP_REASONS.length).toBeLessThanOrEqual(DROPS);
  });

  test('says of a peer that nothing happened with', () => {
    const { one } = twoThreads();
    expect(one.account(MAX_PEERS - 1)).toEqual({
      isPortico: false,
      standing: 'alive',
      fetching: 'on',
      answeredAgo: undefined,
      roundTrip: undefined,
      fetchLatency: undefined,
      ...Object.fromEntries(PEER_COUNTERS.map((counter) => [counter, 0])),
    });
  });

  test('adds up what threads count, each peer apart', () => {
    const { one, other } = twoThreads();
    for (const [i, counter] of PEER_COUNTERS.entries()) {
      for (let n = 0; n <= i; n++) one.count(0, counter);
      other.count(0, counter);
      other.count(MAX_PEERS - 1, counter);
    }
    const counts = (slot: number) => PEER_COUNTERS.map((counter) => one.account(slot)[counter]);
    expect(counts(0)).toEqual(PEER_COUNTERS.map((_, i) => i + 2));
    expect(counts(1)).toEqual(PEER_COUNTERS.map(() => 0));
    expect(counts(MAX_PEERS - 1)).toEqual(PEER_COUNTERS.map(() => 1));
  });

  test('counts drops by reason', () => {
    const { one, other } = twoThreads();
    for (const reason of DROP_REASONS) one.drop(reason);
    other.drop('stranger');
    expect(one.drops()).toMatchObject({ short: 1, 'other-url': 1, stranger: 2 });
    expect(PEER_COUNTERS.every((counter) => one.account(0)[counter] === 0)).toBe(true);
  });

  test('shows all threads who is a Portico node', () => {
    const { one, other } = twoThreads();
    one.setPortico(3, true);
    expect([other.isPortico(2), other.isPortico(3)]).toEqual([false, true]);
    one.setPortico(3, false);
    expect(other.isPortico(3)).toBe(false);
  });

  test('shows all threads how it stands, and tells one of them that it changed', () => {
    const { clock, one, other } = twoThreads();
    const silence = { kind: 'unanswered', asked: clock.now } as const;
    for (let i = 0; i < 4; i++) expect(one.heard(0, silence)).toBeUndefined();
    clock.now += 1_000;
    expect(other.heard(0, silence)).toBe('dead');
    expect(one.heard(0, silence)).toBeUndefined();
    expect(one.account(0)).toMatchObject({ standing: 'dead', answeredAgo: undefined });
    expect(one.heard(0, { kind: 'answered' })).toBe('alive');
    clock.now += 30;
    expect(other.account(0)).toMatchObject({ standing: 'alive', answeredAgo: 30 });
  });

  test('has a paused peer probed every ten seconds', () => {
    const { clock, one, other } = twoThreads();
    const silence = { kind: 'unanswered', asked: clock.now - 1_000 } as const;
    for (let i = 0; i < 5; i++) one.heard(0, silence);
    expect(one.takeProbe(0)).toBe(false);
    clock.now += 9_999;
    expect(one.takeProbe(0)).toBe(false);
    clock.now += 251;
    expect([one.takeProbe(0), other.takeProbe(0), one.takeProbe(0)]).toEqual([true, false, false]);
    clock.now += 9_999;
    expect(other.takeProbe(0)).toBe(false);
    clock.now += 251;
    expect(other.takeProbe(0)).toBe(true);
    one.heard(0, { kind: 'answered' });
    clock.now += 100_000;
    expect(one.takeProbe(0)).toBe(false);
  });

  test('has it probed at once when it is linked', () => {
    const { clock, one, other } = twoThreads();
    const silence = { kind: 'unanswered', asked: clock.now - 1_000 } as const;
    for (let i = 0; i < 5; i++) one.heard(0, silence);
    other.setPortico(0, false);
    expect(one.takeProbe(0)).toBe(false);
    other.setPortico(0, true);
    expect([one.takeProbe(0), other.takeProbe(0)]).toEqual([true, false]);
  });

  test('pauses a peer that does not deliver, and tells so once', () => {
    const { clock, one, other } = twoThreads();
    const told = [one, other, one, other].map((table) => table.fetched(0, 'failed', 0));
    expect(told).toEqual([undefined, undefined, 'paused', undefined]);
    expect(other.fetching(0)).toBe('paused');
    clock.now += 1_000;
    expect(other.fetching(0)).toBe('trial');
    expect(one.fetched(0, 'overdue', 0)).toBeUndefined();
    expect(one.fetching(0)).toBe('paused');
    clock.now += 2_000;
    expect(other.fetched(0, 'hit', 12)).toBe('resumed');
    expect(other.fetched(0, 'hit', 20)).toBeUndefined();
    expect(one.account(0)).toMatchObject({ fetching: 'on', failed: 4, overdue: 1, fetched: 2, fetchLatency: 13 });
  });

  test('gives the place on trial to one, until it came out or for five seconds', () => {
    const { clock, one, other } = twoThreads();
    expect([one.enterTrial(0), other.enterTrial(0), one.enterTrial(1)]).toEqual([true, false, true]);
    one.leaveTrial(0);
    expect([other.enterTrial(0), one.enterTrial(0)]).toEqual([true, false]);
    other.fetched(0, 'failed', 0);
    expect(one.enterTrial(0)).toBe(true);
    clock.now += 5_250;
    expect([other.enterTrial(0), one.enterTrial(0)]).toEqual([true, false]);
  });

  test('begins a row anew', () => {
    const { one, other } = twoThreads();
    const before = one.account(5);
    one.setPortico(5, true);
    one.measured(5, 3);
    for (let i = 0; i < 5; i++) one.heard(5, { kind: 'unanswered', asked: 0 });
    for (let i = 0; i < 5; i++) other.fetched(5, 'failed', 3);
    for (const counter of PEER_COUNTERS) other.count(5, counter);
    other.count(4, 'queries');
    one.clear(5);
    expect(one.account(5)).toEqual(before);
    expect(one.account(4).queries).toBe(1);
  });

  test('of four threads that come at once, one probes, one tries, one tells', async () => {
    const threads = 4;
    const rounds = 200;
    const memory = PeerTable.allocate(threads);
    const barrier = new SharedArrayBuffer(4);
    const told = await Promise.all(
      Array.from({ length: threads }, async (_, thread) => {
        const workerData: ClaimingWork = { memory, barrier, threads, thread, rounds };
        const worker = new Worker(join(import.meta.dirname, 'claiming-thread.ts'), { workerData });
        atTeardown(() => worker.terminate());
        const [message] = await once(worker, 'message');
        return message as Record<string, number>;
      }),
    );
    const sum = (what: string) => told.reduce((total, each) => total + (each[what] as number), 0);
    expect({ probes: sum('probes'), trials: sum('trials'), dead: sum('dead'), alive: sum('alive') }).toEqual({
      probes: rounds,
      trials: rounds,
      dead: rounds,
      alive: rounds,
    });
    expect(new PeerTable(memory, threads, 0).account(0).queries).toBe(threads * rounds * 100);
  });
});
