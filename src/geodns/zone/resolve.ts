import type { ClientPlace, GeoRecord, NameKey, Rdata, RecordSet, Resolution, WireName } from '../model.ts';
import { isWithin, nameKey, substituted } from '../wire/name.ts';
import { RCODE, TYPE } from '../wire/types.ts';
import { addressesOf, glueOf } from './additional.ts';
import { GEO_TYPES } from './check.ts';
import { geographicSet } from './geographic-set.ts';
import type { Zone, ZoneNode, ZoneSet } from './zone.ts';

/** Aliases that are followed for one question; who wants to go on may ask again. */
export const MAX_ALIASES = 16;

/**
 * What our zones say to a question of class IN: RFC 1034 §4.3.2 with wildcards as in RFC 4592, DNAME as in RFC 6672,
 * negative answers as in RFC 2308, and ANY as in RFC 8482. Aliases are followed through all our zones, but not to a
 * geographic record: its answer would hold for some clients only, where the alias holds for all.
 */
export function resolve(zones: ZoneSet, qname: WireName, qtype: number, client: ClientPlace): Resolution {
  const question = new Question(zones, qtype, client);
  return question.resolve(qname);
}

/** Where a step leads: to the name that an alias stands for, or to the end. */
type Step = { readonly alias: WireName } | Resolution;

class Question {
  readonly #zones: ZoneSet;
  readonly #type: number;
  readonly #client: ClientPlace;
  readonly #answer: RecordSet[] = [];

  constructor(zones: ZoneSet, type: number, client: ClientPlace) {
    this.#zones = zones;
    this.#type = type;
    this.#client = client;
  }

  resolve(qname: WireName): Resolution {
    const seen = new Set<NameKey>();
    let name = qname;
    for (let aliases = 0; ; aliases++) {
      const key = nameKey(name);
      const zone = this.#zones.find(key, this.#type);
      if (zone === undefined) return aliases === 0 ? REFUSED : this.#end(RCODE.NOERROR);
      if (seen.has(key) || aliases > MAX_ALIASES) return this.#end(RCODE.NOERROR);
      seen.add(key);
      const step = this.#step(zone, name, key);
      if (!('alias' in step)) return step;
      name = step.alias;
    }
  }

  /** RFC 1034 §4.3.2, step 3, for one name. */
  #step(zone: Zone, name: WireName, key: NameKey): Step {
    const found = zone.find(key, this.#type);
    switch (found.kind) {
      case 'exact':
      case 'wildcard':
        return this.#atNode(zone, name, found.node);
      case 'delegation':
        return this.#referral(zone, found.node);
      case 'dname':
        return this.#atDname(name, found.node.sets.get(TYPE.DNAME) as RecordSet);
      case 'absent':
        return this.#negative(RCODE.NXDOMAIN, zone);
    }
  }

