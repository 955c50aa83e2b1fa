import { type Net, parseNet } from '../../src/geodns/geo/net.ts';

/** What a record may hold: whole numbers become uint32, others and coordinates doubles. */
export type MmdbValue = string | number | boolean | readonly MmdbValue[] | { readonly [key: string]: MmdbValue };

export interface MmdbContent {
  /** Of nested nets the inner one counts. IPv4 nets lie at `::/96` of a database for IPv6. */
  readonly nets: Iterable<readonly [net: string | Net, record: MmdbValue]>;
  /** Bits, default 24. */
  readonly recordSize?: 24 | 28 | 32;
  /** Default 6. */
  readonly ipVersion?: 4 | 6;
  /** Default `Test-City`. */
  readonly type?: string;
  /** Whether images of IPv4 in IPv6 (mapped, 6to4, Teredo) lead to IPv4's part of the tree, as in MaxMind's files. */
  readonly aliases?: boolean;
  readonly metadata?: { readonly [key: string]: MmdbValue };
}

/** A MaxMind DB of format 2.0, with pointers for each text but its first. */
export function writeMmdb(content: MmdbContent): Buffer {
  const { recordSize = 24, ipVersion = 6, type = 'Test-City', aliases = false } = content;
  const tree = new Tree();
  const data = new Data();
  const nets = [...content.nets].map(([net, record]) => ({ net: netOf(net), offset: data.offsetOf(record) }));
  nets.sort((a, b) => a.net.prefix - b.net.prefix);
  for (const { net, offset } of nets) tree.insert(net.first, ...bitsOf(net, ipVersion), -2 - offset);
  if (aliases) {
    const ipv4 = tree.nodeAt([0, 0, 0, 0], 96);
    for (const [first, prefix] of IMAGES) tree.insert(first, 0, prefix, ipv4);
  }
  const metadata = new Data();
  metadata.write({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_790_000_000,
    database_type: type,
    description: { en: 'made for a test' },
    ip_version: ipVersion,
    languages: ['en'],
    node_count: tree.count,
    record_size: recordSize,
    ...content.metadata,
  });
  return Buffer.concat([tree.bytes(recordSize), Buffer.alloc(16), data.bytes(), MARKER, metadata.bytes()]);
}

/** A record as MaxMind's City has it; nothing in it is made up for what is not given. */
export function maxmindRecord(place: {
  continent?: string;
  country?: string;
  registered?: string;
  subdivisions?: readonly string[];
  city?: string;
  location?: readonly [number, number];
}): MmdbValue {
  const { continent, country, registered, subdivisions, city, location } = place;
  return {
    ...(city && { city: { geoname_id: 1, names: { de: `${city} (de)`, en: city } } }),
    ...(continent && { continent: { code: continent, names: { en: continent } } }),
    ...(country && { country: { is_in_european_union: true, iso_code: country } }),
    ...(location && { location: { accuracy_radius: 10, latitude: location[0], longitude: location[1] } }),
    ...(registered && { registered_country: { iso_code: registered } }),
    ...(subdivisions && { subdivisions: subdivisions.map((code) => ({ geoname_id: 7, iso_code: code })) }),
  };
}

const MARKER = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');

const IMAGES = [
  [[0, 0, 0xffff, 0], 96],
  [[0x2002_0000, 0, 0, 0], 16],
  [[0x2001_0000, 0, 0, 0], 32],
] as const;

function netOf(net: string | Net): Net {
  const parsed = typeof net === 'string' ? parseNet(net) : net;
  if (parsed === undefined) throw new TypeError(`no net: ${JSON.stringify(net)}`);
  return parsed;
}

/** Which bits of the four words lead through the tree: from, and how many. */
function bitsOf({ family, prefix }: Net, ipVersion: 4 | 6): [from: number, to: number] {
  if (ipVersion === 4) return [96, 96 + prefix];
  return [0, family === 4 ? 96 + prefix : prefix];
}

/** A child is a node, −1 for nothing, or −2 − the offset of a record. */
class Tree {
  #children = new Int32Array(1024).fill(-1);
  count = 1;

  insert(words: readonly number[], from: number, to: number, value: number): void {
    if (to === from) {
      this.#children.fill(value, 0, 2);
      return;
    }
    let slot = 0;
    for (let depth = from; depth < to; depth++) {
      const bit = ((words[depth >>> 5] as number) >>> (31 - (depth & 31))) & 1;
      const node = depth === from ? 0 : this.#split(slot);
      slot = 2 * node + bit;
    }
    this.#children[slot] = value;
  }

  nodeAt(words: readonly number[], depth: number): number {
    let node = 0;
    for (let i = 0; i < depth; i++) {
      const bit = ((words[i >>> 5] as number) >>> (31 - (i & 31))) & 1;
      node = this.#split(2 * node + bit);
    }
    return node;
  }

