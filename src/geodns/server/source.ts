import type { QuerySource } from '../answer/source.ts';

/** A source to be filled anew for each query. */
export function emptySource(transport: QuerySource['transport']): QuerySource {
  return { transport, family: 4, address: new Uint8Array(16), port: 0 };
}

/**
 * Fills in where a packet or a connection comes from, from the text that the system gave: a valid address, with a zone
 * if it is link-local (`fe80::1%eth0`), which is left out. An IPv4-mapped one (`::ffff:192.0.2.1`) is told as IPv4. Makes no
 * garbage: this is asked for each packet.
 */
export function fillSource(source: QuerySource, address: string, port: number): void {
  source.port = port;
  const bytes = source.address;
  if (!address.includes(':')) {
    source.family = 4;
    writeIPv4(address, 0, bytes, 0);
    return;
  }
  writeIPv6(address, bytes);
  source.family = 6;
  if (!isMapped(bytes)) return;
  source.family = 4;
  bytes.copyWithin(0, 12, 16);
}

const COLON = 58;
const DOT = 46;
const PERCENT = 37;

/** The four bytes of the dotted address that begins at `start`. */
function writeIPv4(text: string, start: number, bytes: Uint8Array, at: number): void {
  let octet = 0;
  let next = at;
  for (let i = start; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === PERCENT) break;
    if (code === DOT) {
      bytes[next++] = octet;
      octet = 0;
    } else {
      octet = octet * 10 + code - 48;
    }
  }
  bytes[next] = octet;
}

/** Groups are written from the front; at the end those behind `::` move to the back (RFC 4291 §2.2). */
function writeIPv6(text: string, bytes: Uint8Array): void {
  let next = 0;
  let gap = -1;
  let group = 0;
  let start = 0;
  for (let i = 0; ; i++) {
    const code = i < text.length ? text.charCodeAt(i) : PERCENT;
    if (code === DOT) {
      writeIPv4(text, start, bytes, next);
      next += 4;
      break;
    }
    if (code !== COLON && code !== PERCENT) {
      group = (group << 4) | (code < COLON ? code - 48 : (code | 32) - 87);
      continue;
    }
    if (i > start) {
      bytes[next++] = group >> 8;
      bytes[next++] = group & 255;
    } else if (i > 0 && code === COLON) {
      gap = next;
    }
    if (code === PERCENT) break;
    group = 0;
    start = i + 1;
  }
  if (gap === -1) return;
  const behind = next - gap;
  bytes.copyWithin(16 - behind, gap, next);
  bytes.fill(0, gap, 16 - behind);
}

function isMapped(bytes: Uint8Array): boolean {
  if (bytes[10] !== 0xff || bytes[11] !== 0xff) return false;
  for (let i = 0; i < 10; i++) if (bytes[i] !== 0) return false;
  return true;
}
