import { normalizeAddress } from '../../../base/address.ts';
import type { Statement } from '../blocks.ts';
import type { InstanceDraft, Secret } from '../draft.ts';
import { approximate, dropped, EXACT, type Findings, type Judgement, refused } from '../findings.ts';
import { readAddresses } from './addresses.ts';
import { type AuthContext, readKeys, readPassword } from './authentication.ts';
import { type Facts, factsOf } from './facts.ts';
import { garpDraft, judgedGarp } from './garp.ts';
import { downTimer, type Globals, unknownKeyword } from './globals.ts';
import { isNotify } from './hooks.ts';
import { judgedKeyword, ON_LINK } from './instance-keywords.ts';
import type { Names } from './names.ts';
import { isInterfaceName, isTrue, timeOf, wholeIn } from './numbers.ts';
import { settled } from './repeated.ts';
import { isSource, sourceOf, trackedSource } from './source.ts';
import { intervalOf, preemptOf, stateJudgement } from './timing.ts';
import { isTrackList } from './tracks.ts';

/** A `vrrp_instance`, but for what it tracks and whom it notifies, which its sync group has a say in. */
export interface ImportedInstance {
  readonly keepalivedName: string;
  readonly draft: InstanceDraft;
  readonly facts: Facts;
  readonly statement: Statement;
  readonly block: readonly Statement[];
}

export interface InstanceContext {
  readonly globals: Globals;
  readonly names: Names;
  readonly findings: Findings;
  readonly secrets: Secret[];
  readonly secretsDirectory: string;
  /** Addresses of all instances so far. */
  readonly addresses: Set<string>;
  /** VRIDs by interface and family. */
  readonly vrids: Set<string>;
}

/** Of these keepalived takes the first, of others the last, of lists all. */
const FIRST_COUNTS = /^(version|notify.*)$/;
const ALL_COUNT = /^(virtual_.*|track_.*|unicast_peer|authentication|auth_hmac|state|preempt|nopreempt)$/;

/** `undefined`: it cannot be had, and the line that names it says why. */
export function readInstance(statement: Statement, context: InstanceContext): ImportedInstance | undefined {
  const { findings, globals, names } = context;
  const keepalivedName = statement.args[0] ?? '';
  const block = settled(statement.block ?? [], findings, FIRST_COUNTS, ALL_COUNT);
  const facts = factsOf(block, globals);
  const name = names.of(keepalivedName);
  const device = deviceOf(block, globals);
  const reading = new Reading(block, facts, { ...context, name, device });
  const draft = reading.draft();
  const problem =
    draft === undefined ? 'it needs a virtual_router_id and an address' : clashOf(draft, facts, context.vrids);
  const renamed =
    name === keepalivedName ? EXACT : approximate(`called ${name}: letters, digits, dots, dashes and underscores`);
  findings.add(statement.place, problem === undefined ? renamed : refused(`${problem}: this instance is left out`));
  return problem === undefined && draft !== undefined ? { keepalivedName, draft, facts, statement, block } : undefined;
}

/** The interface may be missing with unicast: then addresses name theirs, or it is the default one. */
function deviceOf(block: readonly Statement[], { defaultInterface }: Globals): string {
  const said = block.find(({ keyword }) => keyword === 'interface')?.args[0];
  if (said !== undefined) return said;
  const [first] = block.find(({ keyword }) => keyword === 'virtual_ipaddress')?.block ?? [];
  const at = first?.args.indexOf('dev') ?? -1;
  return (at === -1 ? undefined : first?.args[at + 1]) ?? defaultInterface;
}

function clashOf(
  { vrid, interface: device }: InstanceDraft,
  { family }: Facts,
  vrids: Set<string>,
): string | undefined {
  if (!isInterfaceName(device)) return `${device} is no name of an interface`;
  const identity = `${vrid} ${device} ${family}`;
  if (vrids.has(identity))
    return `another instance has VRID ${vrid} on ${device}, which keepalived takes with other groups or peers`;
  vrids.add(identity);
  return undefined;
}

