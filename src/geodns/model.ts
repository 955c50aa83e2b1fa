/** Words that all of the DNS server shares. Names and RDATA are bytes as on the wire, so that no byte of them is lost. */

/** A domain name in wire form, uncompressed, with its end (RFC 1035 §3.1), in the case that it was written in. */
export type WireName = Buffer;

/** The same in lower case as a latin1 string: what names are told apart and looked up by (RFC 4343). */
export type NameKey = string;

/** Seconds, 0 to 2^31 − 1 (RFC 2181 §8). */
export type Ttl = number;

/** All records of one owner, type and class IN (RFC 2181 §5). */
export interface RecordSet {
  readonly owner: WireName;
  readonly type: number;
  readonly ttl: Ttl;
  readonly rdatas: readonly Rdata[];
}

/** RDATA, uncompressed. */
export interface Rdata {
  readonly bytes: Buffer;
  /** Where names begin in it that may be compressed: those of the types of RFC 1035 alone (RFC 3597 §4). */
  readonly names: readonly number[];
}

/** What a zone says to a question, before anything of it is bytes of a message. */
export interface Resolution {
  readonly rcode: number;
  readonly authoritative: boolean;
  readonly answer: readonly RecordSet[];
  readonly authority: readonly RecordSet[];
  readonly additional: readonly RecordSet[];
  /** So many of the additional sets, the first ones, are glue: without them the reply is truncated (RFC 9471 §3). */
  readonly glue: number;
  /** The answer holds for clients of this prefix length only; 0: for all (RFC 7871 §7.2.1). */
  readonly scope: number;
}

/** For whom a geographic record is resolved. */
export interface ClientPlace {
  /** 4 or 16 bytes: of the client subnet where the question has one, else of who asks. */
  readonly address: Uint8Array;
  /** Of the address only so many bits are known: the source prefix length of a client subnet, else 32 or 128. */
  readonly prefix: number;
}

/** Chooses for a geographic record: which datacenters, best first, and for how large a net around the client that holds. */
export interface GeoChoice {
  readonly datacenters: readonly number[];
  readonly scope: number;
}

/** What a zone has at a name whose A, AAAA and HTTPS records depend on the client. */
export interface GeoRecord {
  readonly ttl: Ttl;
  /**
   * Its records of A, AAAA or HTTPS, by the index of the datacenter; `undefined` where it has none. Their owner and TTL
   * are not looked at: they are those of the question and of this record.
   */
  sets(type: number): readonly (RecordSet | undefined)[];
  /** The records of all the datacenters that it names become the answer, in their order; none of them is NODATA. */
  choose(client: ClientPlace): GeoChoice;
}
