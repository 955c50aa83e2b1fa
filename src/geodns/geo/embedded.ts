/**
 * IPv6 addresses that are IPv4 addresses in truth, and are looked up as such. Nothing is known of them but that address; no
 * database is asked for them otherwise.
 *
 *     ::a.b.c.d               IPv4-compatible, deprecated (RFC 4291 §2.5.5.1); :: and ::1 are 0.0.0.0/8 then, which is nowhere
 *     ::ffff:a.b.c.d          IPv4-mapped (RFC 4291 §2.5.5.2)
 *     ::ffff:0:a.b.c.d        IPv4-translated (RFC 2765 §2.1)
 *     64:ff9b::a.b.c.d        NAT64, the well-known prefix (RFC 6052 §2.1)
 *     2002:aabb:ccdd::/48     6to4 (RFC 3056 §2)
 *     2001:0:…:~(a.b.c.d)     Teredo, all bits of the address inverted (RFC 4380 §4)
 */
export type Embedding = 0 | 1 | 2 | 3;

export const NOT_EMBEDDED = 0;
/** The last 32 bits. */
export const IN_LAST_WORD = 1;
/** Bits 16 to 47. */
export const IN_6TO4 = 2;
/** The last 32 bits, inverted. */
export const IN_TEREDO = 3;

export function embeddingOf(w0: number, w1: number, w2: number): Embedding {
  if (w0 === 0) {
    return w1 === 0 && (w2 === 0 || w2 === 0xffff || w2 === 0xffff_0000) ? IN_LAST_WORD : NOT_EMBEDDED;
  }
  if (w0 >>> 16 === 0x2002) return IN_6TO4;
  if (w0 === 0x2001_0000) return IN_TEREDO;
  return w0 === 0x0064_ff9b && w1 === 0 && w2 === 0 ? IN_LAST_WORD : NOT_EMBEDDED;
}

/** The IPv4 address within. */
export function embeddedIPv4(embedding: Embedding, w0: number, w1: number, w3: number): number {
  if (embedding === IN_6TO4) return ((w0 << 16) | (w1 >>> 16)) >>> 0;
  return embedding === IN_TEREDO ? ~w3 >>> 0 : w3;
}

/**
 * How many bits there are before the IPv4 address; with a scope of the IPv4 address added it is one of the IPv6 address. For
 * Teredo that includes server, flags and port, which tell nothing, but the address comes after them.
 */
export function bitsBefore(embedding: Embedding): number {
  return embedding === IN_6TO4 ? 16 : 96;
}

/** The nets around them, of which the rest is unassigned: no scope of another IPv6 address may reach into these. */
export const EMBEDDED_NETS = [
  { first: [0, 0, 0, 0], prefix: 64 },
  { first: [0x0064_ff9b, 0, 0, 0], prefix: 64 },
  { first: [0x2001_0000, 0, 0, 0], prefix: 32 },
  { first: [0x2002_0000, 0, 0, 0], prefix: 16 },
] as const;

/**
 * Of an address that is in one of the nets of 64 bits and is no IPv4 address: the length of the largest net around it in which
 * none is. Those differ in the third word alone.
 */
export function prefixBeside(w0: number, w2: number): number {
  const common = Math.clz32(w2);
  if (w0 !== 0) return 65 + common;
  return 65 + Math.max(common, Math.clz32(w2 ^ 0xffff), Math.clz32(w2 ^ 0xffff_0000));
}

/** Whether a net of IPv6 is one of those. */
export function isEmbeddedNet(w0: number, w1: number, prefix: number): boolean {
  if (prefix === 64) return w1 === 0 && (w0 === 0 || w0 === 0x0064_ff9b);
  return (prefix === 32 && w0 === 0x2001_0000) || (prefix === 16 && w0 === 0x2002_0000);
}
