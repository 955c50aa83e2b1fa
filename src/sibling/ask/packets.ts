import { encodeExactQuery, encodeQuery } from '../icp/message.ts';
import type { Peer } from './peer.ts';
import { toldFields } from './told-fields.ts';

/** One question as each kind of peer is asked it: written when the first of the kind is. */
export class Packets {
  readonly #requestNumber: number;
  readonly #url: string;
  readonly #fields: readonly string[];
  readonly #written: { plain?: Buffer | undefined; exact?: Buffer | undefined; guarded?: Buffer | undefined } = {};

  constructor(requestNumber: number, url: string, fields: readonly string[]) {
    this.#requestNumber = requestNumber;
    this.#url = url;
    this.#fields = fields;
  }

  /** `undefined`: it is not asked, as the packet would be too long. */
  of(peer: Peer, isPortico: boolean): Buffer | undefined {
    const kind = !isPortico ? 'plain' : peer.isHttps ? 'guarded' : 'exact';
    if (!(kind in this.#written)) this.#written[kind] = this.#write(kind);
    return this.#written[kind];
  }

  #write(kind: 'plain' | 'exact' | 'guarded'): Buffer | undefined {
    if (kind === 'plain') return encodeQuery(this.#requestNumber, this.#url);
    return encodeExactQuery(this.#requestNumber, this.#url, toldFields(this.#fields, kind === 'guarded'));
  }
}
