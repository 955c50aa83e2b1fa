import type { Ms } from '../../base/units.ts';
import type { Peer } from './peer.ts';

/** A question to one peer that it has not answered. */
export interface OpenQuestion {
  readonly peer: Peer;
  /** Whether the client waits for it. */
  readonly isAwaited: boolean;
  /** It has the one place of a peer on trial. */
  readonly isOnTrial: boolean;
}

/**
 * One URL asked about at several peers: what is known of it until all have answered, or too long afterwards.
 *
 *     asked ──first hit, all answered, or `wait`──▸ the client is told
 *       └────siblings.timeout──▸ judged: who has not answered now speaks against itself
 */
export class Inquiry {
  readonly requestNumber: number;
  readonly url: string;
  readonly asked: Ms;
  readonly open: OpenQuestion[] = [];
  /** How long the client waits at most. */
  wait: Ms = 0;
  timer: NodeJS.Timeout | undefined;
  isOverdue = false;
  isJudged = false;
  readonly #releaseTrial: (slot: number) => void;
  #found: ((slot: number | undefined) => void) | undefined;

  constructor(
    requestNumber: number,
    url: string,
    asked: Ms,
    found: ((slot: number | undefined) => void) | undefined,
    releaseTrial: (slot: number) => void,
  ) {
    this.requestNumber = requestNumber;
    this.url = url;
    this.asked = asked;
    this.#found = found;
    this.#releaseTrial = releaseTrial;
  }

  /** Whether there is an answer to wait for. */
  get isAwaited(): boolean {
    return this.open.some((question) => question.isAwaited);
  }

  /** The question to this peer is open no more. `undefined`: it was not. */
  take(peer: Peer): OpenQuestion | undefined {
    const at = this.open.findIndex((question) => question.peer === peer);
    return at === -1 ? undefined : this.open.splice(at, 1)[0];
  }

  /** Whether the client still waits. */
  get isWanted(): boolean {
    return this.#found !== undefined;
  }

  /** Tells the client, if it still waits. Nothing will be fetched from those that have not answered. */
  tell(slot: number | undefined): void {
    const found = this.#found;
    this.cancel();
    found?.(slot);
  }

  /** Nobody wants to know any more. Answers are still taken, for what they tell of the peers. */
  cancel(): void {
    if (this.#found === undefined) return;
    this.#found = undefined;
    for (const { peer, isOnTrial } of this.open) if (isOnTrial) this.#releaseTrial(peer.slot);
  }
}
