import { CLIENT_COOKIE, DO, LEAST_SERVER_COOKIE, MOST_SERVER_COOKIE, OPTION, OPTION_HEADER } from './edns.ts';
import { u16 } from './message.ts';

/**
 * The OPT record of a query and the options of it that we know (edns.ts draws them). It points into the message; all of
 * it is overwritten by the next one.
 */
export class EdnsQuery {
  isPresent = false;
  /** 0 to 255; above 0 there is nothing else that we could understand. */
  version = 0;
  /** How long a UDP message to the client may be, as it says: 0 to 65535. */
  udpLength = 0;
  /** The flag DO. */
  isDnssecOk = false;

  /** Where the client's cookie begins, and its length with the server's behind it: 8, or 16 to 40; 0: it has none. */
  cookieAt = 0;
  cookieLength = 0;

  /** Of its client subnet: 1 IPv4, 2 IPv6; 0: it has none. */
  subnetFamily = 0;
  /** SOURCE PREFIX-LENGTH: 0 to 32 or 128. */
  subnetPrefix = 0;
  /** Where the address begins; only as many bytes as the prefix needs. */
  subnetAt = 0;

  wantsNsid = false;
  hasKeepalive = false;

  #optionsAt = 0;
  #end = 0;

  clear(): void {
    this.isPresent = false;
    this.version = 0;
    this.udpLength = 0;
    this.isDnssecOk = false;
    this.cookieLength = 0;
    this.subnetFamily = 0;
    this.subnetPrefix = 0;
    this.wantsNsid = false;
    this.hasKeepalive = false;
  }

  /** `at`: where the type stands; `end`: where the record ends. */
  readRecord(bytes: Uint8Array, at: number, end: number): void {
    this.isPresent = true;
    this.udpLength = u16(bytes, at + 2);
    this.version = bytes[at + 5] as number;
    this.isDnssecOk = (u16(bytes, at + 6) & DO) !== 0;
    this.#optionsAt = at + 10;
    this.#end = end;
  }

  /** Whether all options are whole, and those that we know well-formed. */
  readOptions(bytes: Uint8Array): boolean {
    let at = this.#optionsAt;
    while (at < this.#end) {
      if (at + OPTION_HEADER > this.#end) return false;
      const data = at + OPTION_HEADER;
      const length = u16(bytes, at + 2);
      if (data + length > this.#end || !this.#readOption(bytes, u16(bytes, at), data, length)) return false;
      at = data + length;
    }
    return true;
  }

  #readOption(bytes: Uint8Array, code: number, at: number, length: number): boolean {
    switch (code) {
      case OPTION.CLIENT_SUBNET:
        return this.#readSubnet(bytes, at, length);
      case OPTION.COOKIE:
        return this.#readCookie(at, length);
      case OPTION.NSID: // whatever is in it (RFC 5001 §2.1)
        this.wantsNsid = true;
        return true;
      case OPTION.KEEPALIVE: // likewise: a timeout is ours to tell
        this.hasKeepalive = true;
        return true;
      default:
        return true;
    }
  }

  /** Of several the first counts (RFC 7873 §5.2). */
  #readCookie(at: number, length: number): boolean {
    if (this.cookieLength > 0) return true;
    const ofServer = length - CLIENT_COOKIE;
    if (ofServer !== 0 && (ofServer < LEAST_SERVER_COOKIE || ofServer > MOST_SERVER_COOKIE)) return false;
    this.cookieAt = at;
    this.cookieLength = length;
    return true;
  }

  /**
   * RFC 7871 §6:
   *
   *      +--------+--------+--------+--------+---- - -
   *      |     family      | source | scope  | address    no longer than the source prefix needs,
   *      +--------+--------+--------+--------+---- - -    and zeros behind it; scope 0 in a query
   *
   * Of two we could not tell for which the answer should be.
   */
  #readSubnet(bytes: Uint8Array, at: number, length: number): boolean {
    if (length < 4 || this.subnetFamily !== 0) return false;
    const family = u16(bytes, at);
    const prefix = bytes[at + 2] as number;
    if (family !== 1 && family !== 2) return false;
    if (bytes[at + 3] !== 0 || prefix > (family === 1 ? 32 : 128)) return false;
    if (length !== 4 + ((prefix + 7) >>> 3)) return false;
    if ((prefix & 7) !== 0 && ((bytes[at + length - 1] as number) & (0xff >>> (prefix & 7))) !== 0) return false;
    this.subnetFamily = family;
    this.subnetPrefix = prefix;
    this.subnetAt = at + 4;
    return true;
  }
}
