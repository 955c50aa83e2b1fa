import type { Ms } from '../../base/units.ts';
import type { Cause } from '../model.ts';
import type { LeaseBook } from './lease-book.ts';
import { majorityOf, majorityUntil } from './majority.ts';
import {
  type NodeStanding,
  nameOf,
  type Reply,
  type ReplyKind,
  type Request,
  type RequestKind,
  type Run,
  type Subject,
} from './message.ts';
import type { CandidateNews } from './news.ts';
import { OwnVote } from './own-vote.ts';
import { PeerStanding } from './peer-standing.ts';
import { RemoteVoter, type VoterKind } from './remote-voter.ts';
import { type Answer, Voter } from './voter.ts';

/**
 * One node's part in who may have the addresses of one instance. It votes: its own vote is in a book as a witness's, for itself or for its
 * peer. And it is a candidate: it asks all voters, itself among them, and has the addresses for as long as more than half of the votes are
 * its own. No I/O, no clock of its own: it is told the time, what arrived, and what its instance wants.
 *
 *     idle      says hello to the others, so that it is known when it asks, and knows how they stand
 *     asking    a question is open: until a majority grants, or cannot any more, or the time for it is over
 *     holding   renews; goes on with it if the majority is lost, as its instance may have the addresses still
 *
 * A lease ends 3 intervals after a beat, which is an advertisement or where one would be; renewals between beats ask for the rest of that
 * time only. So the leases of a node that dies have run out by the time that Active_Down_Timer of its backup has.
 */

/** What is known of one voter. */
export interface VoterStatus {
  readonly kind: VoterKind;
  /** As it calls itself; empty: never heard. */
  readonly name: string;
  readonly isHeard: boolean;
  readonly heardAt: Ms;
  readonly said: ReplyKind | undefined;
  /** Whether its vote is ours now. */
  readonly isOurs: boolean;
  /** The name of who had its vote when it was heard last. */
  readonly holder: string | undefined;
  readonly standing: NodeStanding | undefined;
  /** It is a voter that is known by another address already, or ourselves: it does not count. */
  readonly isDouble: boolean;
}

/** `send` and `tell` are called within its methods, and must not call any of these: what they are told waits until the method is over. */
export interface CandidateOptions {
  readonly subject: Subject;
  /** Of the node. */
  readonly name: string;
  readonly run: Run;
  /** Advertisement_Interval. A lease is 3 of it. */
  readonly interval: Ms;
  /** How long a question stays open. */
  readonly timeout: Ms;
  /** All voters but ourselves. Best an even number: one more makes a majority larger, and not what may fail. */
  readonly voters: readonly VoterKind[];
  /** Where our own vote is kept, and lent from. */
  readonly book: LeaseBook;
  /** Random, of this start alone. */
  readonly secret: Uint8Array;
  /** How the instance stands now. */
  readonly standing: () => NodeStanding;
  /** Greater each time, also from one candidate of the same run to the next. */
  readonly number: () => bigint;
  /** `voter`: its place in `voters`. */
  send(voter: number, request: Request): void;
  tell(news: CandidateNews): void;
}

interface Want {
  readonly question: number;
  readonly cause: Cause;
  /** When a question that is open is answered, whatever has come by then; `undefined`: it has been. */
  readonly deadline: Ms | undefined;
}

const NEVER = Number.NEGATIVE_INFINITY;

/** A lease, in intervals. */
const LEASE = 3;

/** However short what is left of a lease: nobody is asked more often. */
const SHORTEST_PAUSE: Ms = 1;

/** With these, whoever has the votes is told to give them back, or has been. */
const NEGOTIABLE: ReadonlySet<Cause> = new Set(['preemption', 'ownership', 'group', 'farewell', 'return']);

export class Candidate {
  readonly #options: CandidateOptions;
  readonly #voter: Voter;
  readonly #own: OwnVote;
  readonly #peers: PeerStanding;
  readonly #remotes: readonly RemoteVoter[];
  #want: Want | undefined;
  #beatAt: Ms = NEVER;
  /** As it was told last. */
  #until: Ms = NEVER;

  constructor(options: CandidateOptions, now: Ms) {
    const { subject, name, run, book, secret, standing, tell } = options;
    this.#options = options;
    this.#own = new OwnVote(book, nameOf(subject), { run, name });
    this.#peers = new PeerStanding(() => standing().digest, tell);
    this.#voter = new Voter({ name, run, book, secret, standing, capacity: 64 });
    this.#remotes = options.voters.map((kind) => new RemoteVoter(kind, now));
  }

