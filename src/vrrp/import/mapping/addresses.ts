import { normalizeAddress } from '../../../base/address.ts';
import type { Statement } from '../blocks.ts';
import { approximate, dropped, EXACT, type Findings, type Judgement, refused, VERDICTS } from '../findings.ts';

/** Addresses of `virtual_ipaddress`, in their order: keepalived takes no advertisement whose list is not its own. */

export interface SharedAddress {
  readonly address: string;
  readonly prefix: number;
  readonly family: 4 | 6;
}

export interface AddressContext {
  readonly interface: string;
  /** Of the first address or peer: keepalived ignores what is of the other. */
  readonly family: 4 | 6;
  /** Those of all instances so far. */
  readonly taken: Set<string>;
  readonly findings: Findings;
}

/** What fits in a frame of 1500 bytes, and in the count: keepalived advertises no more. RFC 9568 §5.2.5. */
const MOST: Readonly<Record<4 | 6, number>> = { 4: 255, 6: 89 };

/** keepalived before 1.3.1 advertised no more. */
const MOST_OF_OLD = 20;

export function readAddresses(block: readonly Statement[], context: AddressContext): readonly string[] {
  const { findings, family, taken } = context;
  const addresses: SharedAddress[] = [];
  for (const statement of block) {
    const address = addressIn(statement.keyword);
    const judgement = judged(statement, address, addresses.length, context);
    findings.add(statement.place, judgement.finding);
    if (address === undefined || !judgement.isTaken) continue;
    addresses.push(address);
    taken.add(identity(address.address, context.interface));
  }
  const [first] = block;
  if (family === 6 && addresses[0] !== undefined && !isLinkLocal(addresses[0].address) && first !== undefined) {
    findings.add(first.place, refused(FIRST_OF_IPV6));
  }
  return addresses.map(({ address, prefix }) => `${address}/${prefix}`);
}

const FIRST_OF_IPV6 =
  'the first address of IPv6 has to be link-local (RFC 9568 §5.2.9): Portico puts one in front, and keepalived drops a list that is not its own; put one (fe80::…) first on all nodes before you migrate';

function judged(
  { args }: Statement,
  address: SharedAddress | undefined,
  count: number,
  { interface: device, family, taken }: AddressContext,
): { finding: Judgement; isTaken: boolean } {
  const out = (finding: Judgement) => ({ finding, isTaken: false });
  if (address === undefined) return out(refused('no address that is taken'));
  if (address.family !== family) return out(dropped(`keepalived ignores it: the instance is of IPv${family}`));
  if (taken.has(identity(address.address, device))) return out(dropped('it is there already; keepalived ignores it'));
  if (count >= MOST[family]) {
    return out(
      refused(
        `an advertisement has room for ${MOST[family]} addresses: keepalived does not advertise this one, and it needs an instance of its own`,
      ),
    );
  }
  return {
    finding: worst([prefixJudgement(address), ageJudgement(count), ...optionsJudged(args, device)]),
    isTaken: true,
  };
}

/** `192.0.2.1`, `192.0.2.1/24`, `2001:db8::1/64`; without a prefix it is the address alone. */
export function addressIn(text: string): SharedAddress | undefined {
  const [written = '', digits, more] = text.split('/');
  const address = normalizeAddress(written);
  if (address === undefined || more !== undefined || written.includes('%') || /^::ffff:/i.test(written))
    return undefined;
  if (/^(0|22[4-9]|2[3-5]\d)\.|^(::|ff..:.*)$/i.test(address)) return undefined;
  const family = address.includes(':') ? 6 : 4;
  const longest = family === 4 ? 32 : 128;
  if (digits === undefined) return { address, prefix: longest, family };
  const prefix = /^\d{1,3}$/.test(digits) ? Number(digits) : 0;
  return prefix >= 1 && prefix <= longest ? { address, prefix, family } : undefined;
}

export function isLinkLocal(address: string): boolean {
  return /^fe[89ab]/i.test(address);
}

/** A link-local one is another one on each interface. */
export function identity(address: string, device: string): string {
  return isLinkLocal(address) ? `${address} ${device}` : address;
}

function prefixJudgement({ address, prefix, family }: SharedAddress): Judgement {
  const host = family === 4 ? 32 : 128;
  if (prefix === host || isLinkLocal(address)) return EXACT;
  return approximate(
    `added as /${host}: no route to its /${prefix} comes with it, so the node needs an address of its own there`,
  );
}

function ageJudgement(count: number): Judgement {
  return count < MOST_OF_OLD
    ? EXACT
    : {
        verdict: 'exact',
        why: `keepalived before 1.3.1 advertised ${MOST_OF_OLD} addresses: a peer as old takes no longer list`,
      };
}

const NO_OPTION = approximate(
  'an address has no label, peer, scope or flag of its own: it is added plain, without duplicate address detection, and is no source by itself',
);

function optionsJudged(args: readonly string[], device: string): Judgement[] {
  const judgements: Judgement[] = [];
  for (let at = 0; at < args.length; at++) {
    const option = args[at] as string;
    const value = args[at + 1];
    if (!TAKES_VALUE.has(option)) {
      judgements.push(option === 'noprefixroute' ? EXACT : option === 'no_track' ? UNTRACKED : NO_OPTION);
      continue;
    }
    at++;
    if (option === 'dev' && value !== device) judgements.push(elsewhere(value, device));
    if (option === 'brd' || option === 'broadcast') judgements.push(dropped('a /32 has no broadcast address'));
    if (option === 'scope' && value !== 'global') judgements.push(NO_OPTION);
    if (option === 'label' || option === 'preferred_lft') judgements.push(NO_OPTION);
    if (option === 'peer') judgements.push(refused('an address has no peer'));
  }
  return judgements;
}

const TAKES_VALUE: ReadonlySet<string> = new Set([
  'dev',
  'brd',
  'broadcast',
  'scope',
  'label',
  'peer',
  'preferred_lft',
]);
const UNTRACKED = approximate('an address that somebody removes is put back');

function elsewhere(value: string | undefined, device: string): Judgement {
  return refused(
    `addresses are on the interface of their instance, ${device}: for ${value ?? 'another'} it takes an instance with that interface, in a sync group; it is in this list so that keepalived takes the advertisements`,
  );
}

/** One judgement of several: the worst, with all reasons. */
function worst(judgements: readonly Judgement[]): Judgement {
  const rank = Math.max(...judgements.map(({ verdict }) => VERDICTS.indexOf(verdict)));
  const whys = [...new Set(judgements.flatMap(({ why }) => why ?? []))];
  const verdict = VERDICTS[rank] ?? 'exact';
  return whys.length === 0 ? { verdict } : { verdict, why: whys.join('; ') };
}
