import type { Ban, PurgeOrder } from './order.ts';

/**
 * A ban as it stands in shared memory, little-endian:
 *
 *     0        4      5          13
 *     +--------+------+----------+------------------+
 *     | length | kind | sequence | text in UTF-8 …  |
 *     +--------+------+----------+------------------+
 *
 * `length` is that of the whole record; `kind` has 0x80 added when the ban is soft.
 */

const KIND_AT = 4;
const SEQUENCE_AT = 5;
const TEXT_AT = 13;

const KINDS = ['url', 'prefix', 'tag', 'all'] as const;
const SOFT = 0x80;

export function banSize({ order }: Ban): number {
  return TEXT_AT + (order.kind === 'all' ? 0 : Buffer.byteLength(order.text));
}

export function encodeBans(bans: readonly Ban[]): Buffer {
  const bytes = Buffer.allocUnsafe(bans.reduce((sum, ban) => sum + banSize(ban), 0));
  let at = 0;
  for (const ban of bans) {
    const { order, soft, sequence } = ban;
    const length = banSize(ban);
    bytes.writeUInt32LE(length, at);
    bytes.writeUInt8(KINDS.indexOf(order.kind) | (soft ? SOFT : 0), at + KIND_AT);
    bytes.writeDoubleLE(sequence, at + SEQUENCE_AT);
    if (order.kind !== 'all') bytes.write(order.text, at + TEXT_AT, 'utf8');
    at += length;
  }
  return bytes;
}

/** `bytes` are whole records. */
export function* decodeBans(bytes: Buffer): Generator<Ban> {
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32LE(at);
    const kind = bytes.readUInt8(at + KIND_AT);
    const text = bytes.toString('utf8', at + TEXT_AT, at + length);
    yield {
      order: orderOf(KINDS[kind & ~SOFT] as PurgeOrder['kind'], text),
      soft: (kind & SOFT) !== 0,
      sequence: bytes.readDoubleLE(at + SEQUENCE_AT),
    };
    at += length;
  }
}

function orderOf(kind: PurgeOrder['kind'], text: string): PurgeOrder {
  return kind === 'all' ? { kind } : { kind, text };
}
