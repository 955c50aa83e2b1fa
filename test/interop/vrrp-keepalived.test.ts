import { beforeAll, describe, expect, test } from 'vitest';
import { wallNow } from '../support/clock.ts';
import { MAY_MAKE_LANS } from '../support/lan.ts';
import { describeWithPeers } from '../support/peers.ts';
import { PorticoRouter } from '../support/vrrp-agent.ts';
import { type Program, type Router, vipOf } from '../support/vrrp-router.ts';
import { DIALECTS, type Dialect, rulesFor, VrrpScene } from '../support/vrrp-scene.ts';

/** What all pairs do alike; keepalived with itself shows that it is so, and not what the scene makes of it. */
const PAIRS: readonly { readonly first: Program; readonly second: Program }[] = [
  { first: 'keepalived', second: 'keepalived' },
  { first: 'keepalived', second: 'portico' },
  { first: 'portico', second: 'keepalived' },
  { first: 'portico', second: 'portico' },
];

/** Nobody takes the address from keepalived's kernel; from Portico's it goes by itself, which another Portico awaits. */
const AFTER_KILL: Readonly<Record<Program, Readonly<Record<Program, string>>>> = {
  keepalived: {
    keepalived: 'who is killed keeps the address, and both have it',
    portico: 'who is killed keeps the address, and serves: it is not taken over, with an alarm',
  },
  portico: {
    keepalived: 'who is killed loses the address within 4 s, while the other has it',
    portico: 'who is killed loses the address within 4 s, and then the other has it',
  },
};

const [V3] = DIALECTS as [Dialect];
/** Its intervals are whole seconds. */
const [SLOW, FAST] = [DIALECTS.filter(({ version }) => version === 2), DIALECTS.filter(({ version }) => version !== 2)];

describe.skipIf(!MAY_MAKE_LANS)('VRRP on a LAN (needs root)', () => {
  describeWithPeers(['keepalived', 'tcpdump'], 'beside keepalived', () => {
    let scene: VrrpScene;
    beforeAll(async () => {
      scene = await VrrpScene.open();
    });

    test.each(SLOW)(
      '$name, each pair: one has the address, the other takes over, and gives it back',
      async (dialect) => {
        // All pairs at the same time, each on a LAN of its own: there is much to wait for, and little to do.
        await Promise.all(
          PAIRS.map(async (pair) => {
            const own = await VrrpScene.open();
            await takeOverAndGiveBack(own, await playOn(own, pair, dialect), dialect);
          }),
        );
      },
    );

    describe.each(PAIRS)('$first active, $second backup', ({ first, second }) => {
      const play = (dialect: Dialect) => playOn(scene, { first, second }, dialect);

      test.each(FAST)('$name: one has the address, the other takes over, and gives it back', async (dialect) => {
        await takeOverAndGiveBack(scene, await play(dialect), dialect);
      });

      test('who comes back takes the address, and nothing waits', async () => {
        const { a, b, vip } = await play(V3);
        await a.stop();
        await scene.settled(b, a);
        const client = await scene.client(b);
        const since = wallNow();
        await a.start();
        await scene.settled(a, b);
        await client.answeredBy('a');
        expect((await scene.seen(client, vip, since)).failedLater).toBe(0);
      });

      test('who is stopped says goodbye, and the other is there at once', async () => {
        const { a, b } = await play(V3);
        const client = await scene.client(a);
        const since = wallNow();
        await a.stop();
        await client.answeredBy('b');
        await scene.settled(b, a);
        expect(scene.capture.adverts.all.filter(({ at, host }) => at > since && host === 'a').at(-1)?.priority).toBe(0);
        const { failed } = await client.report(since);
        if (first === 'portico') expect(failed).toBe(0);
        else expect(failed).toBeGreaterThan(1);
      });

      test(AFTER_KILL[first][second], async () => {
        const { a, b, vip } = await play(V3);
        const client = await scene.client(a);
        const killed = wallNow();
        await a.kill9();
        if (first === 'keepalived' && b instanceof PorticoRouter) {
          await b.event('the addresses are not taken over');
          expect((await client.stop()).failed).toBe(0);
          expect(scene.watch.holders(vip)).toEqual(['a']);
          return;
        }
        await client.answeredBy('b');
        if (first === 'keepalived') {
          await scene.watch.heldBy(vip, 'a', 'b');
          return;
        }
        await scene.watch.heldBy(vip, 'b');
        expect(scene.watch.lastSeen(vip, 'a') - killed).toBeLessThan(4000);
        if (second === 'portico') expect(scene.watch.doubleTime(vip, killed)).toBe(0);
      });

      test('who was cut off finds that there are two, and one is left', async () => {
        const { a, b, vip } = await play(V3);
        const client = await scene.client(a);
        scene.lan.isolate('a');
        await client.answeredBy('b');
        await scene.watch.heldBy(vip, 'a', 'b');
        await client.report(); // What was under way to the one that is cut off has failed.
        const since = wallNow();
        scene.lan.rejoin('a');
        await scene.settled(a, b);
        if (second === 'keepalived') return; // It may be silent when it gives way: then nobody tells clients.
        await client.answeredBy('a');
        expect((await client.report(since)).gap).toBeLessThan(100);
      });

      test('two that do not hear each other both have it, until they do', async () => {
        const { a, b, vip } = await play(V3);
        scene.lan.blind(['a', 'b']);
        await scene.watch.heldBy(vip, 'a', 'b');
        scene.lan.blind(['a', 'b'], false);
        await scene.settled(a, b);
      });
    });
  });
});

interface Played {
  readonly a: Router;
  readonly b: Router;
  readonly vip: string;
}

/** Both run, and the first one is active. */
async function playOn(
  scene: VrrpScene,
  { first, second }: { readonly first: Program; readonly second: Program },
  dialect: Dialect,
): Promise<Played> {
  scene.heal();
  const a = scene.router(first, 'a', rulesFor(scene, 'a', dialect, { priority: 200 }));
  const b = scene.router(second, 'b', rulesFor(scene, 'b', dialect, { priority: 100 }));
  await Promise.all([a.start(), b.start()]);
  await scene.settled(a, b);
  return { a, b, vip: vipOf(a.rules) };
}

async function takeOverAndGiveBack(scene: VrrpScene, { a, b, vip }: Played, dialect: Dialect): Promise<void> {
  const [settled, changes] = [wallNow(), scene.changesOf(a)];
  await scene.adverts('a', dialect.version === 2 ? 2 : 10);
  expect(scene.capture.count(settled)).toEqual({ a: expect.any(Number) });
  expect(scene.complaints(settled)).toEqual([]);
  expect(scene.changesOf(a)).toBe(changes);

  const client = await scene.client(a);
  scene.lan.unplug('a');
  await client.answeredBy('b');
  await scene.settled(b, a);
  expect(scene.watch.doubleTime(vip, settled)).toBe(0);
  scene.lan.plug('a');
  await client.answeredBy('a');
  await scene.settled(a, b);
  const given = wallNow();
  await client.answeredBy('a');
  expect(await client.report(given)).toMatchObject({ failed: 0, answered: { a: expect.any(Number) } });
}
