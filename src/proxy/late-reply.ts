import type { ProxyErrorCode } from './error.ts';
import type { OwnReply } from './error-page.ts';
import type { Exchange, ExchangeListener } from './exchange.ts';

/** Who answers with it, once. */
export interface LateReplyOwner {
  answer(reply: OwnReply): void;
  /** The client has left before. */
  finished(status: number, error: ProxyErrorCode): void;
}

/** A reply of our own that is not there yet. A client that leaves does not undo what it is about. */
export class LateReply implements ExchangeListener {
  readonly #exchange: Exchange;
  readonly #owner: LateReplyOwner;
  #over = false;

  /** `reply` never rejects. */
  constructor(exchange: Exchange, reply: Promise<OwnReply>, owner: LateReplyOwner) {
    this.#exchange = exchange;
    this.#owner = owner;
    exchange.listener = this;
    void reply.then((each) => {
      if (this.#leave()) owner.answer(each);
    });
  }

  drained(): void {}

  abandoned(why: ProxyErrorCode): void {
    if (this.#leave()) this.#owner.finished(0, why);
  }

  /** Ends it from our side, as at the deadline of a stop. */
  cut(): void {
    this.#exchange.breakOff();
    this.abandoned('proxy_internal_error');
  }

  #leave(): boolean {
    if (this.#over) return false;
    this.#over = true;
    return true;
  }
}
