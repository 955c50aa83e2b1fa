import { beforeAll, describe, expect, test } from 'vitest';
import { MAY_MAKE_LANS } from '../support/lan.ts';
import { describeWithPeers } from '../support/peers.ts';
import { PorticoRouter } from '../support/vrrp-agent.ts';
import { DIALECTS, type Dialect, rulesFor, VrrpScene } from '../support/vrrp-scene.ts';

/** A virtual address that the host has of itself, on `a`: 10.99.0.1/24 is all that it has there. */

describe.skipIf(!MAY_MAKE_LANS)("the host's own address as a virtual one (needs root)", () => {
  describeWithPeers(['tcpdump'], 'on a LAN', () => {
    let scene: VrrpScene;
    beforeAll(async () => {
      scene = await VrrpScene.open();
    });

    const [v3] = DIALECTS as [Dialect];
    const router = (priority: number, addresses = [`${scene.lan.host('a').address}/24`]) =>
      new PorticoRouter(scene.lan, 'a', rulesFor(scene, 'a', v3, { priority, addresses }));
    /** With their prefixes and lifetimes. */
    const there = () => scene.lan.run('a', 'ip', '-4', '-o', 'address', 'show', 'dev', 'eth0').replaceAll('\\', '');
    const OWN = /inet 10\.99\.0\.1\/24 .*valid_lft forever/;

    test('is not taken away, and the fault says what is to be done', async () => {
      const a = router(200);
      await a.start();
      expect(a.roles.all.map(({ role }) => role)).toEqual(['fault']);
      await expect
        .poll(async () => (await a.status()).words)
        .toMatch(
          /^fault since .*; waits for interface eth0; 10\.99\.0\.1 is the interface's own address: give the instance priority 255 if this node owns it, or another virtual address$/,
        );
      await a.event('a virtual address stays as it is');
      expect(there()).toMatch(OWN);
      await a.stop();
      expect(there()).toMatch(OWN);
    });

    test('is advertised by who owns it, from itself, and stays when that is released and stopped', async () => {
      const a = router(255);
      await a.start();
      await a.roles.waitFor(({ role }) => role === 'active');
      await expect.poll(async () => (await a.status()).source).toBe('10.99.0.1');
      await scene.adverts('a', 2);
      await a.command('release');
      await expect.poll(there).not.toContain('10.99.0.1/32');
      expect(there()).toMatch(OWN);
      await a.command('resume');
      const from = a.roles.all.length;
      if (a.role !== 'active') await a.roles.waitFor(({ role }) => role === 'active', { from: from - 1 });
      await a.stop();
      expect(there()).toMatch(OWN);
      expect(a.roles.all.map(({ role }) => role)).not.toContain('fault');
    });

    test('of IPv6 keeps its lifetime with who owns it, and stays', async () => {
      const { address6 } = scene.lan.host('a');
      const own = () => scene.lan.run('a', 'ip', '-6', '-o', 'address', 'show', 'dev', 'eth0', 'to', address6);
      const forever = expect.stringMatching(/\/64 .*valid_lft forever/);
      const dialect = { ...v3, family: 6 } as const;
      const rules = rulesFor(scene, 'a', dialect, { priority: 255, addresses: ['fe80::100/64', `${address6}/64`] });
      const a = new PorticoRouter(scene.lan, 'a', rules);
      await a.start();
      await scene.watch.heldBy('fe80::100', 'a');
      await scene.adverts('a', 4);
      expect(own()).toEqual(forever);
      await a.stop();
      expect(own()).toEqual(forever);
    });

    test('is not what another program left beside it', async () => {
      scene.lan.run('a', 'ip', 'address', 'add', '10.99.0.100/24', 'dev', 'eth0');
      const a = new PorticoRouter(scene.lan, 'a', rulesFor(scene, 'a', v3, { priority: 200 }), {
        instance: { start_delay: '10m' },
      });
      await a.start();
      await expect.poll(there).not.toContain('10.99.0.100');
      expect(there()).toMatch(OWN);
      await a.stop();
    });
  });
});
