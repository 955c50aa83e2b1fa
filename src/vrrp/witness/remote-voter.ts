import type { Ms } from '../../base/units.ts';
import { countedSpan } from './majority.ts';
import type { NodeStanding, Reply, ReplyKind, RequestKind, Run } from './message.ts';

/** What a candidate knows of a voter elsewhere. */

export type VoterKind = 'peer' | 'witness';

const NEVER = Number.NEGATIVE_INFINITY;

/** Replies to older requests are of no use any more. */
const OUTSTANDING_MOST = 8;

/** How often a release is sent that nobody acknowledges: the lease ends anyway. */
const RELEASES_MOST = 5;

export class RemoteVoter {
  readonly kind: VoterKind;
  /** When something is to be sent to it. */
  nextAt: Ms;
  /** Until when its vote is ours. */
  until: Ms = NEVER;
  /** Until when it cannot be ours, as it said. */
  blockedUntil: Ms = NEVER;
  challenge = 0n;
  /** Of its process that replied last. */
  run: Run | undefined;
  heardAt: Ms = NEVER;
  /** To `ask` or `hello`, what it said last. */
  said: ReplyKind | undefined;
  name = '';
  standing: NodeStanding | undefined;
  holder: Reply['holder'];
  isDouble = false;
  /** How often a release may be sent yet. */
  releases = 0;
  readonly #outstanding = new Map<bigint, { readonly kind: RequestKind; readonly at: Ms }>();

  constructor(kind: VoterKind, now: Ms) {
    this.kind = kind;
    this.nextAt = now;
  }

  sent(number: bigint, kind: RequestKind, now: Ms): void {
    this.#outstanding.set(number, { kind, at: now });
    const [oldest] = this.#outstanding.keys();
    if (this.#outstanding.size > OUTSTANDING_MOST && oldest !== undefined) this.#outstanding.delete(oldest);
  }

  /** What it replies to: a request is replied to once. `undefined`: to nothing that we know of. */
  match(number: bigint): RequestKind | undefined {
    return this.#outstanding.get(number)?.kind;
  }

  /** What can be had from a reply by whoever asked. */
  take({ kind, number, challenge, voter, name, standing, holder, span }: Reply, now: Ms): void {
    const request = this.#outstanding.get(number);
    if (request === undefined) return;
    this.#outstanding.delete(number);
    this.challenge = challenge;
    this.run = voter;
    this.heardAt = now;
    this.said = kind;
    this.name = name;
    this.standing = standing;
    this.holder = holder;
    if (kind === 'granted') this.until = Math.max(this.until, request.at + countedSpan(span));
    // By our clock it may be ours still: but not if that stood still, as a virtual machine's may.
    if (kind === 'denied') this.until = NEVER;
    this.blockedUntil = kind === 'denied' || kind === 'quiet' ? now + span : NEVER;
    if (kind === 'released') this.releases = 0;
  }

  /** A vote that comes after this is not ours: it is given back. */
  forget(): void {
    const isAsked = [...this.#outstanding.values()].some(({ kind }) => kind === 'ask');
    if (this.until > NEVER || isAsked) this.releases = RELEASES_MOST;
    this.until = NEVER;
    this.#outstanding.clear();
  }
}
