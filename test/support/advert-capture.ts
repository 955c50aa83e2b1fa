import { createInterface } from 'node:readline';
import type { Ms } from '../../src/base/units.ts';
import { Journal } from './journal.ts';
import { hostOfPort, type Lan, SWITCH } from './lan.ts';

/** An advertisement, as tcpdump reads it. */
export interface SeenAdvert {
  /** When it reached the switch, whoever got it from there; epoch milliseconds. */
  readonly at: Ms;
  /** By whose port it came. */
  readonly host: string;
  readonly version: number;
  readonly vrid: number;
  readonly priority: number;
  readonly interval: Ms;
  readonly source: string;
  readonly destination: string;
  readonly addresses: readonly string[];
  /** What tcpdump dislikes in it; it knows one of the two checksums of version 3 alone. */
  readonly complaint: string | undefined;
}

/** Gratuitous ARP, or an unsolicited neighbor advertisement. */
export interface SeenClaim {
  readonly at: Ms;
  readonly host: string;
  readonly address: string;
}

/** What comes into the switch of VRRP, and of claims to addresses. Unicast is there, too. */
export class AdvertCapture {
  readonly adverts = new Journal<SeenAdvert>('advertisement');
  readonly claims = new Journal<SeenClaim>('claim');

  /** Resolves when it hears. */
  static async open(lan: Lan): Promise<AdvertCapture> {
    const capture = new AdvertCapture();
    const filter = 'ip proto 112 or ip6 proto 112 or arp or icmp6';
    // -Q in: once for each packet; --immediate-mode: it is told of when it comes, not when a buffer is full.
    // -s: of what it thinks may be 256 KiB each, its buffer holds 8, and a burst is longer.
    const how = ['-i', 'any', '-Q', 'in', '-s', '2048', '-nn', '-vvv', '-tt', '-l', '--immediate-mode', filter];
    const child = lan.spawnObserver(SWITCH, 'tcpdump', how, { stdio: ['ignore', 'pipe', 'pipe'] });
    const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (text.includes('listening on')) resolve();
    });
    child.once('exit', () => reject(new Error('tcpdump ended')));
    let packet = '';
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      // A packet begins at the margin; what more is said of it is indented.
      packet = /^\d/.test(line) ? line : `${packet} ${line.trim()}`;
      if (capture.#take(packet)) packet = '';
    });
    await ready;
    return capture;
  }

  private constructor() {}

  /** How many each host sent, from then on. */
  count(since: Ms, until: Ms = Number.POSITIVE_INFINITY): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { at, host } of this.adverts.all) {
      if (at >= since && at < until) counts[host] = (counts[host] ?? 0) + 1;
    }
    return counts;
  }

  /** Whether that was all that is wanted of this packet. */
  #take(packet: string): boolean {
    const head = /^(\d+\.\d+) (\S+)/.exec(packet);
    const host = hostOfPort(head?.[2] ?? '');
    if (head === null || host === undefined) return false;
    const at = Number(head[1]) * 1000;
    const advert = ADVERT.exec(packet)?.groups;
    if (advert !== undefined) {
      this.adverts.add({ at, host, ...readAdvert(advert), complaint: /\(bad[^)]*\)/.exec(packet)?.[0] });
      return true;
    }
    const address = CLAIM.exec(packet)?.slice(1).find(Boolean);
    if (address !== undefined) this.claims.add({ at, host, address });
    return address !== undefined;
  }
}

/** `10.99.0.1 > 224.0.0.18: VRRPv3, Advertisement, vrid 51, prio 150, intvl 10cs, length 12, addrs: 10.99.0.100` */
const ADVERT =
  /(?<source>\S+) > (?<destination>\S+): VRRPv(?<version>\d), Advertisement, (?:\(ttl \d+\), )?vrid (?<vrid>\d+), prio (?<priority>\d+),.* intvl (?<number>\d+)(?<unit>c?s),.* addrs(?:\(\d+\))?: (?<addresses>\S+)/;

/** `Request who-has 10.99.0.100 (ff:ff:ff:ff:ff:ff) tell 10.99.0.100` · `neighbor advertisement, length 32, tgt is fd99::100, Flags [override]` */
const CLAIM =
  /who-has (\S+) (?:\([\da-f:]+\) )?tell \1,|neighbor advertisement, length \d+, tgt is (\S+), Flags \[(?:router, )?override\]/;

function readAdvert(groups: Record<string, string>): Omit<SeenAdvert, 'at' | 'host' | 'complaint'> {
  const { source = '', destination = '', version, vrid, priority, number, unit, addresses = '' } = groups;
  return {
    source,
    destination,
    version: Number(version),
    vrid: Number(vrid),
    priority: Number(priority),
    interval: Number(number) * (unit === 'cs' ? 10 : 1000),
    addresses: addresses.split(','),
  };
}
