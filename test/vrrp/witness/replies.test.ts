import { describe, expect, test } from 'vitest';
import { Candidate } from '../../../src/vrrp/witness/candidate.ts';
import { LeaseBook } from '../../../src/vrrp/witness/lease-book.ts';
import type { Reply, Request } from '../../../src/vrrp/witness/message.ts';
import type { CandidateNews } from '../../../src/vrrp/witness/news.ts';
import { REPLY, REQUEST } from './messages.ts';

/** A candidate with a peer (0) and a witness (1) that say what a test has them say. It wants a lease of 3 s from time 0 on. */
function asking() {
  const sent: { readonly voter: number; readonly request: Request }[] = [];
  const news: CandidateNews[] = [];
  let number = 0n;
  const candidate = new Candidate(
    {
      ...{ subject: REQUEST.subject, name: 'us-1', run: 7n, interval: 1000, timeout: 1000 },
      voters: ['peer', 'witness'],
      // It has just started: its own vote is nobody's for long, so that both others are needed.
      book: new LeaseBook({ from: 0, longest: 100_000 }),
      secret: Buffer.from('secret'),
      standing: () => REQUEST.standing,
      number: () => ++number,
      send: (voter, request) => void sent.push({ voter, request }),
      tell: (one) => void news.push(one),
    },
    0,
  );
  candidate.ask(1, 'silence', 0);
  const lastTo = (voter: number) => sent.findLast((one) => one.voter === voter)?.request as Request;
  const reply = (voter: number, run: bigint, part: Partial<Reply> = {}): Reply => {
    const { subject, number } = lastTo(voter);
    return { ...REPLY, kind: 'granted', subject, run: 7n, number, voter: run, span: 3000, ...part };
  };
  return { candidate, news, lastTo, reply };
}

describe('votes', () => {
  test('are counted from when they were asked for', () => {
    const { candidate, reply } = asking();
    candidate.take(reply(0, 20n), 900);
    candidate.take(reply(1, 21n), 950);
    expect(candidate.until).toBe(2700);
  });

  test('are counted for as long as they were lent, not as they were asked for', () => {
    const { candidate, reply } = asking();
    candidate.take(reply(0, 20n, { span: 1000 }), 1);
    candidate.take(reply(1, 21n), 1);
    expect(candidate.until).toBe(900);
  });

  test.each([
    { name: 'of one process by two addresses are one', first: 20n, second: 20n },
    { name: 'of our own process by an address are none', first: 7n, second: 21n },
  ])('$name', ({ first, second }) => {
    const { candidate, reply } = asking();
    candidate.take(reply(0, first), 1);
    candidate.take(reply(1, second), 1);
    expect(candidate.until).toBe(Number.NEGATIVE_INFINITY);
    expect(candidate.voters(1).filter(({ isDouble }) => isDouble)).toHaveLength(1);
  });

  test.each<{ name: string; part: Partial<Reply> }>([
    { name: 'of a request that was never sent', part: { number: 999n } },
    { name: 'to another run', part: { run: 8n } },
  ])('$name do not count', ({ part }) => {
    const { candidate, reply } = asking();
    candidate.take(reply(0, 20n, part), 1);
    candidate.take(reply(1, 21n), 1);
    expect(candidate.until).toBe(Number.NEGATIVE_INFINITY);
  });

  test('that come twice count once, from the first request', () => {
    const { candidate, reply } = asking();
    const [first, second] = [reply(0, 20n), reply(1, 21n)];
    for (const now of [1, 2000]) for (const one of [first, second]) candidate.take(one, now);
    expect(candidate.until).toBe(2700);
  });

  test('that come after they were given back do not count, and are given back', () => {
    const { candidate, reply, lastTo } = asking();
    const late = [reply(0, 20n), reply(1, 21n)];
    candidate.giveBack(1);
    for (const one of late) candidate.take(one, 2);
    expect(candidate.until).toBe(Number.NEGATIVE_INFINITY);
    expect([lastTo(0).kind, lastTo(1).kind]).toEqual(['release', 'release']);
  });
});

test('whoever hears that its votes are with another has no majority, whatever its clock says', () => {
  const { candidate, news, reply } = asking();
  candidate.take(reply(0, 20n), 1);
  candidate.take(reply(1, 21n), 1);
  candidate.time(400);
  candidate.take(reply(1, 21n, { kind: 'denied' }), 401);
  expect(news.at(-1)).toEqual({ kind: 'lost' });
});

test('a challenge is repeated at once, and then no more often than anything else', () => {
  const { candidate, reply, lastTo } = asking();
  candidate.take(reply(1, 21n, { kind: 'challenge', challenge: 5n }), 1);
  const again = lastTo(1);
  expect(again.challenge).toBe(5n);
  candidate.take(reply(1, 21n, { kind: 'challenge', challenge: 6n }), 2);
  expect(lastTo(1)).toBe(again);
  candidate.time(2 + 1000 / 8);
  expect(lastTo(1).challenge).toBe(6n);
});

test('a peer that has other settings is told, once, and so is that it has them no longer', () => {
  const { candidate, news, reply } = asking();
  const { standing } = REQUEST;
  for (const [now, digest] of [1n, 1n, standing.digest, standing.digest].entries()) {
    candidate.take(reply(0, 20n, { kind: 'told', standing: { ...standing, digest } }), now * 1000);
    candidate.time((now + 1) * 1000);
  }
  expect(news.filter(({ kind }) => kind === 'settings')).toEqual([
    { kind: 'settings', voter: 0, isSame: false },
    { kind: 'settings', voter: 0, isSame: true },
  ]);
});
