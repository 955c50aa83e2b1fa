import { isIPv4 } from 'node:net';
import { parseAddress } from '../../base/address.ts';

interface Net {
  readonly bytes: Uint8Array;
  readonly prefix: number;
}

/** A few networks, asked with addresses as bytes. */
export class Nets {
  readonly #nets: readonly Net[];

  /** Such as `192.0.2.0/24` or `2001:db8::1`. Settings are checked before they come here: what is none is left out. */
  constructor(texts: readonly string[]) {
    this.#nets = texts.map(netOf).filter((net) => net !== undefined);
  }

  has(address: Uint8Array, at: number, size: number): boolean {
    for (const { bytes, prefix } of this.#nets) {
      if (bytes.length === size && isWithin(bytes, prefix, address, at)) return true;
    }
    return false;
  }
}

function isWithin(net: Uint8Array, prefix: number, address: Uint8Array, at: number): boolean {
  const whole = prefix >>> 3;
  for (let i = 0; i < whole; i++) if (net[i] !== address[at + i]) return false;
  const rest = prefix & 7;
  return rest === 0 || ((net[whole] as number) ^ (address[at + whole] as number)) >>> (8 - rest) === 0;
}

function netOf(text: string): Net | undefined {
  const [host, digits] = text.split('/', 2) as [string, string?];
  const address = parseAddress(host);
  if (address === undefined) return undefined;
  const words = typeof address === 'number' ? [address] : address;
  const bytes = Buffer.alloc(words.length * 4);
  words.forEach((word, i) => {
    bytes.writeUInt32BE(word, i * 4);
  });
  const width = bytes.length * 8;
  // ::ffff:192.0.2.0/120 is 192.0.2.0/24.
  const written = digits === undefined ? width : Number(digits) - (width === 32 && !isIPv4(host) ? 96 : 0);
  return written >= 0 && written <= width ? { bytes, prefix: written } : undefined;
}
