import { beforeEach, describe, expect, test } from 'vitest';
import { wallNow } from '../support/clock.ts';
import { askName } from '../support/host-name.ts';
import { Keepalived } from '../support/keepalived-router.ts';
import { MAY_MAKE_LANS } from '../support/lan.ts';
import { wrk } from '../support/load.ts';
import { describeWithPeers } from '../support/peers.ts';
import { front, SERVING, VIP, VIP6, VrrpNodes } from '../support/vrrp-nodes.ts';

const SIX = { name: 'six', vrid: 52, interface: 'eth0', addresses: ['fe80::100/64', `${VIP6}/64`] };

/** Addresses of both families that move together. */
const both = (priority: number) => ({
  instances: [front(priority), { ...SIX, priority }],
  sync_groups: [{ name: 'edge', instances: ['front', 'six'] }],
});

/** A whole node on `a` hands over what it has while clients of all kinds ask for it; on `b` is the successor. */
describe.skipIf(!MAY_MAKE_LANS)('a planned hand-over under load (needs root)', { timeout: 60_000 }, () => {
  describeWithPeers(['keepalived', 'tcpdump', 'wrk', 'curl'], 'on a LAN', () => {
    let scene: VrrpNodes;
    beforeEach(async () => {
      scene = await VrrpNodes.open();
    });

    test('to keepalived fails no request of new connections, of kept ones, and of slow ones', async () => {
      await scene.a.start({ instances: [front(200)] }, SERVING);
      await scene.serve('b', 80);
      const rules = { version: 3, vrid: 51, priority: 100, interval: 1000, preempts: true, unicastPeers: [] } as const;
      await new Keepalived(scene.lan, 'b', { ...rules, addresses: [`${VIP}/24`] }).start();
      for (let times = 0; times < 2; times++) await handOver(VIP);
    });

    test('to Portico fails no request by IPv4 and IPv6, at the quickest priorities', async () => {
      await scene.a.start(both(254), SERVING);
      await scene.b.start(both(250), SERVING);
      for (let times = 0; times < 2; times++) await handOver(VIP, VIP6);
    });

    /** And back, which is another matter: who comes back preempts. */
    async function handOver(...addresses: readonly string[]): Promise<void> {
      await Promise.all(addresses.map((address) => scene.heldBy('a', address)));
      await scene.advertised('a', 2);
      const clients = await Promise.all(addresses.map((address) => scene.client(address)));
      const within = scene.lan.prefix('c');
      const load = wrk(`http://${VIP}/`, { seconds: 20, connections: 16, within });
      const since = wallNow();
      const slow = Array.from({ length: 5 }, () => askName(scene.lan, 'c', VIP, '/slow'));
      const answered = (by: string) => Promise.all(clients.map((client) => client.answeredBy(by)));
      await Promise.all([scene.a.command('vrrp', 'handover'), answered('b')]);
      await Promise.all(addresses.map((address) => scene.heldBy('b', address)));
      for (const client of clients) expect(await client.report(since)).toMatchObject({ failed: 0, answered: BOTH });
      expect(await Promise.all(slow)).toEqual(Array(5).fill('a'));
      load.interrupt();
      expect(await load.ended).toMatchObject({ connect: 0, write: 0, read: 0, timeout: 0, status: 0 });
      await Promise.all([scene.a.command('vrrp', 'resume'), answered('a')]);
      await Promise.all(clients.map((client) => client.stop()));
    }
  });
});

const BOTH = { a: expect.any(Number), b: expect.any(Number) };
