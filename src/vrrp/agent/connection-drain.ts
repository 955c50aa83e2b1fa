import type { Ms } from '../../base/units.ts';
import type { EventLog } from '../../observe/event-forward.ts';
import { HELD } from '../machine/timers.ts';
import type { HeldConnections } from '../net/held-connections.ts';
import type { AddressBytes, MacBytes } from '../wire/address.ts';

export interface ConnectionDrainOptions {
  /** Holds new ones back. Throws an error of the system. */
  readonly hold: () => HeldConnections;
  readonly log: EventLog;
  /** Of the instance. */
  readonly name: string;
  /** For how long connections may end by themselves. */
  readonly patience: Ms;
  /** How long a successor of any priority takes, from the goodbye on. */
  readonly skew: Ms;
  /** Connections that are open, of all addresses that move with these. */
  readonly open: () => number;
  readonly now: () => Ms;
  /** From here on connections should end; or no more. */
  readonly onMoving: (on: boolean) => void;
  /** There are none, as far as that can be had. */
  readonly onDrained: () => void;
}

/** How often connections are counted, at the most; and how much of the time that may take. */
const LOOK: Ms = 2;
const MOST_SHARE = 5;

/** A successor's scheduler, and the network. */
const MARGIN: Ms = 250;

/**
 * Sees to it that a planned move of addresses costs no connection, whoever takes them over. A connection that is open when hosts learn of the new
 * place is lost: its next packet goes to a host that knows nothing of it. So there are none by then. At first those that are open are asked to
 * end, as the proxy does that is told. Then new ones are held back: the first packet of each is dropped, and kept. When there is
 * none left the goodbye can be said, and when another host says that it has the addresses it gets what was kept, and all that still comes here.
 */
export class ConnectionDrain {
  readonly #options: ConnectionDrainOptions;
  readonly #patienceEnds: Ms;
  #look: NodeJS.Timeout | undefined;
  #overdue: NodeJS.Timeout | undefined;
  #held: HeldConnections | undefined;
  #isAwaited = false;
  #isOver = false;

  constructor(options: ConnectionDrainOptions) {
    this.#options = options;
    this.#patienceEnds = options.now() + options.patience;
    options.onMoving(true);
    this.#look = setTimeout(() => this.#ease(), LOOK);
  }

  /** From now on others are awaited: what is held back is, for so long as they may take. */
  goodbye(): void {
    if (this.#isOver) return;
    clearTimeout(this.#look);
    clearTimeout(this.#overdue);
    this.#overdue = setTimeout(() => this.end(), this.#options.skew + MARGIN);
    this.#isAwaited = true;
  }

  /** Another host says that it has this one of them. */
  claimed(address: AddressBytes, mac: MacBytes): void {
    if (!this.#isAwaited || this.#isOver || this.#held === undefined) return;
    clearTimeout(this.#overdue);
    this.#try('what was held back cannot be sent on', () => this.#held?.passOn(address, mac));
  }

  /** Whoever comes from here on is served as ever, if the addresses are here. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#look);
    clearTimeout(this.#overdue);
    this.#held?.close();
    this.#options.onMoving(false);
  }

  #ease(): void {
    const { now } = this.#options;
    const began = now();
    if (this.#options.open() === 0 || began >= this.#patienceEnds) this.#holdBack();
    else this.#look = setTimeout(() => this.#ease(), this.#pause(began));
  }

  #holdBack(): void {
    const { hold, onDrained } = this.#options;
    this.#try('new connections cannot be held back: a few may be lost as addresses move', () => {
      this.#held = hold();
    });
    if (this.#held === undefined) {
      onDrained();
      return;
    }
    // Should nobody say goodbye.
    this.#overdue = setTimeout(() => this.end(), 2 * HELD);
    this.#await();
  }

  #await(): void {
    const began = this.#options.now();
    if (this.#options.open() === 0) this.#options.onDrained();
    else this.#look = setTimeout(() => this.#await(), this.#pause(began));
  }

  #pause(began: Ms): Ms {
    return Math.max(LOOK, MOST_SHARE * (this.#options.now() - began));
  }

  #try(problem: string, act: () => void): void {
    const { log, name } = this.#options;
    try {
      act();
    } catch (error) {
      log.warn(problem, { instance: name, error });
    }
  }
}
