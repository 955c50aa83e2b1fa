import type { GeoRecord, NameKey, RecordSet, WireName } from '../model.ts';
import { isWithin, labelOffsets, nameKey, ROOT_KEY, WILDCARD } from '../wire/name.ts';
import { TYPE } from '../wire/types.ts';

/** A name that exists in a zone. One without any set is an empty non-terminal: there are names below it (RFC 4592 §2.2.2). */
export interface ZoneNode {
  readonly name: WireName;
  readonly sets: ReadonlyMap<number, RecordSet>;
  /** In place of sets of A, AAAA and HTTPS. */
  readonly geo: GeoRecord | undefined;
}

/** Where the way from the apex of a zone down to a name ends: RFC 1034 §4.3.2, step 3. */
export type Found =
  | { readonly kind: 'exact'; readonly node: ZoneNode }
  /** The name does not exist, but the wildcard does that stands for it (RFC 4592 §3.3.1). */
  | { readonly kind: 'wildcard'; readonly node: ZoneNode }
  /** It belongs to another zone, which begins at this node. */
  | { readonly kind: 'delegation'; readonly node: ZoneNode }
  /** It is below a node that has a DNAME (RFC 6672 §3.2). */
  | { readonly kind: 'dname'; readonly node: ZoneNode }
  | { readonly kind: 'absent' };

const ABSENT: Found = { kind: 'absent' };

/** A zone as it is served: checked, and never changed. */
export class Zone {
  readonly name: WireName;
  readonly key: NameKey;
  readonly soa: RecordSet;
  /** The SOA as negative answers have it: for so long they may be kept (RFC 2308 §3, §5). */
  readonly negativeSoa: RecordSet;
  /** All names that exist, with empty non-terminals, glue and what a delegation hides. */
  readonly nodes: ReadonlyMap<NameKey, ZoneNode>;

  /** `nodes` has the apex with one SOA, and every name between it and the others. */
  constructor(soa: RecordSet, nodes: ReadonlyMap<NameKey, ZoneNode>) {
    this.name = soa.owner;
    this.key = nameKey(soa.owner);
    this.soa = soa;
    this.negativeSoa = { ...soa, ttl: Math.min(soa.ttl, soaNumbers(soa).minimum) };
    this.nodes = nodes;
  }

  get serial(): number {
    return soaNumbers(this.soa).serial;
  }

  /** Whether a name is within the zone, existing or not. */
  has(key: NameKey): boolean {
    return isWithin(key, this.key);
  }

  /**
   * Follows the labels of a name that is within the zone. A question for DS at the beginning of another zone is for this
   * one, as the parent has them (RFC 4035 §3.1.4.1).
   */
  find(key: NameKey, type: number): Found {
    if (key === this.key) return { kind: 'exact', node: this.#node(key) as ZoneNode };
    const offsets = labelOffsets(key, key.length - this.key.length);
    let encloser = this.#node(this.key) as ZoneNode;
    let encloserKey = this.key;
    for (let i = offsets.length - 1; i >= 0; i--) {
      if (encloser.sets.has(TYPE.DNAME)) return { kind: 'dname', node: encloser };
      const nextKey = key.slice(offsets[i]);
      const node = this.#node(nextKey);
      if (node === undefined) return this.#wildcard(encloserKey);
      const isAsked = i === 0;
      if (node.sets.has(TYPE.NS) && !(isAsked && type === TYPE.DS)) return { kind: 'delegation', node };
      encloser = node;
      encloserKey = nextKey;
    }
    return { kind: 'exact', node: encloser };
  }

  /** All record sets but the geographic ones, the SOA first, as a transfer wants them (RFC 5936 §2.2). */
  *recordSets(): Generator<RecordSet> {
    yield this.soa;
    for (const node of this.nodes.values()) {
      for (const set of node.sets.values()) if (set !== this.soa) yield set;
    }
  }

  #wildcard(encloser: NameKey): Found {
    const node = this.#node(WILDCARD + encloser);
    return node === undefined ? ABSENT : { kind: 'wildcard', node };
  }

  #node(key: NameKey): ZoneNode | undefined {
    return this.nodes.get(key);
  }
}

/** The zones that a server has, by name. */
export class ZoneSet {
  readonly #zones = new Map<NameKey, Zone>();

  constructor(zones: Iterable<Zone>) {
    for (const zone of zones) this.#zones.set(zone.key, zone);
  }

  get size(): number {
    return this.#zones.size;
  }

  [Symbol.iterator](): Iterator<Zone> {
    return this.#zones.values();
  }

  get(key: NameKey): Zone | undefined {
    return this.#zones.get(key);
  }

  /** The closest zone that a name is in. DS at its very beginning is asked of the zone above, if that is here, too. */
  find(key: NameKey, type: number): Zone | undefined {
    const own = this.#zones.get(key);
    if (own !== undefined && type !== TYPE.DS) return own;
    return this.#above(key) ?? own;
  }

  #above(key: NameKey): Zone | undefined {
    for (const at of labelOffsets(key).slice(1)) {
      const zone = this.#zones.get(key.slice(at));
      if (zone !== undefined) return zone;
    }
    return key === ROOT_KEY ? undefined : this.#zones.get(ROOT_KEY);
  }
}

/** The numbers behind the two names of a SOA record (RFC 1035 §3.3.13). */
export function soaNumbers(soa: RecordSet): { readonly serial: number; readonly minimum: number } {
  const bytes = soa.rdatas[0]?.bytes as Buffer;
  return { serial: bytes.readUInt32BE(bytes.length - 20), minimum: bytes.readUInt32BE(bytes.length - 4) };
}
