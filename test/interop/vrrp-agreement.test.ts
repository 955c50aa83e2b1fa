import { beforeAll, describe, expect, test } from 'vitest';
import { bestOf } from '../support/best-of.ts';
import { wallNow } from '../support/clock.ts';
import { MAY_MAKE_LANS } from '../support/lan.ts';
import { describeWithPeers } from '../support/peers.ts';
import { PorticoRouter } from '../support/vrrp-agent.ts';
import { type Program, type Router, type RouterRules, vipOf } from '../support/vrrp-router.ts';
import { DIALECTS, type Dialect, rulesFor, VrrpScene } from '../support/vrrp-scene.ts';

const [V3] = DIALECTS as [Dialect];
const V3_BY_IPV6 = DIALECTS.find(({ family }) => family === 6) as Dialect;
const V2: Dialect = { name: 'v2', version: 2, family: 4, interval: 1000, isUnicast: false };

const DROPPED = 'advertisements of this instance are dropped: both nodes may become active';

const BOTH_WAYS: readonly { readonly first: Program; readonly second: Program }[] = [
  { first: 'keepalived', second: 'portico' },
  { first: 'portico', second: 'keepalived' },
];

describe.skipIf(!MAY_MAKE_LANS)('VRRP on a LAN (needs root)', () => {
  describeWithPeers(['keepalived', 'tcpdump'], 'Portico and keepalived', () => {
    let scene: VrrpScene;
    beforeAll(async () => {
      scene = await VrrpScene.open();
    });

    function router(
      program: Program,
      host: string,
      dialect: Dialect,
      more: Partial<RouterRules> & Pick<RouterRules, 'priority'>,
    ): Router {
      return scene.router(program, host, rulesFor(scene, host, dialect, more));
    }

    /** Our own, with settings that keepalived does not have. */
    function portico(host: string, dialect: Dialect, priority: number, instance = {}): PorticoRouter {
      return new PorticoRouter(scene.lan, host, rulesFor(scene, host, dialect, { priority }), { instance });
    }

    describe.each(BOTH_WAYS)('$first and $second', ({ first, second }) => {
      test('with one priority: who was active stays so', async () => {
        scene.heal();
        const a = router(first, 'a', V3, { priority: 120 });
        const b = router(second, 'b', V3, { priority: 120 });
        await a.start();
        await scene.settled(a);
        const changes = scene.changesOf(a);
        await b.start();
        await scene.adverts('a', 10);
        expect(scene.changesOf(a)).toBe(changes);
        await scene.settled(a, b);
      });

      test('who must not preempt waits until the other is gone', async () => {
        scene.heal();
        const a = router(first, 'a', V3, { priority: 200, preempts: false });
        const b = router(second, 'b', V3, { priority: 100 });
        await b.start();
        await scene.settled(b);
        const changes = scene.changesOf(b);
        await a.start();
        await scene.adverts('b', 10);
        expect(scene.changesOf(b)).toBe(changes);
        await b.stop();
        await scene.settled(a, b);
      });

      test('with intervals of their own, version 3: the backup goes by that of the active one', async () => {
        scene.heal();
        const a = router(first, 'a', V3, { priority: 200, interval: 500 });
        const b = router(second, 'b', V3, { priority: 100, interval: 50 });
        await Promise.all([a.start(), b.start()]);
        await scene.settled(a, b);
        const changes = scene.changesOf(a);
        await scene.adverts('a', 3);
        expect(scene.changesOf(a)).toBe(changes);
      });

      test('with a password, version 2: one has the address', async () => {
        scene.heal();
        const a = router(first, 'a', V2, { priority: 250, password: 'secret12' });
        const b = router(second, 'b', V2, { priority: 200, password: 'secret12' });
        await Promise.all([a.start(), b.start()]);
        await scene.settled(a, b);
        await scene.adverts('a', 2);
        expect(scene.watch.holders(vipOf(a.rules))).toEqual(['a']);
        expect(scene.complaints(wallNow() - 1500)).toEqual([]);
      });
    });

    test('with intervals of their own, version 2: both are active, with an alarm', async () => {
      scene.heal();
      const a = router('keepalived', 'a', V2, { priority: 200, interval: 2000 });
      const b = router('portico', 'b', V2, { priority: 100 }) as PorticoRouter;
      await Promise.all([a.start(), b.start()]);
      await scene.watch.heldBy(vipOf(a.rules), 'a', 'b');
      expect(await b.event(DROPPED)).toMatchObject({ fields: { reason: 'interval-differs' } });
    });

    test('the checksum of RFC 9568, which keepalived does not know: both are active, with an alarm', async () => {
      scene.heal();
      const a = portico('a', V3, 200, { checksum: 'rfc9568', garp: { delay: '1s' } });
      const b = router('keepalived', 'b', V3, { priority: 100 });
      await Promise.all([a.start(), b.start()]);
      await scene.watch.heldBy(vipOf(a.rules), 'a', 'b');
      const { host, complaint } = await scene.capture.adverts.waitFor((advert) => advert.complaint !== undefined);
      expect(`${host} ${complaint}`).toMatch(/^a \(bad vrrp cksum/);
      // keepalived, whose next advertisement is put off by each that it cannot read, may fall silent: it is asked, then.
      await a.alarm(['two-actives', 'conflict']);
      await a.reload({ instance: { checksum: 'auto' } });
      await scene.settled(a, b);
    });

    test('priority 255 owns the address, from the start', async () => {
      scene.heal();
      const b = router('keepalived', 'b', V3, { priority: 200 });
      await b.start();
      await scene.settled(b);
      const a = router('portico', 'a', V3, { priority: 255 });
      await a.start();
      await scene.settled(a, b);
    });

    test('what a killed keepalived has left goes when Portico starts in its place', async () => {
      scene.heal();
      const [a, b] = [
        router('keepalived', 'a', V3, { priority: 200 }),
        router('keepalived', 'b', V3, { priority: 100 }),
      ];
      await Promise.all([a.start(), b.start()]);
      await scene.settled(a, b);
      await a.kill9();
      await scene.watch.heldBy(vipOf(a.rules), 'a', 'b');
      const next = router('portico', 'a', V3, { priority: 50 });
      await next.start();
      await scene.watch.heldBy(vipOf(a.rules), 'b');
    });

    describe.each<{ successor: Program }>([{ successor: 'keepalived' }, { successor: 'portico' }])(
      'a planned hand-over to $successor',
      ({ successor }) => {
        test.each([V3, V3_BY_IPV6, V2])('leaves no hole, and is undone by a word: $name', async (dialect) => {
          scene.heal();
          const a = portico('a', dialect, 200);
          const b = router(successor, 'b', dialect, { priority: 100 });
          await Promise.all([a.start(), b.start()]);
          await scene.settled(a, b);
          const client = await scene.client(a);
          const since = wallNow();
          await a.command('handover');
          await client.answeredBy('b');
          await scene.watch.heldBy(vipOf(a.rules), 'b');
          expect((await client.report(since)).failed).toBe(0);
          await scene.adverts('b', dialect.version === 2 ? 2 : 10);
          expect(scene.watch.holders(vipOf(a.rules))).toEqual(['b']);
          await a.command('resume');
          await client.answeredBy('a');
          await scene.settled(a, b);
          expect((await scene.seen(client, vipOf(a.rules), since)).failedLater).toBe(0);
        });

        test('of a proxy that is killed, within 100 ms', async () => {
          scene.heal();
          const dialect = { ...V3, interval: 1000 };
          const a = portico('a', dialect, 200);
          const b = router(successor, 'b', dialect, { priority: 100 });
          await Promise.all([a.start(), b.start()]);
          await scene.settled(a, b);
          const client = await scene.client(a);
          const gap = await bestOf(100, async () => {
            await client.answeredBy('a');
            const since = wallNow();
            await a.killProxy();
            await client.answeredBy('b');
            const report = await client.report(since - 100);
            await scene.settled(b, a);
            await a.start();
            await scene.settled(a, b);
            return report.gap;
          });
          expect(gap).toBeLessThanOrEqual(100);
        });
      },
    );
  });
});