  bytes(recordSize: 24 | 28 | 32): Buffer {
    const bytes = Buffer.alloc((this.count * recordSize) / 4);
    for (let node = 0; node < this.count; node++) {
      const [left, right] = [this.#record(2 * node), this.#record(2 * node + 1)];
      if (Math.max(left, right) >= 2 ** recordSize) throw new RangeError(`more than ${recordSize} bits can say`);
      const at = (node * recordSize) / 4;
      if (recordSize === 32) {
        bytes.writeUInt32BE(left, at);
        bytes.writeUInt32BE(right, at + 4);
        continue;
      }
      bytes.writeUIntBE(left % 2 ** 24, at, 3);
      bytes.writeUIntBE(right % 2 ** 24, at + Math.ceil(recordSize / 8), 3);
      if (recordSize === 28) bytes[at + 3] = ((left >>> 24) << 4) | (right >>> 24);
    }
    return bytes;
  }

  #record(slot: number): number {
    const child = this.#children[slot] as number;
    return child >= 0 ? child : child === -1 ? this.count : this.count + 16 + (-2 - child);
  }

  /** The node in a slot; what was a leaf becomes one with that leaf twice. */
  #split(slot: number): number {
    const child = this.#children[slot] as number;
    if (child >= 0) return child;
    const node = this.count++;
    if (2 * this.count > this.#children.length) {
      const larger = new Int32Array(2 * this.#children.length).fill(-1);
      larger.set(this.#children);
      this.#children = larger;
    }
    this.#children.fill(child, 2 * node, 2 * node + 2);
    this.#children[slot] = node;
    return node;
  }
}

const DOUBLE = 3;
const UINT16 = 5;
const UINT32 = 6;
const UINT64 = 9;
const SIZES: Readonly<Record<number, number>> = { [DOUBLE]: 8, [UINT16]: 2, [UINT32]: 4, [UINT64]: 8 };

/** libmaxminddb takes no other type for these. */
const TYPES: Readonly<Record<string, number>> = {
  binary_format_major_version: UINT16,
  binary_format_minor_version: UINT16,
  build_epoch: UINT64,
  ip_version: UINT16,
  latitude: DOUBLE,
  longitude: DOUBLE,
  record_size: UINT16,
};

class Data {
  readonly #parts: Buffer[] = [];
  readonly #texts = new Map<string, number>();
  readonly #records = new Map<string, number>();
  #length = 0;

  /** Of a record: one that has been there before is not written again. */
  offsetOf(record: MmdbValue): number {
    const key = JSON.stringify(record);
    const known = this.#records.get(key);
    if (known !== undefined) return known;
    const offset = this.#length;
    this.#records.set(key, offset);
    this.write(record);
    return offset;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  /** `key`: of what in a map, for the type of a number. */
  write(value: MmdbValue, key = ''): void {
    if (typeof value === 'string') this.#text(value);
    else if (typeof value === 'boolean') this.#control(14, value ? 1 : 0);
    else if (typeof value === 'number') this.#number(value, TYPES[key]);
    else if (Array.isArray(value)) {
      this.#control(11, value.length);
      for (const element of value) this.write(element);
    } else {
      const entries = Object.entries(value);
      this.#control(7, entries.length);
      for (const [key, entry] of entries) {
        this.#text(key);
        this.write(entry, key);
      }
    }
  }

  #text(text: string): void {
    const known = this.#texts.get(text);
    if (known !== undefined) {
      this.#pointer(known);
      return;
    }
    this.#texts.set(text, this.#length);
    const bytes = Buffer.from(text);
    this.#control(2, bytes.length);
    this.#add(bytes);
  }

  #number(value: number, type = Number.isInteger(value) && value >= 0 ? UINT32 : DOUBLE): void {
    const bytes = Buffer.alloc(SIZES[type] as number);
    if (type === DOUBLE) bytes.writeDoubleBE(value);
    else if (type === UINT64) bytes.writeBigUInt64BE(BigInt(value));
    else bytes.writeUIntBE(value, 0, bytes.length);
    this.#control(type, bytes.length);
    this.#add(bytes);
  }

  #control(type: number, size: number): void {
    const more = size < 29 ? 0 : size < 285 ? 1 : size < 65_821 ? 2 : 3;
    const bytes = Buffer.alloc((type > 7 ? 2 : 1) + more);
    bytes[0] = ((type > 7 ? 0 : type) << 5) | (more === 0 ? size : 28 + more);
    if (type > 7) bytes[1] = type - 7;
    const base = [0, 29, 285, 65_821][more] as number;
    if (more > 0) bytes.writeUIntBE(size - base, bytes.length - more, more);
    this.#add(bytes);
  }

  #pointer(to: number): void {
    const size = to < 2048 ? 0 : to < 526_336 ? 1 : to < 2 ** 27 ? 2 : 3;
    const value = to - ([0, 2048, 526_336, 0][size] as number);
    const bytes = Buffer.alloc(size + 2);
    bytes.writeUIntBE(value % 2 ** (8 * (size + 1)), 1, size + 1);
    bytes[0] = (1 << 5) | (size << 3) | (size === 3 ? 0 : Math.floor(value / 2 ** (8 * (size + 1))));
    this.#add(bytes);
  }

  #add(bytes: Buffer): void {
    this.#parts.push(bytes);
    this.#length += bytes.length;
  }
}
