import type { NameKey } from '../model.ts';
import { nameToText, WILDCARD } from '../wire/name.ts';
import { TYPE, typeToText } from '../wire/types.ts';
import { checkDelegations } from './check-delegations.ts';
import type { Draft, DraftNode } from './draft.ts';
import { type Findings, recordTitle, type ZoneRecord } from './record.ts';

/** Types whose sets are one for each client at a geographic name. */
export const GEO_TYPES: ReadonlySet<number> = new Set([TYPE.A, TYPE.AAAA, TYPE.HTTPS]);

/** What must be true of the records of a zone together, and what its owner will hardly have meant. */
export function checkDraft(draft: Draft, apex: NameKey, where: string, findings: Findings): void {
  checkApex(draft.get(apex), where, findings);
  for (const [key, node] of draft) {
    if (key !== apex) checkNotApex(node, key, findings);
    checkCname(node, findings);
    checkSingle(node, TYPE.DNAME, 'RFC 6672 §2.4', findings);
    checkGeo(node, findings);
  }
  checkDelegations(draft, apex, findings);
}

/** RFC 1035 §5.2. */
function checkApex(node: DraftNode | undefined, where: string, findings: Findings): void {
  const soa = node?.records.get(TYPE.SOA) ?? [];
  if (soa.length === 0) findings.problem(where, 'expected one SOA record at the name of the zone, got none');
  if (soa[1] !== undefined) findings.problem(soa[1].where, `expected one SOA record, got another at ${soa[0]?.where}`);
  if (!node?.records.has(TYPE.NS)) findings.problem(where, 'expected an NS record at the name of the zone, got none');
}

function checkNotApex({ name, records }: DraftNode, key: NameKey, findings: Findings): void {
  const soa = records.get(TYPE.SOA)?.[0];
  if (soa !== undefined) findings.problem(soa.where, `${recordTitle(soa)}: expected it at the name of the zone only`);

  const ns = records.get(TYPE.NS)?.[0];
  const dname = records.get(TYPE.DNAME)?.[0];
  const isWildcard = key.startsWith(WILDCARD);
  if (isWildcard && ns !== undefined) {
    findings.problem(ns.where, `${recordTitle(ns)}: a wildcard cannot delegate (RFC 4592 §4.2)`);
  }
  if (isWildcard && dname !== undefined) {
    findings.warn(dname.where, `${recordTitle(dname)}: names below ${nameToText(name)} only (RFC 4592 §4.4)`);
  }
  if (ns !== undefined && dname !== undefined) {
    findings.problem(dname.where, `${recordTitle(dname)}: not beside NS, which is at ${ns.where} (RFC 6672 §2.3)`);
  }
}

/** Types that DNSSEC puts beside a CNAME (RFC 2181 §10.1, RFC 4034 §3, §4). */
const BESIDE_CNAME: ReadonlySet<number> = new Set([TYPE.CNAME, TYPE.RRSIG, TYPE.NSEC, TYPE.SIG, TYPE.KEY]);

/** RFC 2181 §10.1. */
function checkCname(node: DraftNode, findings: Findings): void {
  const cname = checkSingle(node, TYPE.CNAME, 'RFC 2181 §10.1', findings);
  if (cname === undefined) return;
  for (const [type, [other]] of node.records) {
    if (BESIDE_CNAME.has(type)) continue;
    findings.problem(
      cname.where,
      `${recordTitle(cname)}: not beside other records: there is ${typeToText(type)} at ${other?.where} (RFC 2181 §10.1)`,
    );
  }
  const [geo] = node.geo;
  if (geo !== undefined) {
    findings.problem(cname.where, `${recordTitle(cname)}: not beside geo, which is at ${geo.where} (RFC 2181 §10.1)`);
  }
}

/** The only record of a type that a name may have one of. */
function checkSingle(node: DraftNode, type: number, rule: string, findings: Findings): ZoneRecord | undefined {
  const [first, second] = node.records.get(type) ?? [];
  if (first !== undefined && second !== undefined) {
    findings.problem(second.where, `${recordTitle(second)}: expected one, got another at ${first.where} (${rule})`);
  }
  return first;
}

function checkGeo({ name, records, geo }: DraftNode, findings: Findings): void {
  const [first, second] = geo;
  if (first === undefined) return;
  if (second !== undefined) {
    findings.problem(second.where, `${nameToText(name)} geo: expected one, got another at ${first.where}`);
  }
  for (const [type, [record]] of records) {
    if (record === undefined || !GEO_TYPES.has(type)) continue;
    findings.problem(record.where, `${recordTitle(record)}: not beside geo, which is at ${first.where}`);
  }
}
