import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { wallNow } from '../support/clock.ts';
import { MAY_MAKE_LANS } from '../support/lan.ts';
import { describeWithPeers } from '../support/peers.ts';
import { atTeardown } from '../support/teardown.ts';
import { PorticoRouter } from '../support/vrrp-agent.ts';
import { rulesFor, VrrpScene } from '../support/vrrp-scene.ts';
import { LONG, SEED, tell } from './form.ts';

const FLOOD = new URL('../support/vrrp-flood-process.ts', import.meta.url).pathname;

describe.skipIf(!MAY_MAKE_LANS)('two Porticos that share an address (needs root)', () => {
  describeWithPeers(['tcpdump'], 'stay as they are', () => {
    let scene: VrrpScene;
    beforeAll(async () => {
      scene = await VrrpScene.open();
    });

    async function play(interval: number): Promise<{ a: PorticoRouter; b: PorticoRouter }> {
      scene.heal();
      const dialect = { version: 3, family: 4, interval, isUnicast: false } as const;
      const a = new PorticoRouter(scene.lan, 'a', rulesFor(scene, 'a', dialect, { priority: 200 }));
      const b = new PorticoRouter(scene.lan, 'b', rulesFor(scene, 'b', dialect, { priority: 100 }));
      await Promise.all([a.start(), b.start()]);
      await scene.settled(a, b);
      return { a, b };
    }

    test('on a busy machine, with a main thread that is held up each second, at 10 ms', async () => {
      const { a, b } = await play(10);
      const busy = Array.from({ length: 4 }, () => spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }));
      for (const child of busy) atTeardown(() => child.kill('SIGKILL'));
      const [roles, since] = [a.roles.all.length + b.roles.all.length, wallNow()];
      for (let second = 0; second < (LONG ? 60 : 5); second++) {
        for (const router of [a, b]) router.tell({ type: 'block', for: 200 });
        await sleep(1000);
      }
      for (const child of busy) child.kill('SIGKILL');
      tell('busy', { adverts: scene.capture.count(since), longestSilence: scene.longestSilence('a', since) });
      expect(a.roles.all.length + b.roles.all.length).toBe(roles);
      expect(scene.capture.count(since)).toEqual({ a: expect.any(Number) });
    }, 90_000);

    test('in a stream of packets that are none of theirs', async () => {
      const { a, b } = await play(100);
      const [roles, since] = [a.roles.all.length + b.roles.all.length, wallNow()];
      const agents = [a, b].flatMap((router) => router.agents());
      const count = LONG ? 1_000_000 : 40_000;
      const flood = (packets: number) => {
        const child = scene.lan.spawn('c', process.execPath, [FLOOD, `${packets}`, `${SEED}`], { stdio: 'inherit' });
        return once(child, 'exit');
      };
      await flood(20_000); // So that what is compiled and counted once is there.
      const before = agents.map(residentMiB);
      await flood(count);
      const after = agents.map(residentMiB);
      const { dropped } = await b.status();
      tell('stream', { count, before, after, dropped, adverts: scene.capture.count(since) });
      expect(a.roles.all.length + b.roles.all.length).toBe(roles);
      expect([a, b].flatMap((router) => router.agents())).toEqual(agents);
      for (const [i, mebibytes] of after.entries()) expect(mebibytes - (before[i] ?? 0)).toBeLessThan(30);
      expect(Object.values(dropped).reduce((sum, each) => sum + each, 0)).toBeGreaterThan(count / 10);
    }, 180_000);
  });
});

function residentMiB(pid: number): number {
  const kibibytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kibibytes) / 1024);
}
