import type { Statement } from '../blocks.ts';
import type { InstanceDraft } from '../draft.ts';
import { approximate, dropped, exact, type Findings, type Judgement } from '../findings.ts';
import { addressIn, identity, isLinkLocal } from './addresses.ts';
import type { Facts } from './facts.ts';

/** `mcast_src_ip` and `unicast_src_ip`, which are one setting to keepalived: of several lines the last counts. */
export interface Source {
  /** `undefined`: none is told, or none that can be had. */
  readonly address: string | undefined;
  judge(statement: Statement): Judgement;
}

export function isSource({ keyword }: Statement): boolean {
  return keyword === 'mcast_src_ip' || keyword === 'unicast_src_ip';
}

export function sourceOf(block: readonly Statement[], { family, isUnicast }: Facts): Source {
  const told = (statement: Statement) => addressIn(statement.args[0] ?? '');
  const last = block.findLast((statement) => isSource(statement) && told(statement)?.family === family);
  const address = last && told(last)?.address;
  const isTaken = address !== undefined && (family === 4 || isUnicast || isLinkLocal(address));
  const isTracked = block.some(({ keyword }) => keyword === 'track_src_ip');
  return {
    address: isTaken ? address : undefined,
    judge(statement) {
      const its = told(statement);
      if (its === undefined) return dropped('no address of a host; keepalived ignores it');
      if (its.family !== family) return dropped(`keepalived ignores it: the instance is of IPv${family}`);
      if (statement !== last) return dropped(`line ${last?.place.line} counts, as in keepalived`);
      if (!isTaken) return GLOBAL;
      return isTracked ? exact('source') : exact('source: without that address there is a fault, as by track_src_ip');
    },
  };
}

const GLOBAL = approximate(
  'by multicast an advertisement of IPv6 comes from a link-local address (RFC 9568 §5.1.2.1): from the first one of the interface',
);

export function trackedSource({ address }: Source): Judgement {
  return address === undefined
    ? approximate('an address of the interface that goes is told, and another one is taken')
    : exact('without source there is a fault');
}

/** Takes those out that are shared, or are a peer's: an own address is there whoever is active. Told once all instances are known. */
export function dropForeignSources(
  instances: Iterable<{ readonly draft: InstanceDraft; readonly block: readonly Statement[] }>,
  findings: Findings,
): void {
  const all = [...instances];
  const shared = new Set(all.flatMap(({ draft }) => draft.addresses.map((text) => identityOf(text, draft))));
  for (const { draft, block } of all) {
    const { source, unicast_peers = [] } = draft;
    if (source === undefined || (!shared.has(identityOf(source, draft)) && !unicast_peers.includes(source))) continue;
    delete draft.source;
    for (const { place } of block.filter(isSource)) findings.add(place, FOREIGN);
  }
}

function identityOf(text: string, { interface: device }: InstanceDraft): string {
  const address = text.replace(/\/.*/, '');
  return identity(address, device);
}

const FOREIGN = approximate(
  'it is an address that is shared, or of a peer: advertisements come from the first own address of the interface',
);
