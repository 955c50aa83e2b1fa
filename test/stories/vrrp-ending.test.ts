import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { wallNow } from '../support/clock.ts';
import { MAY_MAKE_LANS } from '../support/lan.ts';
import { describeWithPeers } from '../support/peers.ts';
import { tempDir } from '../support/temp.ts';
import { front, SERVING, VIP, VrrpNodes } from '../support/vrrp-nodes.ts';

/** What becomes of hooks, and of the address, when a node ends whose hooks take their time. Node `a` has the address before each. */

const INTERVAL = 100;

const LEAVING = ['before_remove', 'stop', 'after_remove'];

describe.skipIf(!MAY_MAKE_LANS)('of two nodes that share an address (needs root)', () => {
  describeWithPeers(['tcpdump'], 'one ends', () => {
    let scene: VrrpNodes;
    let log: string;
    let runs = 0;

    const instance = (priority: number, more: object = {}) =>
      front(priority, { advert_interval: `${INTERVAL}ms`, preempt: 'never', ...more });

    beforeAll(async () => {
      log = join(await tempDir(), 'hooks');
      scene = await VrrpNodes.open();
    });

    /** Each hook says its name, as of this run of the node; the resource is stopped when a command has ended, and has a minute. */
    async function startBoth(whileStopping: string, node: object = {}): Promise<void> {
      await startA(whileStopping, node);
      await scene.heldBy('a');
      await scene.b.start({ instances: [instance(100)] }, SERVING);
    }

    async function startA(whileStopping: string, node: object = {}): Promise<void> {
      runs += 1;
      const command = ['sh', '-c', `echo "$RUN $PORTICO_HOOK" >> ${log}`];
      const named = ['before_remove', 'after_remove', 'on_active', 'on_fault', 'on_backup'];
      const stop = ['sh', '-c', `${whileStopping}; echo "$RUN $PORTICO_HOOK" >> ${log}`];
      const hooks = {
        ...Object.fromEntries(named.map((name) => [name, { command }])),
        resources: [{ name: 'app', start: ['true'], stop, deadline: '60s' }],
      };
      await scene.a.start({ instances: [instance(200, { hooks })] }, { ...SERVING, node }, { RUN: `${runs}` });
    }

    /** Those of a run that have ended since it became active. */
    function hooksOf(run: number): string[] {
      const all = readFileSync(log, 'utf8').trim().split('\n');
      const names = all.filter((line) => line.startsWith(`${run} `)).map((line) => line.split(' ')[1] as string);
      return names.slice(names.indexOf('on_active') + 1);
    }

    test('killed without its agent: the address goes at once, hooks go on to their end, and it can start meanwhile', async () => {
      await startBoth(`until [ -e ${log}.go ]; do sleep 0.05; done`);
      const killed = runs;
      const since = wallNow();
      await scene.a.killProxy();
      await scene.heldBy('b');
      expect(scene.watch.lastSeen(VIP, 'a') - since).toBeLessThan(1000);
      await startA('true');
      expect(hooksOf(killed)).toEqual(['before_remove']);
      await scene.a.events.waitFor('vrrp backup');
      await scene.advertised('b', 5);
      writeFileSync(`${log}.go`, '');
      await expect.poll(() => hooksOf(killed), { timeout: 5000 }).toEqual([...LEAVING, 'on_fault', 'on_backup']);
      expect(scene.watch.doubleTime(VIP, since)).toBe(0);
    });

    test('stopped: it serves until its hooks have let the address go, and ends with the last of them', async () => {
      await startBoth('sleep 4');
      const client = await scene.client();
      const since = wallNow();
      const stopped = scene.a.stop();
      await scene.heldBy('b');
      await stopped;
      expect(scene.watch.lastSeen(VIP, 'a') - since).toBeGreaterThan(4000);
      expect((await client.report(since)).failed).toBe(0);
      expect(hooksOf(runs)).toEqual([...LEAVING, 'on_backup']);
      const warnings = scene.a.events.all.filter(({ level }) => level !== 'info');
      expect(warnings).toEqual([]);
    });

    test('stopped: hooks that take longer than node.stop_timeout keep the address no longer than that', async () => {
      await startBoth('sleep 3', { stop_timeout: '2s' });
      const since = wallNow();
      const stopped = scene.a.stop();
      await scene.heldBy('b');
      const gone = scene.watch.lastSeen(VIP, 'a');
      await stopped;
      expect(gone - since).toBeGreaterThan(2000);
      expect(gone - since).toBeLessThan(2800);
      expect(hooksOf(runs)).toEqual([...LEAVING, 'on_backup']);
      expect(scene.watch.doubleTime(VIP, since)).toBe(0);
    });
  });
});
