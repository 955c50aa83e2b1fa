import type { Bytes, Ms } from '../base/units.ts';
import { ProxyError, type ProxyErrorCode } from './error.ts';
import type { OriginFields } from './headers.ts';
import type { OriginCall, OriginReplies } from './origin/call.ts';
import { originError } from './origin-error.ts';
import type { Peer, SiblingPeers } from './sibling-peers.ts';
import { siblingRequest } from './sibling-request.ts';
import type { Asking, SiblingOutcome, SiblingQuestion, Siblings } from './siblings.ts';

/** What siblings are asked for, and who judges what one of them sends. */
export interface SiblingOrder {
  readonly peers: SiblingPeers;
  readonly siblings: Siblings;
  readonly question: SiblingQuestion;
  /** What the request is given beside its fields, as lines. */
  readonly lines: string;
  /** Origins are asked when no sibling has it. */
  readonly orOrigins: boolean;
  /** Whether this response will do in place of an origin's. */
  judge(status: number, fields: OriginFields): SiblingJudgement;
}

/** `unsure`: it will not do, as it may be from before a purge of just now. The sibling cannot know. */
export type SiblingJudgement = 'good' | 'bad' | 'unsure';

/** Whom a sibling's response is brought. After `nobodyHad`, `end` or `siblingBroken` nothing more comes. */
export interface SiblingTarget {
  /** No sibling has it, or none in time, or not what will do: on to the origins. */
  nobodyHad(): void;
  /** The head of a response that will do. Throws a `ProxyError` when it makes no sense. */
  head(status: number, fields: OriginFields): void;
  body(chunk: Uint8Array): boolean;
  end(trailers: OriginFields): void;
  /** The response broke off within its body. */
  siblingBroken(error: ProxyErrorCode): void;
}

/** The rest of a response that will not do is let come to its end if it is no longer: cheaper than another connection. */
const WORTH_FINISHING: Bytes = 65_536;

/**
 * Asks the siblings, and fetches from the first that has it, with one deadline from the question to the response's head.
 * It is no attempt at an origin: it has no place there, and nothing is counted or judged of a pool by it.
 *
 *     asking ▸ nobody, overdue                                  ▸ over: the origins
 *            ▸ fetching ▸ refused, broken, overdue, not good    ▸ over: the origins
 *                       ▸ a good head ▸ bytes ▸ end, broken     ▸ over
 */
export class SiblingAttempt implements OriginReplies {
  readonly #order: SiblingOrder;
  readonly #target: SiblingTarget;
  #timer: NodeJS.Timeout | undefined;
  #asking: Asking | undefined;
  #slot = -1;
  #peer: Peer | undefined;
  #fetchedAt: Ms = 0;
  #call: OriginCall | undefined;
  #answered = false;
  #over = false;

  constructor(order: SiblingOrder, target: SiblingTarget) {
    this.#order = order;
    this.#target = target;
  }

  /** Whose response it is that is being brought, or was. */
  get name(): string | undefined {
    return this.#answered ? this.#peer?.name : undefined;
  }

  get orOrigins(): boolean {
    return this.#order.orOrigins;
  }

  /** `false`: there is nobody to ask just now, and nothing is told. */
  start(): boolean {
    const { siblings, question, peers } = this.#order;
    this.#asking = siblings.ask(question, (slot) => this.#found(slot));
    if (this.#asking === undefined) return false;
    this.#timer = setTimeout(overdue, peers.timeout, this);
    return true;
  }

  resume(): void {
    this.#call?.resume();
  }

  /** Nobody wants it any more: nothing more is told. A no-op when it is over. */
  cancel(): void {
    if (!this.#leave()) return;
    this.#asking?.cancel();
    this.#call?.cancel();
  }

  overdue(): void {
    if (this.#over) return;
    this.#asking?.cancel();
    this.#call?.cancel();
    this.#giveUp('overdue');
  }

  #found(slot: number | undefined): void {
    if (this.#over || this.#call !== undefined) return;
    this.#asking = undefined;
    this.#peer = slot === undefined ? undefined : this.#order.peers.peer(slot);
    if (slot === undefined || this.#peer === undefined) {
      this.#giveUp();
      return;
    }
    this.#slot = slot;
    this.#fetchedAt = performance.now();
    const call = this.#peer.send(siblingRequest(this.#order.question, this.#order.lines), this);
    this.#call = call;
    if (this.#over) call.cancel();
  }

  sent(): void {}

  /** An early hint is the origin's word, at another time. */
  interim(): void {}

  head(status: number, fields: OriginFields): void {
    if (this.#over) return;
    const judgement = this.#order.judge(status, fields);
    if (judgement !== 'good') {
      if (!isShort(status, fields)) this.#call?.cancel();
      this.#giveUp(judgement === 'bad' ? outcomeOf(status) : undefined);
      return;
    }
    clearTimeout(this.#timer);
    this.#answered = true;
    this.#tell('hit');
    this.#target.head(status, fields);
  }

  body(chunk: Buffer): boolean {
    return this.#over || this.#target.body(chunk);
  }

  end(trailers: OriginFields): void {
    if (this.#leave()) this.#target.end(trailers);
  }

  failed(error: Error): void {
    if (this.#over) return;
    if (!this.#answered) this.#giveUp('failed');
    else if (this.#leave()) this.#target.siblingBroken(originError(error, true).code);
  }

  switched(): void {
    throw new ProxyError('http_upgrade_failed', 'an upgrade that was not asked for');
  }

  /** `outcome`: of the fetch, if there was one that speaks for or against the sibling. */
  #giveUp(outcome?: SiblingOutcome): void {
    if (!this.#leave()) return;
    if (outcome !== undefined) this.#tell(outcome);
    this.#target.nobodyHad();
  }

  #tell(outcome: SiblingOutcome): void {
    if (this.#slot !== -1) this.#order.siblings.fetched(this.#slot, outcome, performance.now() - this.#fetchedAt);
  }

  #leave(): boolean {
    if (this.#over) return false;
    this.#over = true;
    clearTimeout(this.#timer);
    return true;
  }
}

function overdue(attempt: SiblingAttempt): void {
  attempt.overdue();
}

/** Of a response that will not do. */
function outcomeOf(status: number): SiblingOutcome {
  return status === 200 || status === 304 || status === 504 ? 'false-hit' : 'failed';
}

/** Whether hardly anything comes after this head. */
function isShort(status: number, fields: OriginFields): boolean {
  return (
    status === 304 || status === 204 || Number(fields['content-length'] ?? Number.POSITIVE_INFINITY) <= WORTH_FINISHING
  );
}
