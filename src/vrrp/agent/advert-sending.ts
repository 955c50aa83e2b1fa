import type { Ms } from '../../base/units.ts';
import { AdvertSender, type InterfaceName } from '../net/advert-socket.ts';
import type { VrrpSystem } from '../net/system.ts';
import type { InstancePlan } from '../plan.ts';
import { type AddressBytes, addressBytes, sameBytes, VRRP_GROUP_IPV4, VRRP_GROUP_IPV6 } from '../wire/address.ts';
import type { ChecksumForm } from '../wire/advertisement.ts';
import { formToSend } from '../wire/checksum-form.ts';
import { encode, type Outgoing, passwordBytes } from '../wire/encode.ts';
import { SendSequence } from '../wire/hmac-sequence.ts';

/** Sends the advertisements of one instance: to the group, or to each of its peers. */
export class AdvertSending {
  readonly #system: VrrpSystem;
  readonly #plan: InstancePlan;
  readonly #addresses: readonly AddressBytes[];
  readonly #destinations: readonly AddressBytes[];
  readonly #password: Uint8Array | undefined;
  readonly #sequence: SendSequence | undefined;
  #sender: AdvertSender | undefined;
  #source: AddressBytes | undefined;

  constructor(system: VrrpSystem, plan: InstancePlan) {
    const { rules, unicastPeers, password, hmac } = plan;
    this.#system = system;
    this.#plan = plan;
    this.#addresses = rules.addresses.map(({ address }) => addressBytes(address) as AddressBytes);
    const group = rules.family === 4 ? VRRP_GROUP_IPV4 : VRRP_GROUP_IPV6;
    this.#destinations =
      unicastPeers.length === 0 ? [group] : unicastPeers.map((peer) => addressBytes(peer) as AddressBytes);
    this.#password = password === undefined ? undefined : passwordBytes(password);
    this.#sequence = hmac === undefined ? undefined : new SendSequence(hmac.antiReplay);
  }

  /** From here on it sends from this address. Throws an error of the system when it is none of ours there. */
  use(place: InterfaceName, source: AddressBytes): void {
    this.#sender?.close();
    this.#sender = undefined;
    this.#sender = new AdvertSender(this.#system, place, source);
    this.#source = source;
  }

  get source(): AddressBytes | undefined {
    return this.#source;
  }

  /**
   * `interval`: what is told of it. `heard`: the form that others send, which is answered in kind. `wall`: epoch milliseconds. 0, or the
   * number of the first error.
   */
  send(priority: number, interval: Ms, heard: ChecksumForm | undefined, wall: Ms): number {
    const sender = this.#sender;
    const source = this.#source;
    if (sender === undefined || source === undefined) return 0;
    const { rules, checksum, hmac } = this.#plan;
    const key = hmac?.mode === 'receive-only' ? undefined : hmac?.keys[0];
    const sequence = key === undefined ? undefined : this.#sequence?.next(wall);
    let problem = 0;
    for (const destination of this.#destinations) {
      if (sameBytes(destination, source)) continue;
      const outgoing: Outgoing = {
        version: rules.version,
        vrid: rules.vrid,
        priority,
        interval,
        addresses: this.#addresses,
        source,
        destination,
        checksum: formToSend(checksum, heard),
        password: this.#password,
        signature: key === undefined || sequence === undefined ? undefined : { key, sequence },
      };
      const errno = sender.send(encode(outgoing, sender.room), destination);
      if (problem === 0) problem = errno;
    }
    return problem;
  }

  /** From here on nothing is sent. */
  close(): void {
    this.#sender?.close();
    this.#sender = undefined;
    this.#source = undefined;
  }
}
