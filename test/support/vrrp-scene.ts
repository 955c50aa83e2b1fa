import type { Ms } from '../../src/base/units.ts';
import { AddressWatch } from './address-watch.ts';
import { AdvertCapture } from './advert-capture.ts';
import { serveName } from './host-name.ts';
import { Keepalived } from './keepalived-router.ts';
import { Lan } from './lan.ts';
import { failedBeside, VipClient, type VipReport } from './vip-client.ts';
import { PorticoRouter } from './vrrp-agent.ts';
import { type Program, type Router, type RouterRules, vipOf } from './vrrp-router.ts';

export interface SeenByAll extends VipReport {
  /** Of those that failed, all but what was under way when another host got the address. */
  readonly failedLater: number;
  readonly double: Ms;
}

/** Two routers `a` and `b`, each with a server that says its name, and a client `c`, on one switch that tells what passes. */
export class VrrpScene {
  readonly lan: Lan;
  readonly watch: AddressWatch;
  readonly capture: AdvertCapture;

  /** `more`: other hosts on it. */
  static async open(...more: readonly string[]): Promise<VrrpScene> {
    const lan = Lan.open('a', 'b', 'c', ...more);
    const [watch, capture] = await Promise.all([
      AddressWatch.open(lan, ['a', 'b']),
      AdvertCapture.open(lan),
      serveName(lan, 'a'),
      serveName(lan, 'b'),
    ]);
    return new VrrpScene(lan, watch, capture);
  }

  private constructor(lan: Lan, watch: AddressWatch, capture: AdvertCapture) {
    this.lan = lan;
    this.watch = watch;
    this.capture = capture;
  }

  router(program: Program, host: string, rules: RouterRules): Router {
    switch (program) {
      case 'keepalived':
        return new Keepalived(this.lan, host, rules);
      case 'portico':
        return new PorticoRouter(this.lan, host, rules);
    }
  }

  /** All cables are in, all hosts hear each other, and nothing is left of routers that were killed. */
  heal(): void {
    for (const host of ['a', 'b']) {
      this.lan.plug(host);
      this.lan.rejoin(host);
      for (const address of [...VIPS, ...VIPS6].map((vip) => vip.replace(/\/.*/, ''))) {
        this.lan.run(host, 'ip', 'address', 'flush', 'dev', 'eth0', 'to', address);
      }
    }
    this.lan.blind(['a', 'b'], false);
  }

  /** How often any host got the address, or lost it. */
  changesOf({ rules }: Router): number {
    return this.watch.changes.all.filter(({ address }) => address === vipOf(rules)).length;
  }

  client({ rules }: Router, every?: Ms): Promise<VipClient> {
    return VipClient.start(this.lan, 'c', vipOf(rules), every);
  }

  /** What clients and hosts saw from then on until now. */
  async seen(client: VipClient, vip: string, since: Ms): Promise<SeenByAll> {
    const report = await client.report(since);
    const failed = failedBeside(
      this.watch.arrivals(vip),
      client.requests.all.filter(({ start }) => start >= since),
    );
    return { ...report, failedLater: failed.length, double: this.watch.doubleTime(vip, since) };
  }

  /** Resolves when a host has sent so many more. */
  async adverts(host: string, count: number): Promise<void> {
    const { adverts } = this.capture;
    for (let left = count, from = adverts.all.length; left > 0; left--) {
      const next = await adverts.waitFor((advert) => advert.host === host, { from });
      from = adverts.all.indexOf(next) + 1;
    }
  }

  /** From one of its advertisements to the next, from then on. */
  longestSilence(host: string, since: Ms): Ms {
    const times = this.capture.adverts.all
      .filter((advert) => advert.host === host && advert.at >= since)
      .map(({ at }) => at);
    return times.reduce((longest, at, i) => Math.max(longest, at - (times[i - 1] ?? at)), 0);
  }

  /** What tcpdump disliked, from then on. */
  complaints(since: Ms): (string | undefined)[] {
    return this.capture.adverts.all
      .filter(({ at, complaint }) => at >= since && complaint !== undefined)
      .map(({ complaint }) => complaint);
  }

  /** Resolves when that router alone is active: it says so, the other one does not, and it alone has the addresses. */
  async settled(active: Router, ...others: readonly Router[]): Promise<void> {
    await active.roles.waitFor(() => active.role === 'active', last(active));
    for (const other of others) {
      await other.roles.waitFor(() => other.role !== 'active', last(other));
    }
    // Last: addresses stay a moment where they were.
    await this.watch.heldBy(vipOf(active.rules), active.host);
  }
}

function last({ roles }: Router): { from: number; limit: Ms } {
  return { from: Math.max(0, roles.all.length - 1), limit: 16_000 };
}

const VIPS = ['10.99.0.100/24'];
const VIPS6 = ['fe80::100/64', 'fd99::100/64'];

/** How the same routers are told to speak. */
export interface Dialect {
  readonly name: string;
  readonly version: 2 | 3;
  readonly family: 4 | 6;
  readonly interval: Ms;
  readonly isUnicast: boolean;
}

/** The shortest intervals that both programs keep easily; version 2 knows whole seconds alone. */
export const DIALECTS: readonly Dialect[] = [
  { name: 'v3', version: 3, family: 4, interval: 100, isUnicast: false },
  { name: 'v3, unicast', version: 3, family: 4, interval: 100, isUnicast: true },
  { name: 'v3, IPv6', version: 3, family: 6, interval: 100, isUnicast: false },
  { name: 'v2', version: 2, family: 4, interval: 1000, isUnicast: false },
];

/** What a host is told in such a dialect. */
export function rulesFor(
  scene: VrrpScene,
  host: string,
  { version, family, interval, isUnicast }: Omit<Dialect, 'name'>,
  more: Partial<RouterRules> & Pick<RouterRules, 'priority'>,
): RouterRules {
  const { address, address6 } = scene.lan.host(host === 'a' ? 'b' : 'a');
  return {
    version,
    vrid: 51,
    interval,
    preempts: true,
    addresses: family === 4 ? VIPS : VIPS6,
    unicastPeers: isUnicast ? [family === 4 ? address : address6] : [],
    ...more,
  };
}
