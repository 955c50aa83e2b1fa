import type { HostPort } from '../../base/address.ts';
import type { Ms } from '../../base/units.ts';
import type { Cause } from '../model.ts';
import { Candidate, type VoterStatus } from './candidate.ts';
import { LeaseBook } from './lease-book.ts';
import type { Message, NodeStanding, Reply, Run, Subject } from './message.ts';
import type { CandidateNews } from './news.ts';
import type { VoterKind } from './remote-voter.ts';
import type { VoterOutcome } from './voter.ts';

export interface GuardedOptions {
  readonly subject: Subject;
  /** Advertisement_Interval. */
  readonly interval: Ms;
  /**
   * How long the machine waits for the answer to `ask`, which comes a little sooner. Best not below the interval: leases of one that
   * died may last a little longer than Active_Down_Timer.
   */
  readonly timeout: Ms;
  /** All others, best an even number. Their order is that of `voter` in news. */
  readonly voters: readonly { readonly kind: VoterKind; readonly address: HostPort }[];
  /** How the instance stands now. */
  readonly standing: () => Omit<NodeStanding, 'version'>;
  /** Told when nothing is under way, so it may call `ask` and the others; and never within these. */
  tell(news: CandidateNews): void;
}

/** What it has of the node. */
export interface Surroundings {
  readonly name: string;
  readonly version: string;
  readonly run: Run;
  readonly secret: Uint8Array;
  readonly now: () => Ms;
  readonly number: () => bigint;
  send(message: Message, to: HostPort): void;
  removed(): void;
}

const NO_ANSWER = { outcome: 'reply', reply: undefined } as const;

/** A candidate with a clock. */
export class GuardedInstance {
  readonly #candidate: Candidate;
  readonly #options: GuardedOptions;
  readonly #surroundings: Surroundings;
  #news: CandidateNews[] = [];
  #timer: NodeJS.Timeout | undefined;
  #wakeAt: Ms = Infinity;
  #isClosed = false;

  constructor(options: GuardedOptions, surroundings: Surroundings) {
    const { subject, interval, timeout, voters, standing } = options;
    const { name, version, run, secret, now, number, send } = surroundings;
    this.#options = options;
    this.#surroundings = surroundings;
    const candidate = {
      ...{ subject, name, run, interval, secret, number },
      timeout: timeout - Math.min(10, timeout / 10),
      voters: voters.map(({ kind }) => kind),
      book: new LeaseBook({ from: now(), longest: 3 * interval }),
      standing: () => ({ ...standing(), version }),
      send: (voter: number, message: Message) => {
        const to = voters[voter]?.address;
        if (to !== undefined) send(message, to);
      },
      tell: (news: CandidateNews) => void this.#news.push(news),
    };
    this.#candidate = new Candidate(candidate, now());
    this.#arm();
  }

  /** Until when a majority is had; `-Infinity`: it is not. */
  get until(): Ms {
    return this.#candidate.until;
  }

  get voters(): readonly VoterStatus[] {
    return this.#candidate.voters(this.#surroundings.now());
  }

  ask(question: number, cause: Cause): void {
    this.#do((now) => this.#candidate.ask(question, cause, now));
  }

  giveBack(): void {
    this.#do((now) => this.#candidate.giveBack(now));
  }

  /** With each advertisement. */
  beat(): void {
    this.#do((now) => this.#candidate.beat(now));
  }

  /** What arrived for it. */
  take(
    message: Message,
    source: string,
  ): { readonly outcome: VoterOutcome | 'reply'; readonly reply: Reply | undefined } {
    const now = this.#surroundings.now();
    if ('voter' in message) this.#candidate.take(message, now);
    const answer = 'voter' in message ? NO_ANSWER : this.#candidate.answer(message, source, now);
    this.#happened();
    return answer;
  }

  /** Gives back what it has, once: at the end, or when the instance has gone from the settings. Nothing is told from here on. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#candidate.giveBack(this.#surroundings.now());
    clearTimeout(this.#timer);
    this.#surroundings.removed();
  }

  #do(act: (now: Ms) => void): void {
    act(this.#surroundings.now());
    this.#arm();
    if (this.#news.length > 0) setImmediate(() => this.#tell());
  }

  #happened(): void {
    this.#arm();
    this.#tell();
  }

  #tell(): void {
    const news = this.#news;
    this.#news = [];
    for (const one of news) if (!this.#isClosed) this.#options.tell(one);
  }

  /** A timer that is there is left alone while it is not too late: most calls change nothing. */
  #arm(): void {
    const wakeAt = this.#candidate.wakeAt();
    if (this.#isClosed || (this.#timer !== undefined && wakeAt >= this.#wakeAt)) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#wakeAt = wakeAt;
    if (wakeAt === Infinity) return;
    const delay = Math.max(0, wakeAt - this.#surroundings.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#candidate.time(this.#surroundings.now());
      this.#happened();
    }, delay);
  }
}
