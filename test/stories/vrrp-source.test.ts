import { beforeAll, describe, expect, test } from 'vitest';
import { MAY_MAKE_LANS } from '../support/lan.ts';
import { describeWithPeers } from '../support/peers.ts';
import { PorticoRouter } from '../support/vrrp-agent.ts';
import { DIALECTS, type Dialect, rulesFor, VrrpScene } from '../support/vrrp-scene.ts';

/** An instance that is told from which of its addresses to advertise. `a` has a second one there. */

const MORE = { 4: '10.99.0.201', 6: 'fe80::201' } as const;
const PREFIX = { 4: 24, 6: 64 } as const;

describe.skipIf(!MAY_MAKE_LANS)('a source (needs root)', () => {
  describeWithPeers(['tcpdump'], 'on a LAN', () => {
    let scene: VrrpScene;
    beforeAll(async () => {
      scene = await VrrpScene.open();
    });

    const second = (how: 'add' | 'del', family: 4 | 6) => {
      const flags = how === 'add' && family === 6 ? ['nodad'] : [];
      scene.lan.run('a', 'ip', 'address', how, `${MORE[family]}/${PREFIX[family]}`, 'dev', 'eth0', ...flags);
    };
    const router = (dialect: Dialect, source: string) =>
      new PorticoRouter(scene.lan, 'a', rulesFor(scene, 'a', dialect, { priority: 200 }), { instance: { source } });
    const advertised = (source: string) => {
      const { adverts } = scene.capture;
      return adverts.waitFor((advert) => advert.source === source, { from: adverts.all.length });
    };

    const dialects = DIALECTS.filter(({ version, isUnicast }) => version === 3 && !isUnicast);

    test.each(dialects)('$name: advertisements come from there, and without it there is a fault', async (dialect) => {
      const source = MORE[dialect.family];
      const missing = `source ${source} on eth0`;
      second('add', dialect.family);
      const a = router(dialect, source);
      await a.start();
      await scene.settled(a);
      await advertised(source);
      expect((await a.status()).source).toBe(source);

      second('del', dialect.family);
      await a.roles.waitFor(({ role }) => role === 'fault');
      await scene.watch.heldBy(addressOf(a));
      await expect
        .poll(async () => (await a.status()).words)
        .toMatch(new RegExp(`^fault since .*, because ${missing} is not there; waits for ${missing}$`));

      second('add', dialect.family);
      await scene.settled(a);
      await advertised(source);
      await a.stop();
      second('del', dialect.family);
    });

    test('that is not there at the start is a fault from then on', async () => {
      const [dialect] = dialects as [Dialect];
      const a = router(dialect, MORE[4]);
      await a.start();
      expect(a.roles.all.map(({ role }) => role)).toEqual(['fault']);
      second('add', 4);
      await scene.settled(a);
      await a.stop();
      second('del', 4);
    });

    test('goes with a reload, and nothing else does', async () => {
      const [dialect] = dialects as [Dialect];
      second('add', 4);
      const a = router(dialect, MORE[4]);
      await a.start();
      await scene.settled(a);
      const before = a.roles.all.length;
      const first = scene.lan.host('a').address;
      await a.reload({ instance: { source: first } });
      await advertised(first);
      await expect.poll(async () => (await a.status()).source).toBe(first);
      await a.reload({ instance: { source: MORE[4] } });
      await advertised(MORE[4]);
      expect(a.roles.all.slice(before)).toEqual([]);

      await a.reload({ instance: { source: '10.99.0.250' } });
      await a.roles.waitFor(({ role }) => role === 'fault');
      expect((await a.event('vrrp fault')).fields).toMatchObject({
        because: 'source 10.99.0.250 on eth0 is not there',
      });
      await a.reload({});
      await scene.settled(a);
      await a.stop();
      second('del', 4);
    });
  });
});

function addressOf({ rules }: PorticoRouter): string {
  return rules.addresses[0]?.replace(/\/.*/, '') ?? '';
}
