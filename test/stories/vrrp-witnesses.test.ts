import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { wallNow } from '../support/clock.ts';
import { MAY_MAKE_LANS } from '../support/lan.ts';
import { describeWithPeers } from '../support/peers.ts';
import { tempDir } from '../support/temp.ts';
import { PorticoRouter } from '../support/vrrp-agent.ts';
import { DIALECTS, type Dialect, rulesFor, VrrpScene } from '../support/vrrp-scene.ts';
import { Witness } from '../support/vrrp-witness.ts';

/** Two nodes and three witnesses, of which three of five have to agree. */

const [V3] = DIALECTS as [Dialect];
const VIP = '10.99.0.100';
const WITNESSES = ['u', 'v', 'w'];

describe.skipIf(!MAY_MAKE_LANS)('three witnesses (needs root)', () => {
  describeWithPeers(['tcpdump'], 'on a LAN', () => {
    let scene: VrrpScene;
    let keyFile: string;
    let witnesses: readonly Witness[];
    beforeAll(async () => {
      scene = await VrrpScene.open(...WITNESSES);
      keyFile = join(await tempDir('witness'), 'key');
      await writeFile(keyFile, randomBytes(32).toString('base64'));
      witnesses = await Promise.all(WITNESSES.map((host) => Witness.start(scene.lan, host, keyFile)));
    });

    const at = (host: string) => `${scene.lan.host(host).address}:8112`;
    const node = (host: string, peer: string, priority: number) =>
      new PorticoRouter(scene.lan, host, rulesFor(scene, host, V3, { priority }), {
        vrrp: { witness: { address: WITNESSES.map(at), peer: at(peer), key_file: keyFile, policy: 'strict' } },
      });

    test('are asked all, and shown; one is dead when the active node dies, and the other one takes over', async () => {
      const [a, b] = [node('a', 'b', 200), node('b', 'a', 100)];
      await Promise.all([a.start(), b.start()]);
      await scene.settled(a, b);
      await Promise.all(witnesses.map((witness) => witness.lent(scene.lan.host('a').address)));
      const heard = { isHeard: true, isOurs: true, isDouble: false };
      const voters = ['b', ...WITNESSES].map((host, index) => {
        return { kind: index === 0 ? 'peer' : 'witness', address: at(host), name: expect.any(String), ...heard };
      });
      // All hosts of the LAN are of one name; by their start they are told apart.
      await expect.poll(async () => (await a.status()).voters).toEqual(voters);

      await witnesses[0]?.kill9();
      await expect.poll(async () => (await a.status()).voters[1]?.isHeard, { timeout: 8000 }).toBe(false);
      expect(scene.watch.holders(VIP)).toEqual(['a']);

      const since = wallNow();
      scene.lan.unplug('a');
      await scene.watch.heldBy(VIP, 'b');
      expect(scene.watch.doubleTime(VIP, since)).toBe(0);
    });
  });
});
