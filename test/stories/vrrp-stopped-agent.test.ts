import { beforeAll, describe, expect, test } from 'vitest';
import type { InstanceNews } from '../../src/vrrp/agent/news.ts';
import { tell } from '../endurance/form.ts';
import { wallNow } from '../support/clock.ts';
import { MAY_MAKE_LANS } from '../support/lan.ts';
import { describeWithPeers } from '../support/peers.ts';
import { VrrpPair } from '../support/vrrp-pair.ts';
import { VrrpScene } from '../support/vrrp-scene.ts';

/** The kernel takes an address whose lifetime nobody renews. */
const LIFETIME = 4000;

describe.skipIf(!MAY_MAKE_LANS)('an agent that stands still, on a LAN (needs root)', () => {
  describeWithPeers(['tcpdump'], 'with a client', () => {
    let pair: VrrpPair;
    beforeAll(async () => {
      pair = await VrrpPair.open(await VrrpScene.open('w'));
    });

    test.each(['off', 'strict'] as const)(
      'loses its addresses by the kernel, and takes them back in order when it runs again (witness: %s)',
      async (policy) => {
        const { a, b, scene, client, vip } = pair;
        await pair.govern(policy);
        const stopped = wallNow();
        for (const pid of a.agents()) process.kill(pid, 'SIGSTOP');
        await scene.watch.heldBy(vip, 'b');
        const gone = scene.watch.lastSeen(vip, 'a') - stopped;
        expect(gone).toBeLessThan(LIFETIME);
        await client.answeredBy('b');
        await pair.intervals(5);
        expect(scene.watch.doubleTime(vip, stopped)).toBe(0);

        const [from, fromB] = [a.roles.all.length, b.said.all.length];
        const running = wallNow();
        for (const pid of a.agents()) process.kill(pid, 'SIGCONT');
        await a.roles.waitFor(({ role }) => role === 'backup', { from });
        await scene.settled(a, b);
        await pair.intervals(5);
        const seen = await pair.seen(running);
        tell(`an agent that stood still, witness ${policy}`, { gone, ...seen });
        expect(a.roles.all.slice(from).map(({ role }) => role)).toEqual([
          'backup',
          ...(policy === 'off' ? [] : ['claiming']),
          'active',
        ]);
        const inA = scene.watch.changes.all.filter(({ at, host }) => at > running && host === 'a');
        expect(inA.map(({ isThere }) => isThere)).toEqual([true]);
        // `b` heard nothing from it that was not in order.
        expect(b.roles.all.at(-1)?.role).toBe('backup');
        expect(b.said.all.slice(fromB).filter(({ type, news }) => type === 'news' && isAlarm(news))).toEqual([]);
        expect(seen.failedLater).toBe(0);
      },
    );
  });
});

function isAlarm(news: unknown): boolean {
  return (news as InstanceNews).kind === 'alarm';
}
