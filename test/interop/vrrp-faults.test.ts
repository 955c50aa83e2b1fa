import { beforeAll, describe, expect, test } from 'vitest';
import { wallNow } from '../support/clock.ts';
import { MAY_MAKE_LANS } from '../support/lan.ts';
import { describeWithPeers } from '../support/peers.ts';
import { PorticoRouter } from '../support/vrrp-agent.ts';
import type { Router } from '../support/vrrp-router.ts';
import { DIALECTS, type Dialect, rulesFor, VrrpScene } from '../support/vrrp-scene.ts';

const [V3] = DIALECTS as [Dialect];
const VIP = '10.99.0.100';

describe.skipIf(!MAY_MAKE_LANS)('VRRP on a LAN (needs root)', () => {
  describeWithPeers(['keepalived', 'tcpdump'], 'Portico, with a keepalived that would take over,', () => {
    let scene: VrrpScene;
    beforeAll(async () => {
      scene = await VrrpScene.open();
    });

    /** Portico is active. */
    async function play(interval = V3.interval): Promise<{ a: PorticoRouter; b: Router }> {
      scene.heal();
      const dialect = { ...V3, interval };
      const a = new PorticoRouter(scene.lan, 'a', rulesFor(scene, 'a', dialect, { priority: 200 }));
      const b = scene.router('keepalived', 'b', rulesFor(scene, 'b', dialect, { priority: 100 }));
      await Promise.all([a.start(), b.start()]);
      await scene.settled(a, b);
      return { a, b };
    }

    test('puts an address back that somebody removed, and stays active', async () => {
      const { a, b } = await play();
      const [roles, since] = [a.roles.all.length + b.roles.all.length, wallNow()];
      scene.lan.run('a', 'ip', 'address', 'del', `${VIP}/32`, 'dev', 'eth0');
      await a.event('somebody removed a virtual address: it is put back');
      await scene.watch.heldBy(VIP, 'a');
      await scene.adverts('a', 10);
      expect(a.roles.all.length + b.roles.all.length).toBe(roles);
      expect(scene.capture.count(since)).toEqual({ a: expect.any(Number) });
    });

    test('goes on as it was when settings are read anew', async () => {
      const { a, b } = await play();
      const [roles, changes, since] = [a.roles.all.length + b.roles.all.length, scene.changesOf(a), wallNow()];
      await a.reload({});
      await scene.adverts('a', 10);
      expect(a.roles.all.length + b.roles.all.length).toBe(roles);
      expect(scene.changesOf(a)).toBe(changes);
      expect(scene.capture.count(since)).toEqual({ a: expect.any(Number) });
      expect(scene.longestSilence('a', since)).toBeLessThan(3 * V3.interval);
    });

    test('is there when its cable has been pulled and put back five times', async () => {
      const { a, b } = await play();
      for (let i = 0; i < 5; i++) {
        scene.lan.unplug('a');
        scene.lan.plug('a');
      }
      await a.roles.waitFor(({ role }) => role === 'fault', { wanted: 'with its cable pulled' });
      await scene.settled(a, b);
      // Cables that come back one after the other may still be heard of.
      await scene.adverts('a', 10);
      const changes = scene.changesOf(a);
      await scene.adverts('a', 10);
      expect(scene.changesOf(a)).toBe(changes);
      expect(scene.watch.holders(VIP)).toEqual(['a']);
    });

    test('stays active when the cable of the backup is pulled, and put back', async () => {
      const { a, b } = await play();
      await scene.adverts('a', 10);
      const [roles, changes] = [a.roles.all.length, scene.changesOf(a)];
      scene.lan.unplug('b');
      await b.roles.waitFor(({ role }) => role === 'fault');
      scene.lan.plug('b');
      await scene.settled(a, b);
      await scene.adverts('a', 10);
      expect(a.roles.all.length).toBe(roles);
      expect(scene.changesOf(a)).toBe(changes);
    });

    test('loses the address when its agent is killed, and has it again by the next agent', async () => {
      const { a, b } = await play();
      const client = await scene.client(a);
      const killed = wallNow();
      a.killAgent();
      await a.event('the VRRP agent died, a new one is started');
      await client.answeredBy('b');
      await scene.settled(a, b);
      await client.answeredBy('a');
      expect(scene.watch.doubleTime(VIP, killed)).toBeLessThan(4000);
    });

    test('says goodbye when its proxy is killed, and is taken over from', async () => {
      const { a, b } = await play(1000);
      const client = await scene.client(a);
      const killed = wallNow();
      await a.killProxy();
      await client.answeredBy('b');
      await scene.watch.heldBy(VIP, 'b');
      expect(scene.capture.adverts.all.findLast(({ host }) => host === 'a')?.priority).toBe(0);
      expect(scene.watch.lastSeen(VIP, 'a') - killed).toBeLessThan(1000);
      await scene.settled(b);
    });

    test('keeps the address while its main thread is held up, and leaves when nobody serves', async () => {
      const { a, b } = await play(10);
      const [roles, since] = [a.roles.all.length + b.roles.all.length, wallNow()];
      a.tell({ type: 'block', for: 1000 });
      await scene.adverts('a', 100);
      expect(a.roles.all.length + b.roles.all.length).toBe(roles);
      expect(scene.capture.count(since)).toEqual({ a: expect.any(Number) });
      a.tell({ type: 'serving', workers: 0 });
      await scene.settled(b, a);
      a.tell({ type: 'serving', workers: 1 });
      await scene.settled(a, b);
    });
  });
});
