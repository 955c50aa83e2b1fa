import { once } from 'node:events';
import type { Ms } from '../../src/base/units.ts';
import { AddressWatch } from './address-watch.ts';
import { AdvertCapture } from './advert-capture.ts';
import { serveName } from './host-name.ts';
import { Lan } from './lan.ts';
import { LanNode } from './lan-node.ts';
import { failedBeside, VipClient, type VipRequest } from './vip-client.ts';

const STORM = new URL('./vrrp-storm-process.ts', import.meta.url).pathname;
const CLAIM = new URL('./claim-process.ts', import.meta.url).pathname;

/** Of each host, for its node alone. */
const ORIGIN = 8080;

export const VIP = '10.99.0.100';
export const VIP6 = 'fd99::100';

/** Whole nodes `a` and `b`, in front of an origin each that says the name of its host, and a client `c`, on one switch. */
export class VrrpNodes {
  readonly lan: Lan;
  readonly watch: AddressWatch;
  readonly capture: AdvertCapture;
  readonly a: LanNode;
  readonly b: LanNode;

  static async open(): Promise<VrrpNodes> {
    const lan = Lan.open('a', 'b', 'c');
    const [watch, capture, a, b] = await Promise.all([
      AddressWatch.open(lan, ['a', 'b']),
      AdvertCapture.open(lan),
      LanNode.on(lan, 'a'),
      LanNode.on(lan, 'b'),
      serveName(lan, 'a', ORIGIN),
      serveName(lan, 'b', ORIGIN),
    ]);
    return new VrrpNodes(lan, watch, capture, a, b);
  }

  private constructor(lan: Lan, watch: AddressWatch, capture: AdvertCapture, a: LanNode, b: LanNode) {
    this.lan = lan;
    this.watch = watch;
    this.capture = capture;
    this.a = a;
    this.b = b;
  }

  /** A host says its name to whoever asks at this port, without a node. */
  serve(host: string, port: number): Promise<void> {
    return serveName(this.lan, host, port);
  }

  /** Host `c` says so many times that it has an address, of `a` and `b`. */
  claim(address: string, count: number): void {
    const index = this.lan.run('c', 'cat', '/sys/class/net/eth0/ifindex').trim();
    this.lan.run('c', process.execPath, CLAIM, address, this.lan.host('c').mac, index, String(count));
  }

  /** Host `c` sends so many packets of VRRP's protocol. Resolves when it has. */
  async storm(count: number): Promise<void> {
    const child = this.lan.spawnNice('c', 10, process.execPath, [STORM, String(count), '1'], { stdio: 'ignore' });
    const [status] = await once(child, 'exit');
    if (status !== 0) throw new Error(`the storm ended with ${status}`);
  }

  client(address = VIP): Promise<VipClient> {
    return VipClient.start(this.lan, 'c', address);
  }

  /**
   * Requests from then on that failed, but for what was under way as another host took the address. A planned hand-over waits for that, and
   * fails none.
   */
  async lost(client: VipClient, since: Ms, address = VIP): Promise<VipRequest[]> {
    await client.report(since);
    return failedBeside(
      this.watch.arrivals(address),
      client.requests.all.filter(({ start }) => start >= since),
    );
  }

  /** Resolves when this host alone has it. */
  async heldBy(host: 'a' | 'b', address = VIP): Promise<void> {
    await this.watch.heldBy(address, host);
  }

  /** Resolves when this host has advertised so many more times. */
  async advertised(host: string, count: number): Promise<void> {
    const { adverts } = this.capture;
    for (let left = count, from = adverts.all.length; left > 0; left--) {
      const next = await adverts.waitFor((advert) => advert.host === host, { from });
      from = adverts.all.indexOf(next) + 1;
    }
  }

  /** When this host advertised, from then on. */
  advertsOf(host: string, since: Ms, vrid = 51): Ms[] {
    const { all } = this.capture.adverts;
    return all
      .filter((advert) => advert.host === host && advert.vrid === vrid && advert.at >= since)
      .map(({ at }) => at);
  }
}

/** What a node of these serves: what its origin says. */
export const SERVING = {
  listeners: [
    { address: '0.0.0.0:80', protocol: 'http' },
    { address: '[::]:80', protocol: 'http' },
  ],
  pools: { app: { origins: [`http://127.0.0.1:${ORIGIN}`] } },
};

/** Of an instance, as `vrrp.instances` has it. */
export function front(priority: number, more: object = {}): object {
  return { name: 'front', vrid: 51, interface: 'eth0', priority, addresses: [`${VIP}/24`], ...more };
}
