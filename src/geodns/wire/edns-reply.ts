import { CLIENT_COOKIE, DO, OPT_LENGTH, OPTION, OPTION_HEADER } from './edns.ts';
import type { EdnsQuery } from './edns-query.ts';
import { putU16 } from './message.ts';
import { TYPE } from './types.ts';

/** A server cookie of version 1 behind the client's (RFC 9018 §4). */
export const COOKIE_LENGTH = CLIENT_COOKIE + 16;

const NONE = -1;

/**
 * The OPT record of a reply: it has one if the query has (RFC 6891 §6.1.1), a truncated one as well (§7), with the options
 * that were asked for. One object serves for all replies.
 */
export class EdnsReply {
  /** Both cookies, or none. */
  cookie: Uint8Array | undefined;
  /** Of the client subnet; none: the reply has no such option. */
  scope = NONE;
  nsid: Uint8Array | undefined;
  /** After how many tenths of a second an idle connection is closed (RFC 7828 §3.1). */
  keepalive = NONE;
  /** Why (RFC 8914). */
  extendedError = NONE;

  /** What a UDP message to us may have. */
  readonly #udpLength: number;

  constructor(udpLength: number) {
    this.#udpLength = udpLength;
  }

  clear(): void {
    this.cookie = undefined;
    this.scope = NONE;
    this.nsid = undefined;
    this.keepalive = NONE;
    this.extendedError = NONE;
  }

  /** How long the record will be in answer to a query. */
  lengthFor(query: EdnsQuery): number {
    if (!query.isPresent) return 0;
    let length = OPT_LENGTH;
    if (this.scope !== NONE) length += OPTION_HEADER + 4 + ((query.subnetPrefix + 7) >>> 3);
    if (this.cookie !== undefined) length += OPTION_HEADER + COOKIE_LENGTH;
    if (this.nsid !== undefined) length += OPTION_HEADER + this.nsid.length;
    if (this.keepalive !== NONE) length += OPTION_HEADER + 2;
    if (this.extendedError !== NONE) length += OPTION_HEADER + 2;
    return length;
  }

  /** Writes it, where the query has one, and says where it ends. `bytes`: the query. */
  write(message: Uint8Array, at: number, query: EdnsQuery, bytes: Uint8Array, rcode: number): number {
    if (!query.isPresent) return at;
    message[at] = 0;
    putU16(message, at + 1, TYPE.OPT);
    putU16(message, at + 3, this.#udpLength);
    message[at + 5] = rcode >>> 4;
    message[at + 6] = 0; // version
    putU16(message, at + 7, query.isDnssecOk ? DO : 0);

    let end = at + OPT_LENGTH;
    if (this.scope !== NONE) end = this.#writeSubnet(message, end, query, bytes);
    if (this.cookie !== undefined) end = writeOption(message, end, OPTION.COOKIE, this.cookie);
    if (this.nsid !== undefined) end = writeOption(message, end, OPTION.NSID, this.nsid);
    if (this.keepalive !== NONE) end = writeNumber(message, end, OPTION.KEEPALIVE, this.keepalive);
    if (this.extendedError !== NONE) end = writeNumber(message, end, OPTION.EXTENDED_ERROR, this.extendedError);
    putU16(message, at + 9, end - at - OPT_LENGTH);
    return end;
  }

  /** Family, source prefix and address as they came (RFC 7871 §7.2.1). */
  #writeSubnet(message: Uint8Array, at: number, query: EdnsQuery, bytes: Uint8Array): number {
    const address = (query.subnetPrefix + 7) >>> 3;
    putU16(message, at, OPTION.CLIENT_SUBNET);
    putU16(message, at + 2, 4 + address);
    putU16(message, at + 4, query.subnetFamily);
    message[at + 6] = query.subnetPrefix;
    message[at + 7] = this.scope;
    for (let i = 0; i < address; i++) message[at + 8 + i] = bytes[query.subnetAt + i] as number;
    return at + 8 + address;
  }
}

function writeOption(message: Uint8Array, at: number, code: number, data: Uint8Array): number {
  putU16(message, at, code);
  putU16(message, at + 2, data.length);
  for (let i = 0; i < data.length; i++) message[at + OPTION_HEADER + i] = data[i] as number;
  return at + OPTION_HEADER + data.length;
}

function writeNumber(message: Uint8Array, at: number, code: number, value: number): number {
  putU16(message, at, code);
  putU16(message, at + 2, 2);
  putU16(message, at + 4, value);
  return at + 6;
}