  /** All but ourselves, for whoever wants to see. */
  voters(now: Ms): readonly VoterStatus[] {
    return this.#remotes.map((remote) => ({
      kind: remote.kind,
      name: remote.name,
      isHeard: now < remote.heardAt + this.#silentAfter,
      heardAt: remote.heardAt,
      said: remote.said,
      isOurs: remote.until > now,
      holder: remote.holder?.name,
      standing: remote.standing,
      isDouble: remote.isDouble,
    }));
  }

  /** Until when a majority is had; `-Infinity`: it is not. Not to be counted on after `giveBack`. */
  get until(): Ms {
    return this.#until;
  }

  /** The machine's `ask`. */
  ask(question: number, cause: Cause, now: Ms): void {
    this.#want = { question, cause, deadline: now + this.#options.timeout };
    this.#beatAt = now;
    // What they said to an earlier question may not be so any more.
    for (const remote of this.#remotes) remote.blockedUntil = NEVER;
    this.#askAll(now);
    this.#review(now);
  }

  /** The machine's `give-back`. */
  giveBack(now: Ms): void {
    this.#want = undefined;
    this.#until = NEVER;
    this.#own.release(now);
    for (const remote of this.#remotes) {
      remote.forget();
      remote.nextAt = remote.releases > 0 ? now : now + this.#helloEvery;
    }
    this.time(now);
  }

  /** The instance advertises: leases are counted from here on. */
  beat(now: Ms): void {
    if (this.#want === undefined || now - this.#beatAt < this.#renewEvery / 2) return;
    this.#beatAt = now;
    this.#askAll(now);
    this.#review(now);
  }

  /** What somebody asks of our own vote. */
  answer(request: Request, source: string, now: Ms): Answer {
    const answer = this.#voter.take(request, now);
    const { outcome, isChange } = answer;
    if (outcome === 'denied' && this.#want !== undefined) {
      const { standing, cause } = request;
      this.#options.tell({ kind: 'asked', source, priority: standing.priority, cause });
    }
    // Whoever had our vote had most likely others as well.
    if (outcome === 'released' && isChange && this.#isOpen) {
      this.#askAll(now);
      this.#review(now);
    }
    return answer;
  }

  take(reply: Reply, now: Ms): void {
    const place = this.#remotes.findIndex((remote) => remote.match(reply.number) !== undefined);
    const remote = this.#remotes[place];
    if (remote === undefined || reply.run !== this.#options.run) return;
    remote.isDouble = this.#isKnownElsewhere(reply.voter, remote, now);
    if (remote.isDouble) return;
    const kind = remote.match(reply.number);
    // Once: whoever is challenged again and again is not to be asked faster than others.
    const isFirst = reply.kind === 'challenge' && remote.said !== 'challenge';
    remote.take(reply, now);
    if (isFirst && kind !== 'hello') remote.nextAt = now;
    else if (kind === 'ask') remote.nextAt = now + this.#waitAfter(remote, now);
    else if (kind === 'release') remote.nextAt = now + this.#helloEvery;
    this.#peers.compare(place, remote);
    this.time(now);
  }

  time(now: Ms): void {
    if (this.#want !== undefined && now >= this.#own.nextAt) this.#askOwn(now);
    for (const [place, remote] of this.#remotes.entries()) {
      if (now >= remote.nextAt) this.#sendTo(place, remote, now);
    }
    this.#peers.review(this.#remotes, this.#silentAfter, now);
    this.#review(now);
  }

  /** When `time` has to be told. To be asked after each call. */
  wakeAt(): Ms {
    const lossAt = this.#until > NEVER ? this.#until : Infinity;
    const sendAt = this.#remotes.map(({ nextAt }) => nextAt);
    return Math.min(this.#own.nextAt, lossAt, this.#want?.deadline ?? Infinity, this.#peers.staleAt, ...sendAt);
  }

  /** A question waits for its answer. */
  get #isOpen(): boolean {
    return this.#want?.deadline !== undefined;
  }

  get #renewEvery(): Ms {
    return this.#options.interval / 3;
  }

  get #helloEvery(): Ms {
    return Math.min(1000, Math.max(100, this.#options.interval));
  }

  /** To ask again whoever did not grant: of an open question several times. */
  get #retryEvery(): Ms {
    return this.#isOpen ? Math.min(this.#renewEvery, this.#options.timeout / 8) : this.#renewEvery;
  }

  /** One process by two addresses has one vote; and ours is counted without asking by way of a socket. */
  #isKnownElsewhere(voter: Run, here: RemoteVoter, now: Ms): boolean {
    const others = this.#remotes.filter((other) => other !== here && other.run === voter);
    const isThere = others.some(({ until, heardAt }) => now < until || now < heardAt + this.#silentAfter);
    return voter === this.#options.run || isThere;
  }

  #askAll(now: Ms): void {
    this.#askOwn(now);
    for (const [place, remote] of this.#remotes.entries()) this.#sendTo(place, remote, now);
  }

  #askOwn(now: Ms): void {
    this.#own.ask(this.#span(now), now);
    this.#own.nextAt = now + this.#waitAfter(this.#own, now);
  }

  /** Of a lease that is asked for now. */
  #span(now: Ms): Ms {
    const { interval } = this.#options;
    const beats = Math.floor((now - this.#beatAt) / interval);
    if (beats > 0) this.#beatAt += beats * interval;
    return this.#beatAt + LEASE * interval - now;
  }

  #sendTo(place: number, remote: RemoteVoter, now: Ms): void {
    if (this.#want !== undefined) {
      this.#send(place, remote, 'ask', now);
      remote.nextAt = now + this.#retryEvery;
    } else if (remote.releases > 0) {
      remote.releases--;
      this.#send(place, remote, 'release', now);
      remote.nextAt = now + this.#renewEvery;
    } else {
      this.#send(place, remote, 'hello', now);
      remote.nextAt = now + this.#helloEvery;
    }
  }

  #send(place: number, remote: RemoteVoter, kind: RequestKind, now: Ms): void {
    const { subject, run, name, standing, number: next, send } = this.#options;
    const number = next();
    const span = kind === 'ask' ? this.#span(now) : 0;
    remote.sent(number, kind, now);
    const cause = this.#want?.cause ?? 'silence';
    send(place, { kind, subject, run, number, challenge: remote.challenge, name, standing: standing(), cause, span });
  }

  /** After a reply to `ask`: until it is to be renewed, or may have been given back. */
  #waitAfter({ said, blockedUntil, until }: RemoteVoter | OwnVote, now: Ms): Ms {
    if (said === 'granted') return this.#pause((until - now) / 6, this.#renewEvery);
    return blockedUntil > now ? this.#pause(blockedUntil - now, this.#retryEvery) : this.#retryEvery;
  }

  #pause(wanted: Ms, longest: Ms): Ms {
    return Math.min(longest, Math.max(SHORTEST_PAUSE, wanted));
  }

  /** Tells what has come of it so far. */
  #review(now: Ms): void {
    const want = this.#want;
    if (want === undefined) return;
    const { tell, voters } = this.#options;
    const until = majorityUntil([this.#own.until, ...this.#remotes.map((remote) => remote.until)], voters.length + 1);
    const hadUntil = this.#until;
    this.#until = until > now ? until : NEVER;
    if (want.deadline !== undefined) {
      const vote = this.#outcome(want, want.deadline, now);
      if (vote === undefined) return;
      this.#want = { ...want, deadline: undefined };
      const { question } = want;
      tell(vote === 'granted' ? { kind: 'voted', question, vote, until } : { kind: 'voted', question, vote });
    }
    if (this.#until === hadUntil) return;
    tell(this.#until > NEVER ? { kind: 'lease', until } : { kind: 'lost' });
  }

  /** Of an open question; `undefined`: it stays open. */
  #outcome({ cause }: Want, deadline: Ms, now: Ms): 'granted' | 'denied' | 'silent' | undefined {
    if (this.#until > now) return 'granted';
    const all = [this.#own, ...this.#remotes];
    const denied = all.filter(({ said, blockedUntil }) => said === 'denied' && blockedUntil > now);
    if (now >= deadline) return denied.length > 0 ? 'denied' : 'silent';
    const lasting = denied.filter(({ blockedUntil }) => blockedUntil > deadline).length;
    const voters = all.length;
    return !NEGOTIABLE.has(cause) && voters - lasting < majorityOf(voters) ? 'denied' : undefined;
  }

  /** When what a voter said is not to be counted on any more. */
  get #silentAfter(): Ms {
    return 3.5 * Math.max(this.#helloEvery, this.#renewEvery);
  }
}
