import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Ms } from '../../src/base/units.ts';
import { bestOf } from '../support/best-of.ts';
import { wallNow } from '../support/clock.ts';
import { MAY_MAKE_LANS } from '../support/lan.ts';
import { describeWithPeers } from '../support/peers.ts';
import { leaveToFile } from '../support/teardown.ts';
import { tempDir } from '../support/temp.ts';
import { front, SERVING, VIP, VrrpNodes } from '../support/vrrp-nodes.ts';

/**
 * What becomes of the address, and of its clients, when a node or a part of it goes, at the interval and with the priorities that we
 * advise. `a` is active before and after each.
 */

const ours = (priority: number) => ({ instances: [front(priority)] });

/** Of the kernel, that ends lifetimes by whole seconds: RFC 9568 has no word for it. */
const LIFETIME: Ms = 4000;

describe.skipIf(!MAY_MAKE_LANS)('of two nodes that share an address (needs root)', () => {
  describeWithPeers(['tcpdump'], 'one goes', () => {
    let scene: VrrpNodes;
    let dying: Readonly<Record<string, string>>;
    let killsWorkers: string;

    beforeAll(async () => {
      killsWorkers = join(await tempDir(), 'die');
      dying = { NODE_OPTIONS: `--import=${MORTAL_WORKERS}`, WORKERS_DIE: killsWorkers };
      scene = await VrrpNodes.open();
      await Promise.all([startA(), scene.b.start(ours(250), SERVING)]);
    });
    beforeEach(() => scene.heldBy('a'));

    function startA(): Promise<void> {
      return leaveToFile(() => scene.a.start(ours(254), SERVING, dying));
    }

    test('the proxy is killed: the other one serves within 100 ms', async () => {
      const client = await scene.client();
      const gap = await bestOf(100, async () => {
        await client.answeredBy('a');
        const since = wallNow();
        await scene.a.killProxy();
        await client.answeredBy('b');
        const report = await client.report(since - 100);
        await scene.heldBy('b');
        await startA();
        await scene.heldBy('a');
        return report.gap;
      });
      expect(gap).toBeLessThanOrEqual(100);
      await client.stop();
    });

    test.each([
      {
        name: 'is handed over by hand',
        go: () => scene.a.command('vrrp', 'handover'),
        back: () => scene.a.command('vrrp', 'resume'),
      },
      {
        name: 'goes with the traffic of a node that drains',
        go: () => scene.a.command('node', 'drain'),
        back: () => scene.a.command('node', 'resume'),
      },
      { name: 'leaves a node that is stopped', go: () => scene.a.stop(), back: startA },
    ])('the address $name: no request is lost, there and back', async ({ go, back }) => {
      const client = await scene.client();
      const since = wallNow();
      await Promise.all([go(), client.answeredBy('b')]);
      await scene.heldBy('b');
      expect((await client.report(since)).failed).toBe(0);
      await Promise.all([back(), client.answeredBy('a')]);
      await scene.heldBy('a');
      await client.answeredBy('a');
      expect(await scene.lost(client, since)).toEqual([]);
      await client.stop();
    });

    test('its agent alone is killed: the address is gone at once with the next one, and comes back', async () => {
      const { a, watch } = scene;
      const [agent, from, since] = [a.agent, a.events.all.length, wallNow()];
      process.kill(agent, 'SIGKILL');
      await watch.heldBy(VIP);
      expect(watch.lastSeen(VIP, 'a') - since).toBeLessThan(LIFETIME);
      await a.events.waitFor('vrrp active', { from, limit: 9000 });
      await scene.heldBy('a');
      expect(watch.doubleTime(VIP, since)).toBeLessThan(1000);
      expect(a.agent).not.toBe(agent);
      expect(a.events.all.slice(from).find(({ message }) => message.startsWith('the VRRP agent died'))).toBeDefined();
    });

    test('it is killed with its agent: the kernel takes the address, and the other one has it then', async () => {
      const { a, watch } = scene;
      const since = wallNow();
      await a.kill();
      await scene.heldBy('b');
      expect(watch.lastSeen(VIP, 'a') - since).toBeLessThan(LIFETIME);
      expect(watch.doubleTime(VIP, since)).toBe(0);
      await startA();
    });

    test('none of its workers lives: the other one has the address for as long', async () => {
      const { a } = scene;
      const client = await scene.client();
      const from = a.events.all.length;
      writeFileSync(killsWorkers, '');
      await client.answeredBy('b');
      await scene.heldBy('b');
      expect(await a.events.waitFor('vrrp fault', { from })).toMatchObject({
        because: expect.stringContaining('proxy'),
      });
      rmSync(killsWorkers);
      await client.answeredBy('a');
      await client.stop();
    });
  });
});

/** Has each worker thread end as soon as there is the file that the environment names. */
const MORTAL_WORKERS = `data:text/javascript,${encodeURIComponent(`
  import { existsSync } from 'node:fs';
  import { isMainThread } from 'node:worker_threads';
  if (!isMainThread) setInterval(() => existsSync(process.env.WORKERS_DIE) && process.exit(1), 20).unref();
`)}`;
