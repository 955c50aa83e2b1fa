import type { NameKey } from '../model.ts';
import { isWithin, labelOffsets, nameKey, nameToText } from '../wire/name.ts';
import { TYPE } from '../wire/types.ts';
import type { Draft, DraftNode } from './draft.ts';
import { type Findings, recordTitle, type ZoneRecord } from './record.ts';
import { targetsOf } from './targets.ts';

/** That whoever is sent elsewhere finds the way, and that what nobody can get is told. */
export function checkDelegations(draft: Draft, apex: NameKey, findings: Findings): void {
  const servers = serversOf(draft);
  for (const [key, node] of draft) {
    const hiding = hidingRecord(draft, apex, key);
    if (hiding === undefined) continue;
    const isAtDelegation = node.records.get(TYPE.NS)?.[0] === hiding;
    if (isAtDelegation) checkGlue(draft, key, node, findings);
    checkHidden(node, hiding, servers.has(key), findings);
  }
}

/** Servers within what they serve: nobody could find them without their addresses (RFC 9471 §2.1). */
function checkGlue(draft: Draft, cut: NameKey, { records }: DraftNode, findings: Findings): void {
  for (const ns of records.get(TYPE.NS) ?? []) {
    for (const server of targetsOf({ type: ns.type, rdatas: [ns.rdata] })) {
      const key = nameKey(server);
      if (!isWithin(key, cut) || hasAddress(draft.get(key))) continue;
      const missing = `an A or AAAA record of ${nameToText(server)} as glue`;
      findings.problem(ns.where, `${recordTitle(ns)}: expected ${missing}, got none (RFC 9471 §2.1)`);
    }
  }
}

function hasAddress(node: DraftNode | undefined): boolean {
  return node !== undefined && (node.records.has(TYPE.A) || node.records.has(TYPE.AAAA));
}

/** Of names of servers, below a delegation or at it: their addresses are seen all the same, as glue. */
const GLUE: ReadonlySet<number> = new Set([TYPE.A, TYPE.AAAA]);
/** RFC 4035 §2.6. */
const AT_DELEGATION: ReadonlySet<number> = new Set([TYPE.NS, TYPE.DS, TYPE.RRSIG, TYPE.NSEC]);

/** Below a DNAME there is nothing (RFC 6672 §2.4), below a delegation only glue: whatever else is there nobody gets. */
function checkHidden({ records, geo }: DraftNode, hiding: ZoneRecord, isServer: boolean, findings: Findings): void {
  const isAtDelegation = records.get(TYPE.NS)?.[0] === hiding;
  const isGlue = isServer && hiding.type === TYPE.NS;
  for (const [type, [record]] of records) {
    if (record === undefined || (isAtDelegation && AT_DELEGATION.has(type)) || (isGlue && GLUE.has(type))) continue;
    findings.warn(record.where, `${recordTitle(record)}: hidden by ${recordTitle(hiding)} at ${hiding.where}`);
  }
  for (const { owner, where } of geo) {
    findings.warn(where, `${nameToText(owner)} geo: hidden by ${recordTitle(hiding)} at ${hiding.where}`);
  }
}

/** The servers of all delegations, and of the zone itself. */
function serversOf(draft: Draft): ReadonlySet<NameKey> {
  const servers = new Set<NameKey>();
  for (const { records } of draft.values()) {
    const rdatas = (records.get(TYPE.NS) ?? []).map(({ rdata }) => rdata);
    for (const server of targetsOf({ type: TYPE.NS, rdatas })) servers.add(nameKey(server));
  }
  return servers;
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