class Reading {
  readonly #block: readonly Statement[];
  readonly #facts: Facts;
  readonly #context: InstanceContext & { readonly name: string; readonly device: string };

  constructor(block: readonly Statement[], facts: Facts, context: InstanceContext & { name: string; device: string }) {
    this.#block = block;
    this.#facts = facts;
    this.#context = context;
  }

  draft(): InstanceDraft | undefined {
    const { globals, name, device } = this.#context;
    const { version, family, priority } = this.#facts;
    const garp = { ...globals.garp };
    const settings = { downTimerAdverts: globals.downTimerAdverts, checksum: globals.checksum };
    const preempting = preemptOf(this.#block, this.#facts);
    const interval = intervalOf(this.#find('advert_int'), this.#facts);
    const source = sourceOf(this.#block, this.#facts);
    for (const statement of this.#block) {
      const { keyword, args } = statement;
      if (isNotify(statement) || isTrackList(statement) || LISTS.has(keyword)) continue;
      if (/^(no)?preempt(_delay)?$/.test(keyword)) this.#judge(statement, preempting.judge(statement));
      else if (keyword === 'advert_int') this.#judge(statement, interval.judgement);
      else if (isSource(statement)) this.#judge(statement, source.judge(statement));
      else if (keyword === 'track_src_ip') this.#judge(statement, trackedSource(source));
      else if (keyword === 'down_timer_adverts') this.#judge(statement, downTimer(args[0], settings));
      else if (keyword === 'v3_checksum_as_v2') {
        settings.checksum = isTrue(args[0]) ? 'rfc9568' : undefined;
        this.#judge(statement, version === 3 && family === 4 ? EXACT : dropped('for version 3 by IPv4'));
      } else this.#judge(statement, judgedGarp(keyword, args, garp) ?? this.#judged(statement));
    }
    const vrid = wholeIn(this.#find('virtual_router_id')?.args[0], 1, 255);
    const addresses = this.#addresses();
    const peers = this.#peers(new Set(addresses.map((text) => text.replace(/\/.*/, ''))));
    const auth = this.#auth();
    if (vrid === undefined || addresses.length === 0) return undefined;
    const garpSettings = garpDraft(garp);
    return {
      name,
      vrid,
      interface: device,
      version,
      priority,
      advert_interval: timeOf(interval.ms),
      ...(preempting.preempt !== undefined && { preempt: preempting.preempt }),
      ...(globals.startDelay > 0 && { start_delay: timeOf(globals.startDelay) }),
      addresses,
      ...(source.address !== undefined && { source: source.address }),
      ...(peers.length > 0 && { unicast_peers: peers }),
      ...(settings.checksum !== undefined && version === 3 && family === 4 && { checksum: settings.checksum }),
      ...(auth !== undefined && { auth }),
      ...(garpSettings !== undefined && { garp: garpSettings }),
    };
  }

  #judged({ keyword, args }: Statement): Judgement {
    const [first] = args;
    switch (keyword) {
      case 'state':
        return stateJudgement(this.#facts, this.#find('priority') !== undefined);
      case 'interface':
        return EXACT;
      case 'virtual_router_id':
        return wholeIn(first, 1, 255) === undefined ? refused('a VRID is 1 to 255') : EXACT;
      case 'priority':
        return wholeIn(first, 1, 255) === undefined ? dropped('a priority is 1 to 255; keepalived takes 100') : EXACT;
      case 'version':
        if (first === String(this.#facts.version)) return EXACT;
        return dropped(
          first === '2' ? 'keepalived ignores it: IPv6 has version 3' : 'a version is 2 or 3; keepalived ignores it',
        );
      case 'mcast_dst_ip':
        if (this.#facts.isUnicast) return dropped('keepalived ignores it with unicast_peer');
        return refused('advertisements go to the group of RFC 9568 §5.1: use unicast_peers on all nodes');
      default:
        return judgedKeyword(keyword, args) ?? unknownKeyword(keyword, 'vrrp_instance');
    }
  }

  #addresses(): readonly string[] {
    const { device, addresses: taken, findings } = this.#context;
    const lists = this.#all('virtual_ipaddress');
    for (const list of lists) this.#judge(list, EXACT);
    for (const list of this.#block) {
      if (!/^virtual_(ipaddress_excluded|routes|rules)$/.test(list.keyword)) continue;
      const judgement = judgedKeyword(list.keyword, []) ?? EXACT;
      for (const { place } of [list, ...(list.block ?? [])]) findings.add(place, judgement);
    }
    const entries = lists.flatMap(({ block = [] }) => block);
    return readAddresses(entries, { interface: device, family: this.#facts.family, taken, findings });
  }

  #peers(shared: ReadonlySet<string>): readonly string[] {
    const peers = new Set<string>();
    for (const list of this.#all('unicast_peer')) {
      this.#judge(list, EXACT);
      for (const peer of list.block ?? []) this.#judge(peer, this.#peer(peer, peers, shared));
    }
    return [...peers];
  }

  #peer({ keyword, args }: Statement, peers: Set<string>, shared: ReadonlySet<string>): Judgement {
    const address = normalizeAddress(keyword);
    if (address === undefined) return dropped('no address; keepalived ignores it');
    if (address.includes(':') !== (this.#facts.family === 6))
      return dropped(`keepalived ignores it: the instance is of IPv${this.#facts.family}`);
    if (shared.has(address))
      return refused('a peer needs an address of its own, by which it is known: this one is shared');
    if (peers.has(address)) return dropped('a peer already');
    if (peers.size >= MOST_PEERS) return refused(`${MOST_PEERS} peers at most`);
    peers.add(address);
    if (this.#facts.family === 6 && this.#find('unicast_ttl') === undefined)
      return refused(`of IPv6 keepalived sends it with 64: ${ON_LINK}`);
    const least = args.indexOf('min_ttl');
    return args.length === 0 || (least !== -1 && args[least + 1] === '255')
      ? EXACT
      : approximate('only what comes with a TTL of 255 is taken: from this link');
  }

  #auth() {
    const { findings, name, secrets, secretsDirectory: directory } = this.#context;
    const context: AuthContext = {
      instance: name,
      version: this.#facts.version,
      isStrict: this.#facts.isStrict,
      directory,
      findings,
      secrets,
    };
    const [passwords, keys] = [this.#all('authentication'), this.#all('auth_hmac')];
    for (const list of [...passwords, ...keys]) this.#judge(list, EXACT);
    const signed =
      keys.length === 0
        ? undefined
        : readKeys(
            keys.flatMap(({ block = [] }) => block),
            context,
          );
    if (passwords.length === 0) return signed;
    const entries = passwords.flatMap(({ block = [] }) => block);
    if (signed === undefined) return readPassword(entries, context);
    for (const { place, keyword, args } of entries) {
      if (keyword === 'auth_pass') findings.hide(args[0] ?? '');
      findings.add(place, dropped('keepalived ignores it with auth_hmac'));
    }
    return signed;
  }

  #find(keyword: string): Statement | undefined {
    return this.#block.find((statement) => statement.keyword === keyword);
  }

  #all(keyword: string): readonly Statement[] {
    return this.#block.filter((statement) => statement.keyword === keyword);
  }

  #judge({ place }: Statement, judgement: Judgement): void {
    this.#context.findings.add(place, judgement);
  }
}

const MOST_PEERS = 64;

/** Judged line by line. */
const LISTS: ReadonlySet<string> = new Set([
  'virtual_ipaddress',
  'virtual_ipaddress_excluded',
  'virtual_routes',
  'virtual_rules',
  'unicast_peer',
  'authentication',
  'auth_hmac',
]);
