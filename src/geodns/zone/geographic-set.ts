import type { GeoRecord, Rdata, RecordSet, WireName } from '../model.ts';

/** What datacenters that were chosen have of a type as one set, in their order; `undefined`: they have nothing. */
export function geographicSet(
  owner: WireName,
  type: number,
  geo: GeoRecord,
  datacenters: readonly number[],
): RecordSet | undefined {
  const sets = geo.sets(type);
  const rdatas = distinct(datacenters.flatMap((index) => sets[index]?.rdatas ?? []));
  return rdatas.length === 0 ? undefined : { owner, type, ttl: geo.ttl, rdatas };
}

function distinct(rdatas: readonly Rdata[]): readonly Rdata[] {
  return rdatas.filter((rdata, i) => rdatas.findIndex((other) => other.bytes.equals(rdata.bytes)) === i);
}
