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

const [V3] = DIALECTS as [Dialect];
const VIP = '10.99.0.100';

describe.skipIf(!MAY_MAKE_LANS)('VRRP on a LAN (needs root)', () => {
  describeWithPeers(['tcpdump'], 'with a witness', () => {
    let scene: VrrpScene;
    let keyFile: string;
    let witness: Witness;
    beforeAll(async () => {
      scene = await VrrpScene.open('w');
      keyFile = join(await tempDir('witness'), 'key');
      await writeFile(keyFile, randomBytes(32).toString('base64'));
      witness = await Witness.start(scene.lan, 'w', keyFile);
    });

    /** `a` is active. */
    async function play(policy: string): Promise<{ a: PorticoRouter; b: PorticoRouter }> {
      scene.heal();
      const of = (host: string, peer: string, priority: number) =>
        new PorticoRouter(scene.lan, host, rulesFor(scene, host, V3, { priority }), {
          vrrp: {
            witness: {
              address: `${scene.lan.host('w').address}:8112`,
              peer: `${scene.lan.host(peer).address}:8112`,
              key_file: keyFile,
              policy,
            },
          },
        });
      const [a, b] = [of('a', 'b', 200), of('b', 'a', 100)];
      await Promise.all([a.start(), b.start()]);
      await scene.settled(a, b);
      return { a, b };
    }

    /** And has the vote of the witness, which is silent for 3 s at first. */
    async function playWithVote(policy: string): Promise<{ a: PorticoRouter; b: PorticoRouter }> {
      const from = witness.log.all.length;
      const routers = await play(policy);
      await witness.lent(scene.lan.host('a').address, from);
      return routers;
    }

    test('strict: a node that is cut off has let go before the other takes over', async () => {
      const { a, b } = await playWithVote('strict');
      const client = await scene.client(a);
      const since = wallNow();
      scene.lan.isolate('a');
      await client.answeredBy('b');
      await scene.watch.heldBy(VIP, 'b');
      scene.lan.rejoin('a');
      await scene.settled(a, b);
      await client.answeredBy('a');
      const [lost] = scene.watch.changes.all.filter(({ at, host }) => at > since && host === 'a');
      const [got] = scene.watch.changes.all.filter(({ at, host }) => at > since && host === 'b');
      expect(lost).toMatchObject({ isThere: false });
      expect((got?.at ?? 0) - (lost?.at ?? 0)).toBeGreaterThan(0);
    });

    test.each(['strict', 'sticky'])('%s: nodes that do not hear each other go on as they were', async (policy) => {
      const { a } = await playWithVote(policy);
      const client = await scene.client(a);
      const [since, changes] = [wallNow(), scene.changesOf(a)];
      scene.lan.blind(['a', 'b']);
      await scene.adverts('a', 20);
      scene.lan.blind(['a', 'b'], false);
      await scene.adverts('a', 10);
      expect(scene.changesOf(a)).toBe(changes);
      expect(scene.watch.doubleTime(VIP, since)).toBe(0);
      expect((await client.stop()).failed).toBe(0);
    });

    test('a witness that dies and comes back changes nothing', async () => {
      const { a } = await playWithVote('strict');
      const changes = scene.changesOf(a);
      await witness.kill9();
      await scene.adverts('a', 10);
      witness = await Witness.start(scene.lan, 'w', keyFile);
      await witness.lent(scene.lan.host('a').address);
      expect(scene.changesOf(a)).toBe(changes);
      expect(scene.watch.holders(VIP)).toEqual(['a']);
    });

    test.each([
      { policy: 'strict', isTaken: false },
      { policy: 'sticky', isTaken: false },
      { policy: 'plain', isTaken: true },
    ])('$policy: without a witness, who is left takes over: $isTaken', async ({ policy, isTaken }) => {
      await witness.kill9();
      const { a, b } = await play(policy);
      const from = b.said.all.length;
      scene.lan.unplug('a');
      await a.roles.waitFor(({ role }) => role === 'fault');
      if (isTaken) await scene.watch.heldBy(VIP, 'b');
      else {
        await b.event('the addresses are not taken over', from);
        expect(scene.watch.holders(VIP)).toEqual([]);
      }
    });
  });
});
