import { beforeAll, describe, expect, test } from 'vitest';
import type { Ms } from '../../src/base/units.ts';
import { wallNow } from '../support/clock.ts';
import { Keepalived } from '../support/keepalived-router.ts';
import { MAY_MAKE_LANS } from '../support/lan.ts';
import { describeWithPeers } from '../support/peers.ts';
import { leaveToFile } from '../support/teardown.ts';
import { front, SERVING, VIP, VIP6, VrrpNodes } from '../support/vrrp-nodes.ts';
import type { RouterRules } from '../support/vrrp-router.ts';

const INTERVAL: Ms = 100;
const LINK_LOCAL = 'fe80::100';

/** A whole node on `a`, and keepalived with a server on `b`. */
describe.skipIf(!MAY_MAKE_LANS)('a node beside keepalived (needs root)', () => {
  describeWithPeers(['keepalived', 'tcpdump'], 'on a LAN', () => {
    let scene: VrrpNodes;
    beforeAll(async () => {
      scene = await VrrpNodes.open();
      await scene.serve('b', 80);
      await startA();
    });

    function startA(more: object = {}): Promise<void> {
      const instance = front(200, { advert_interval: `${INTERVAL}ms`, ...more });
      return leaveToFile(() => scene.a.start({ instances: [instance] }, SERVING));
    }

    function keepalived(more: Partial<RouterRules> = {}): Keepalived {
      const rules = {
        version: 3,
        vrid: 51,
        priority: 100,
        interval: INTERVAL,
        preempts: true,
        unicastPeers: [],
      } as const;
      return new Keepalived(scene.lan, 'b', { ...rules, addresses: [`${VIP}/24`], ...more });
    }

    test.each([
      {
        name: 'handed over by hand',
        go: () => scene.a.command('vrrp', 'handover'),
        back: () => scene.a.command('vrrp', 'resume'),
      },
      { name: 'left by a node that is stopped', go: () => scene.a.stop(), back: () => startA() },
    ])('it takes the address, $name, without a lost request', async ({ go, back }) => {
      await keepalived().start();
      await scene.heldBy('a');
      const client = await scene.client();
      const since = wallNow();
      await Promise.all([go(), client.answeredBy('b')]);
      await scene.heldBy('b');
      expect((await client.report(since)).failed).toBe(0);
      // It gives the address up under whoever is just being answered.
      await Promise.all([back(), client.answeredBy('a')]);
      await scene.heldBy('a');
      await client.stop();
    });

    test('they agree by unicast of IPv6, which it sends with a hop limit of 64', async () => {
      const { lan, a, watch } = scene;
      const addresses = [`${LINK_LOCAL}/64`, `${VIP6}/64`];
      const k = keepalived({ addresses, unicastPeers: [lan.host('a').address6], priority: 250 });
      await k.start();
      await watch.heldBy(VIP6, 'b');
      const instance = front(200, {
        advert_interval: `${INTERVAL}ms`,
        addresses,
        unicast_peers: [lan.host('b').address6],
      });
      await a.reload({ instances: [instance] }, SERVING);
      await scene.advertised('b', 10);
      expect(watch.holders(VIP6)).toEqual(['b']);
      await k.stop();
      await watch.heldBy(VIP6, 'a');
    });
  });
});
