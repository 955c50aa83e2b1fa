import { isIPv4, isIPv6 } from 'node:net';
import { normalizeAddress } from '../../base/address.ts';
import type { Rdata, RecordSet } from '../model.ts';
import { ROOT } from '../wire/name.ts';
import { Problem } from '../wire/problem.ts';
import { rdataFromText } from '../wire/rdata.ts';
import { TYPE } from '../wire/types.ts';

/** By type, and by position of a datacenter: what clients get that are sent there. */
export type DatacenterSets = ReadonlyMap<number, readonly (RecordSet | undefined)[]>;

const NONE: readonly undefined[] = [];

/**
 * A and AAAA from addresses; and HTTPS, which promises protocols of the very name that was asked for. It has no address
 * hints: who follows it asks for the addresses of that name anyway, so they would gain nothing (RFC 9460 §7.3), and
 * resolvers that keep the client's net to themselves when they ask for HTTPS would spread those of another place.
 */
export function datacenterSets(
  datacenters: readonly { readonly addresses: readonly string[] }[],
  alpn: readonly string[],
): DatacenterSets {
  const ofFamily = (type: number, isOfFamily: (address: string) => boolean) =>
    datacenters.map(({ addresses }) => setOf(type, addresses.map(canonical).filter(isOfFamily)));
  const https = alpn.length === 0 ? undefined : setOf(TYPE.HTTPS, [`1 . alpn=${alpn.join()}`]);
  return new Map([
    [TYPE.A, ofFamily(TYPE.A, isIPv4)],
    [TYPE.AAAA, ofFamily(TYPE.AAAA, isIPv6)],
    [TYPE.HTTPS, datacenters.map(() => https)],
  ]);
}

/** Those of some datacenters, at their positions. */
export function setsOf(sets: DatacenterSets, datacenters: readonly number[]): DatacenterSets {
  return new Map(
    [...sets].map(([type, all]) => [
      type,
      all.map((set, position) => (datacenters.includes(position) ? set : undefined)),
    ]),
  );
}

export function setsOfType(sets: DatacenterSets, type: number): readonly (RecordSet | undefined)[] {
  return sets.get(type) ?? NONE;
}

/** Owner and TTL are those of whatever record refers to the datacenter. */
function setOf(type: number, texts: readonly string[]): RecordSet | undefined {
  if (texts.length === 0) return undefined;
  return { owner: ROOT, type, ttl: 0, rdatas: texts.map((text) => rdataOf(type, text)) };
}

function rdataOf(type: number, text: string): Rdata {
  const words = text.split(' ').map((word) => ({ text: word, quoted: false }));
  const rdata = rdataFromText(type, words, () => ROOT);
  if (rdata instanceof Problem) throw rdata;
  return rdata;
}

/** Settings are checked before they come here. */
function canonical(address: string): string {
  return normalizeAddress(address) ?? address;
}
