import { TURN } from './tcp-limits.ts';

/** Who has more to do than one turn of the event loop allows. */
export interface Waiting {
  /** Its turn has come. It does a piece of its work; what is left then waits again. */
  goOn(): void;
}

/**
 * Shares turns of the event loop among connections, and between them and all else that the thread does: in one turn, all of them
 * together are answered so much, a piece at a time, and each waits for its next piece behind the others. However many connections
 * ask for however much, a query by UDP, and one by TCP of a client that has but that one, is answered soon.
 */
export class TcpTurns {
  #left = TURN;
  readonly #waiting: Waiting[] = [];
  #next: NodeJS.Immediate | undefined;

  /** No more in this turn. */
  get isOver(): boolean {
    return this.#left <= 0;
  }

  /** So much has been done: see `QUERY_WORK`. */
  spend(work: number): void {
    this.#left -= work;
    // Runs at the end of this turn, and keeps the thread from no sleep.
    this.#next ??= setImmediate(this.#turn).unref();
  }

  /** Its turn comes once. */
  wait(waiting: Waiting): void {
    this.#waiting.push(waiting);
    this.#soon();
  }

  #soon(): void {
    this.#next ??= setImmediate(this.#turn);
    this.#next.ref();
  }

  readonly #turn = (): void => {
    this.#next = undefined;
    this.#left = TURN;
    // Those who come back meanwhile are behind those who wait.
    let served = 0;
    while (!this.isOver && served < this.#waiting.length) (this.#waiting[served++] as Waiting).goOn();
    this.#waiting.splice(0, served);
    if (this.#waiting.length > 0) this.#soon();
  };
}