  /** Step 3a, and 3c for a wildcard: its records are those of the name that was asked for. */
  #atNode(zone: Zone, name: WireName, { sets, geo }: ZoneNode): Step {
    if (geo !== undefined && GEO_TYPES.has(this.#type)) return this.#geographic(zone, name, geo);

    const cname = sets.get(TYPE.CNAME);
    // Only DNSSEC has sets beside a CNAME, and they are for who asks for them (RFC 4035 §2.5).
    if (cname !== undefined && !sets.has(this.#type)) {
      this.#answer.push({ ...cname, owner: name });
      return this.#type === TYPE.ANY ? this.#end(RCODE.NOERROR) : { alias: targetOf(cname) };
    }

    if (this.#type === TYPE.ANY) return this.#any(zone, name, sets, geo);
    const set = sets.get(this.#type);
    if (set === undefined) return this.#negative(RCODE.NOERROR, zone);
    this.#answer.push({ ...set, owner: name });
    return this.#end(RCODE.NOERROR, zone);
  }

  /**
   * RFC 8482 §4.2: an invented HINFO, which is small, says why, and is the same for all clients where one of the sets
   * might not be. A name that has one of its own keeps it.
   */
  #any(zone: Zone, name: WireName, sets: ZoneNode['sets'], geo: GeoRecord | undefined): Resolution {
    if (sets.size === 0 && geo === undefined) return this.#negative(RCODE.NOERROR, zone);
    this.#answer.push({ ...(sets.get(TYPE.HINFO) ?? MINIMAL_ANY), owner: name });
    return this.#end(RCODE.NOERROR);
  }

  /** The sets of the datacenters that were chosen, as one. An alias ends before it. */
  #geographic(zone: Zone, name: WireName, geo: GeoRecord): Resolution {
    if (this.#answer.length > 0) return this.#end(RCODE.NOERROR);
    const sets = geo.sets(this.#type);
    // If no datacenter has any, that holds for all clients.
    if (sets.every((set) => set === undefined)) return this.#negative(RCODE.NOERROR, zone);
    const { datacenters, scope } = geo.choose(this.#client);
    const set = geographicSet(name, this.#type, geo, datacenters);
    if (set === undefined) return { ...this.#negative(RCODE.NOERROR, zone), scope };
    this.#answer.push(set);
    return { ...this.#end(RCODE.NOERROR, zone), scope };
  }

  /**
   * Step 3b. The child's zone is not ours, or it would have been found first. The answer is authoritative still where an
   * alias of ours led here, as its first record is ours (RFC 1035 §4.1.1).
   */
  #referral(zone: Zone, node: ZoneNode): Resolution {
    const ns = node.sets.get(TYPE.NS) as RecordSet;
    const ds = node.sets.get(TYPE.DS);
    const { sets, glue } = glueOf(zone, ns);
    return {
      rcode: RCODE.NOERROR,
      authoritative: this.#answer.length > 0,
      answer: this.#answer,
      authority: ds === undefined ? [ns] : [ns, ds],
      additional: sets,
      glue,
      scope: 0,
    };
  }

  /**
   * RFC 6672 §3.2: the DNAME, and a CNAME made of it for this name (§3.1). One that leads below itself does so for
   * ever; the first step of that is all there is to say.
   */
  #atDname(name: WireName, dname: RecordSet): Step {
    if (!this.#answer.includes(dname)) this.#answer.push(dname);
    const target = targetOf(dname);
    const alias = substituted(name, dname.owner, target);
    if (alias === undefined) return this.#end(RCODE.YXDOMAIN);
    this.#answer.push({ owner: name, type: TYPE.CNAME, ttl: dname.ttl, rdatas: [{ bytes: alias, names: [0] }] });
    const isOver = this.#type === TYPE.CNAME || this.#type === TYPE.ANY;
    return isOver || isWithin(nameKey(target), nameKey(dname.owner)) ? this.#end(RCODE.NOERROR) : { alias };
  }

  /** NODATA and NXDOMAIN (RFC 2308 §2). After an alias, too: they are about what it leads to (RFC 6604 §3). */
  #negative(rcode: number, zone: Zone): Resolution {
    return { ...this.#end(rcode), authority: [zone.negativeSoa] };
  }

  #end(rcode: number, zone?: Zone): Resolution {
    const last = this.#answer.at(-1);
    const additional = zone === undefined || last === undefined ? [] : addressesOf(zone, last);
    return { rcode, authoritative: true, answer: this.#answer, authority: [], additional, glue: 0, scope: 0 };
  }
}

const REFUSED: Resolution = {
  rcode: RCODE.REFUSED,
  authoritative: false,
  answer: [],
  authority: [],
  additional: [],
  glue: 0,
  scope: 0,
};

/** RFC 8482 §4.2: the CPU is called RFC8482. An hour keeps who asks again from doing so often. */
const MINIMAL_ANY = {
  type: TYPE.HINFO,
  ttl: 3600,
  rdatas: [{ bytes: Buffer.from('\x07RFC8482\x00', 'latin1'), names: [] }],
} as const;

/** Of a CNAME or DNAME, whose RDATA is a name and nothing else. */
function targetOf(alias: RecordSet): WireName {
  return (alias.rdatas[0] as Rdata).bytes;
}
