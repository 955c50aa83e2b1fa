import { AdvertReceiver } from '../net/advert-socket.ts';
import type { VrrpSystem } from '../net/system.ts';
import type { Family } from '../wire/address.ts';
import type { Advertisement, Drop } from '../wire/advertisement.ts';
import { decodeIPv4, decodeIPv6 } from '../wire/decode.ts';
import type { Link } from './interfaces.ts';

export type OnAdvert = (link: Link, family: Family, advert: Advertisement | Drop) => void;

/** Where advertisements come in: one receiver for each interface and family, whatever the number of instances. */
export class Reception {
  readonly #system: VrrpSystem;
  readonly #onAdvert: OnAdvert;
  readonly #receivers = new Map<string, AdvertReceiver>();

  constructor(system: VrrpSystem, onAdvert: OnAdvert) {
    this.#system = system;
    this.#onAdvert = onAdvert;
  }

  /** Throws an error of the system when the interface is gone. */
  open(link: Link, family: Family): void {
    const key = keyOf(link, family);
    if (this.#receivers.has(key)) return;
    const receiver =
      family === 4
        ? new AdvertReceiver(this.#system, link, 4, (datagram) => this.#onAdvert(link, 4, decodeIPv4(datagram)))
        : new AdvertReceiver(this.#system, link, 6, (message, arrival) => {
            if (arrival !== undefined) this.#onAdvert(link, 6, decodeIPv6(message, arrival));
          });
    this.#receivers.set(key, receiver);
  }

  /** Hands on all that has been received by now: to be done before anything is decided because of the time. */
  drain(): void {
    for (const receiver of this.#receivers.values()) receiver.drain();
  }

  /** All but these are closed. */
  keep(wanted: readonly { readonly link: Link; readonly family: Family }[]): void {
    const keys = new Set(wanted.map(({ link, family }) => keyOf(link, family)));
    for (const [key, receiver] of this.#receivers) {
      if (keys.has(key)) continue;
      receiver.close();
      this.#receivers.delete(key);
    }
  }
}

/** An interface that was made anew has another index. */
function keyOf({ index, name }: Link, family: Family): string {
  return `${index} ${name} ${family}`;
}
