import { beforeAll, describe, expect, test } from 'vitest';
import { tell } from '../endurance/form.ts';
import type { AddressChange } from '../support/address-watch.ts';
import { wallNow } from '../support/clock.ts';
import { MAY_MAKE_LANS } from '../support/lan.ts';
import { describeWithPeers } from '../support/peers.ts';
import { VrrpPair } from '../support/vrrp-pair.ts';
import { VrrpScene } from '../support/vrrp-scene.ts';

/** Clients are right by then, once two nodes that were apart hear each other again. */
const RIGHT = 100;

/** By its advertisements, or by what clients are told of the address. */
const FOUND_TWO = ['two-actives', 'conflict'] as const;

/** The address moved, and no request was lost but perhaps the one that was just being opened. */
const MOVED = { failedLater: 0 };

describe.skipIf(!MAY_MAKE_LANS)('two nodes that are apart, on a LAN (needs root)', () => {
  describeWithPeers(['tcpdump'], 'with a client', () => {
    let pair: VrrpPair;
    beforeAll(async () => {
      pair = await VrrpPair.open(await VrrpScene.open('w'));
    });

    const APART = [
      {
        how: 'one is cut off from all',
        part: () => pair.scene.lan.isolate('a'),
        join: () => pair.scene.lan.rejoin('a'),
      },
      {
        how: 'they do not hear each other',
        part: () => pair.scene.lan.blind(['a', 'b']),
        join: () => pair.scene.lan.blind(['a', 'b'], false),
      },
    ];

    /** Two are active, and then hear each other. */
    async function heal(join: () => void): Promise<void> {
      const { a, b, scene, client, interval } = pair;
      const [fromA, fromB] = [a.said.all.length, b.said.all.length];
      join();
      const healed = wallNow();
      const { at } = await Promise.race([a.alarm(FOUND_TWO, fromA), b.alarm(FOUND_TWO, fromB)]);
      await scene.settled(a, b);
      await pair.intervals(5);
      const { answered, failed } = await client.report(healed + RIGHT);
      const all = client.requests.all.filter(({ start }) => start >= healed);
      const wrong = all.findLast(({ by }) => by !== 'a')?.start ?? healed;
      tell('healed', { alarmAfter: at - healed, rightAfter: wrong - healed, double: (await pair.seen(healed)).double });
      expect(at - healed).toBeLessThan(interval + 20);
      expect({ answered, failed }).toEqual({ answered: { a: expect.any(Number) }, failed: 0 });
    }

    describe('without a witness', () => {
      test.each(APART)(
        '$how: it is told as soon as they hear each other, and clients are right',
        async ({ part, join }) => {
          await pair.govern('off');
          // Whoever of the two is heard first.
          for (let i = 0; i < 2; i++) {
            part();
            await pair.scene.watch.heldBy(pair.vip, 'a', 'b');
            await pair.client.answeredBy('b');
            await heal(join);
            // Alarms, and announcements, are one a second.
            await pair.intervals(10);
          }
        },
      );
    });

    describe('by a strict witness', () => {
      test('one is cut off from all: it gives up before the other takes over, and has all back without a failed request', async () => {
        const { a, b, scene, client } = pair;
        await pair.govern('strict');
        const parted = wallNow();
        scene.lan.isolate('a');
        await client.answeredBy('b');
        await scene.settled(b, a);
        await pair.intervals(10);
        const apart = await pair.seen(parted);
        tell('strict, cut off', apart);
        expect(apart.double).toBe(0);
        const healed = wallNow();
        scene.lan.rejoin('a');
        await scene.settled(a, b);
        await client.answeredBy('a');
        await pair.intervals(5);
        const after = await pair.seen(healed);
        tell('strict, back', after);
        expect(after).toMatchObject(MOVED);
      });
    });

    describe.each(['strict', 'sticky'] as const)('by a %s witness', (policy) => {
      test('a hand-over to one that does not hear it leaves the addresses where they are', async () => {
        const { a, b, scene } = pair;
        await pair.govern(policy);
        const [parted, changes] = [wallNow(), scene.changesOf(a)];
        scene.lan.blind(['a', 'b']);
        await pair.intervals(5);
        const from = a.said.all.length;
        await a.command('handover');
        await a.alarm('handover-failed', from);
        scene.lan.blind(['a', 'b'], false);
        await scene.settled(a, b);
        const seen = await pair.seen(parted);
        tell(`${policy}, blind hand-over`, seen);
        expect(seen).toMatchObject({ double: 0, failed: 0 });
        expect(scene.changesOf(a)).toBe(changes);
      });

      test('a hand-over, and back: no request fails', async () => {
        const { a, b, scene, client } = pair;
        await pair.govern(policy);
        const since = wallNow();
        await a.command('handover');
        await client.answeredBy('b');
        await scene.settled(b, a);
        await a.command('resume');
        await client.answeredBy('a');
        await scene.settled(a, b);
        await pair.intervals(5);
        const seen = await pair.seen(since);
        tell(`${policy}, hand-over`, seen);
        expect(seen).toMatchObject(MOVED);
      });
    });

    test('by a sticky witness: one that is cut off keeps what it has, until it hears that it is not alone', async () => {
      const { a, scene, client, vip } = pair;
      await pair.govern('sticky');
      const from = a.said.all.length;
      scene.lan.isolate('a');
      await client.answeredBy('b');
      await a.alarm('lease-lost', from);
      await scene.watch.heldBy(vip, 'a', 'b');
      await heal(() => scene.lan.rejoin('a'));
    });

    test('without the witness nobody minds; by strict then nobody has the addresses of one that is cut off, until it is back', async () => {
      const { a, b, scene, client, vip } = pair;
      await pair.govern('strict');
      const [since, changes] = [wallNow(), scene.changesOf(a)];
      await pair.killWitness();
      await pair.intervals(10);
      expect(scene.changesOf(a)).toBe(changes);
      expect(await pair.seen(since)).toMatchObject({ double: 0, failed: 0 });

      const from = b.said.all.length;
      scene.lan.isolate('a');
      await b.alarm('takeover-refused', from);
      await scene.watch.heldBy(vip);
      const restarted = wallNow();
      await pair.startWitness();
      await client.answeredBy('b');
      const { at } = scene.watch.changes.all.at(-1) as AddressChange;
      tell('strict, the witness is back', { after: at - restarted });
      // What it had promised before its end has run out by then.
      expect(at - restarted).toBeGreaterThan(3000);
      scene.lan.rejoin('a');
      await scene.settled(a, b);
      await pair.killWitness();
    });

    test.each([
      { policy: 'sticky', alarm: 'takeover-refused', holders: ['a'] },
      { policy: 'plain', alarm: 'takeover-doubted', holders: ['a', 'b'] },
    ] as const)('without the witness, by $policy, one is cut off: $holders', async ({ policy, alarm, holders }) => {
      const { a, b, scene, vip } = pair;
      await pair.govern(policy);
      const [fromA, fromB] = [a.said.all.length, b.said.all.length];
      scene.lan.isolate('a');
      await Promise.all([a.alarm('lease-lost', fromA), b.alarm(alarm, fromB)]);
      await scene.watch.heldBy(vip, ...holders);
      await pair.intervals(5);
      expect(scene.watch.holders(vip)).toEqual(holders);
    });
  });
});
