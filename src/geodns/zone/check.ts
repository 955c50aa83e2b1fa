import type { NameKey } from '../model.ts';
import { labelOffsets, nameToText, WILDCARD } from '../wire/name.ts';
import { TYPE, typeToText } from '../wire/types.ts';
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
    checkHidden(draft, apex, key, node, findings);
  }
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

/** What is below a delegation and seen all the same, as glue; and what is seen at the delegation itself (RFC 4035 §2.6). */
const GLUE: ReadonlySet<number> = new Set([TYPE.A, TYPE.AAAA]);
const AT_DELEGATION: ReadonlySet<number> = new Set([...GLUE, TYPE.NS, TYPE.DS, TYPE.RRSIG, TYPE.NSEC]);
const NOTHING: ReadonlySet<number> = new Set();

/** Below a DNAME there is nothing (RFC 6672 §2.4), below a delegation only glue: whatever else is there nobody gets. */
function checkHidden(draft: Draft, apex: NameKey, key: NameKey, node: DraftNode, findings: Findings): void {
  const hiding = hidingRecord(draft, apex, key);
  if (hiding === undefined) return;
  const isAtDelegation = node.records.get(TYPE.NS)?.[0] === hiding;
  const seen = isAtDelegation ? AT_DELEGATION : hiding.type === TYPE.NS ? GLUE : NOTHING;
  for (const [type, [record]] of node.records) {
    if (record === undefined || seen.has(type)) continue;
    findings.warn(record.where, `${recordTitle(record)}: hidden by ${recordTitle(hiding)} at ${hiding.where}`);
  }
  for (const { owner, where } of node.geo) {
    findings.warn(where, `${nameToText(owner)} geo: hidden by ${recordTitle(hiding)} at ${hiding.where}`);
  }
}

/** The DNAME above a name, or the delegation above or at it, that keeps questions from it. */
function hidingRecord(draft: Draft, apex: NameKey, key: NameKey): ZoneRecord | undefined {
  const apexAt = key.length - apex.length;
  for (const at of [...labelOffsets(key, apexAt), apexAt]) {
    const records = draft.get(key.slice(at))?.records;
    const dname = at > 0 ? records?.get(TYPE.DNAME) : undefined;
    const ns = at < apexAt ? records?.get(TYPE.NS) : undefined;
    const [record] = dname ?? ns ?? [];
    if (record !== undefined) return record;
  }
  return undefined;
}
