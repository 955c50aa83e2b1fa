import { beforeAll, describe, expect, test } from 'vitest';
import { wallNow } from '../support/clock.ts';
import { askName } from '../support/host-name.ts';
import { Keepalived } from '../support/keepalived-router.ts';
import { MAY_MAKE_LANS } from '../support/lan.ts';
import { wrk } from '../support/load.ts';
import { describeWithPeers } from '../support/peers.ts';
import { front, SERVING, VIP, VrrpNodes } from '../support/vrrp-nodes.ts';

/** A whole node on `a` hands its address over while clients of all kinds ask for it. */
describe.skipIf(!MAY_MAKE_LANS)('a planned hand-over under load (needs root)', () => {
  describe.each(['keepalived', 'portico'] as const)('to %s', (successor) => {
    describeWithPeers(['keepalived', 'tcpdump', 'wrk', 'curl'], 'on a LAN', () => {
      let scene: VrrpNodes;
      beforeAll(async () => {
        scene = await VrrpNodes.open();
        await scene.a.start({ instances: [front(200)] }, SERVING);
        if (successor === 'portico') await scene.b.start({ instances: [front(100)] }, SERVING);
        else {
          await scene.serve('b', 80);
          const rules = {
            version: 3,
            vrid: 51,
            priority: 100,
            interval: 1000,
            preempts: true,
            unicastPeers: [],
          } as const;
          await new Keepalived(scene.lan, 'b', { ...rules, addresses: [`${VIP}/24`] }).start();
        }
        await scene.heldBy('a');
        await scene.advertised('a', 2);
      });

      test.each([1, 2, 3])('fails no request of new connections, of kept ones, and of slow ones (%i)', async () => {
        const client = await scene.client();
        const load = wrk(`http://${VIP}/`, { seconds: 20, connections: 16, within: scene.lan.prefix('c') });
        const since = wallNow();
        const slow = Array.from({ length: 5 }, () => askName(scene.lan, 'c', VIP, '/slow'));
        await Promise.all([scene.a.command('vrrp', 'handover'), client.answeredBy('b')]);
        await scene.heldBy('b');
        const { failed, answered } = await client.report(since);
        expect({ failed, slow: await Promise.all(slow) }).toEqual({ failed: 0, slow: Array(5).fill('a') });
        expect(answered).toEqual({ a: expect.any(Number), b: expect.any(Number) });
        load.interrupt();
        expect(await load.ended).toMatchObject({ connect: 0, write: 0, read: 0, timeout: 0, status: 0 });
        await Promise.all([scene.a.command('vrrp', 'resume'), client.answeredBy('a')]);
        await scene.heldBy('a');
        await client.stop();
      });
    });
  });
});
