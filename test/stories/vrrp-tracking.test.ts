import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Ms } from '../../src/base/units.ts';
import { wallNow } from '../support/clock.ts';
import type { LogEvent } from '../support/event-log.ts';
import { MAY_MAKE_LANS } from '../support/lan.ts';
import { describeWithPeers } from '../support/peers.ts';
import { leaveToFile } from '../support/teardown.ts';
import { tempDir } from '../support/temp.ts';
import { front, SERVING, VIP, VIP6, VrrpNodes } from '../support/vrrp-nodes.ts';

/** What nodes watch beside each other, and what they run. Of two real nodes, `a` is active before each. */

const INTERVAL: Ms = 100;

const instance = (priority: number, more: object = {}) =>
  front(priority, { advert_interval: `${INTERVAL}ms`, ...more });
const six = (priority: number) => ({
  ...instance(priority),
  name: 'six',
  addresses: ['fe80::100/64', `${VIP6}/64`],
});

describe.skipIf(!MAY_MAKE_LANS)('nodes that share addresses (needs root)', () => {
  describeWithPeers(['tcpdump'], 'go by what they watch', () => {
    let scene: VrrpNodes;
    let dir: string;
    beforeAll(async () => {
      dir = await tempDir();
      scene = await VrrpNodes.open();
      scene.lan.run('a', 'ip', 'link', 'add', 'eth1', 'type', 'veth', 'peer', 'name', 'eth2');
      scene.lan.run('a', 'ip', 'link', 'set', 'eth2', 'up');
      scene.lan.run('a', 'ip', 'link', 'set', 'eth1', 'up');
      await Promise.all([
        scene.a.start({ instances: [instance(200)] }, SERVING),
        scene.b.start({ instances: [instance(100)] }, SERVING),
      ]);
    });
    beforeEach(async () => {
      await Promise.all([settings('a', { instances: [instance(200)] }), settings('b', { instances: [instance(100)] })]);
      await scene.heldBy('a');
    });

    const settings = (host: 'a' | 'b', vrrp: object) => scene[host].reload(vrrp, SERVING);

    /** Both ways, while a client asks: it notices nothing. */
    async function toAndFro(go: () => void, back: () => void): Promise<void> {
      const client = await scene.client();
      const since = wallNow();
      go();
      await client.answeredBy('b');
      await scene.heldBy('b');
      back();
      await client.answeredBy('a');
      await scene.heldBy('a');
      expect(await scene.lost(client, since)).toEqual([]);
      await client.stop();
    }

    test('a script counts when it says the same often enough', async () => {
      const outcomes = join(dir, 'outcomes');
      // One that is bad, then good, is neither down nor up again: 2 in a row are.
      writeFileSync(outcomes, '0 1 0 1 1 0 1 0 0 0\n');
      const script = 'read first rest < "$0"; [ -z "$rest" ] || echo "$rest" > "$0"; exit "$first"';
      const command = ['sh', '-c', script, outcomes];
      const up = { name: 'up', command, interval: '200ms', timeout: '200ms', rise: 2, fall: 2, weight: -50 };
      const since = wallNow();
      await settings('a', { instances: [instance(200, { track: { scripts: [up] } })] });
      const isBack = ({ at, priority }: { at: Ms; priority: number }) => at > wallNow() - INTERVAL && priority === 200;
      await scene.capture.adverts.waitFor(({ at, priority }) => at > since && priority === 150);
      await scene.capture.adverts.waitFor(isBack, { from: scene.capture.adverts.all.length });
      expect(prioritiesSince(since)).toEqual([200, 150, 200]);
    });

    test('a script that is overdue, or is not there, is bad', async () => {
      const script = (name: string, command: string[]) => ({
        name,
        command,
        interval: '100ms',
        timeout: '50ms',
        fall: 1,
      });
      const scripts = [
        { ...script('slow', ['sleep', '10']), weight: -20 },
        { ...script('none', [join(dir, 'none')]), weight: -3 },
      ];
      await settings('a', { instances: [instance(200, { track: { scripts } })] });
      await scene.capture.adverts.waitFor(({ priority }) => priority === 177);
    });

    test('the number in a file is added', async () => {
      const path = join(dir, 'say');
      await settings('a', { instances: [instance(200, { track: { files: [{ path, weight: 10 }] } })] });
      await toAndFro(
        () => writeFileSync(path, '-15\n'),
        () => rmSync(path),
      );
    });

    test('another interface that is down gives the addresses to who is well', async () => {
      await settings('a', { instances: [instance(200, { track: { interfaces: [{ name: 'eth1' }] } })] });
      await toAndFro(
        () => scene.lan.run('a', 'ip', 'link', 'set', 'eth1', 'down'),
        () => scene.lan.run('a', 'ip', 'link', 'set', 'eth1', 'up'),
      );
    });

    test('those of a sync group move together', async () => {
      const group = { sync_groups: [{ name: 'edge', instances: ['front', 'six'] }] };
      await settings('b', { instances: [instance(100), six(100)], ...group });
      await settings('a', { instances: [instance(200), six(200)], ...group });
      await Promise.all([scene.heldBy('a'), scene.heldBy('a', VIP6)]);
      // IPv6 alone could go on.
      scene.lan.run('a', 'ip', 'address', 'del', '10.99.0.1/24', 'dev', 'eth0');
      await Promise.all([scene.heldBy('b'), scene.heldBy('b', VIP6)]);
      scene.lan.run('a', 'ip', 'address', 'add', '10.99.0.1/24', 'dev', 'eth0');
      await Promise.all([scene.heldBy('a'), scene.heldBy('a', VIP6)]);
    });

    test('hooks are run in order, each to its end or its deadline', async () => {
      const [logA, logB] = [join(dir, 'a.log'), join(dir, 'b.log')];
      await settings('a', { instances: [instance(200)], hooks: hooksInto(logA) });
      await settings('b', {
        instances: [instance(100)],
        hooks: { ...hooksInto(logB), after_add: { command: ['sleep', '10'], deadline: '100ms' } },
      });
      const from = scene.b.events.all.length;
      await scene.a.command('vrrp', 'handover', '--wait', '10s');
      await scene.heldBy('b');
      await expect
        .poll(() => linesOf(logA))
        .toEqual([
          'before_remove active here',
          'stop two',
          'stop one',
          'after_remove backup away',
          'on_backup backup away',
        ]);
      await expect
        .poll(() => linesOf(logB))
        .toEqual(['before_add claiming away', 'start one', 'start two', 'on_active active here']);
      expect(await scene.b.events.waitFor('a hook failed', { from })).toMatchObject({
        hook: 'after_add',
        problem: 'it took longer than its time',
      });
      await scene.a.command('vrrp', 'resume');
    });

    test('nobody takes over from one that is silent before it is fenced', async () => {
      const log = join(dir, 'fence.log');
      const allowed = join(dir, 'allowed');
      const fence = { command: ['sh', '-c', `echo "$PORTICO_HOOK" >> ${log}; test -e ${allowed}`], deadline: '1s' };
      await settings('b', { instances: [instance(100)], hooks: { ...hooksInto(log), fence } });
      const from = scene.b.events.all.length;
      await scene.a.kill();
      // Before that the kernel still has the address, and so it answers.
      const isRefused = ({ because }: LogEvent) => because === 'the fence hook failed';
      await scene.b.events.waitFor(isRefused, { from, limit: 9000 });
      expect(scene.watch.holders(VIP)).toEqual([]);
      writeFileSync(allowed, '');
      await scene.heldBy('b');
      await expect.poll(() => linesOf(log).at(-1)).toBe('on_active active here');
      const lines = linesOf(log);
      expect(lines.slice(lines.lastIndexOf('fence'))).toEqual([
        'fence',
        'before_add claiming away',
        'after_add active here',
        'start one',
        'start two',
        'on_active active here',
      ]);
      expect(lines.indexOf('fence')).toBeLessThan(lines.lastIndexOf('fence'));
      await leaveToFile(() => scene.a.start({ instances: [instance(200)] }, SERVING));
    });

    function prioritiesSince(since: Ms): number[] {
      const all = scene.capture.adverts.all.filter(({ host, at }) => host === 'a' && at >= since);
      return all.map(({ priority }) => priority).filter((priority, i, list) => priority !== list[i - 1]);
    }
  });
});

/** Each hook says a line: its name, the role of the instance, and whether the address is there. */
function hooksInto(log: string): object {
  const isThere = `$(ip -o address show to ${VIP} | grep -q . && echo here || echo away)`;
  const say = { command: ['sh', '-c', `echo "$PORTICO_HOOK $PORTICO_ROLE ${isThere}" >> ${log}`] };
  const resource = (name: string) => ({
    name,
    start: ['sh', '-c', `echo "start ${name}" >> ${log}`],
    stop: ['sh', '-c', `echo "stop ${name}" >> ${log}`],
  });
  return {
    ...Object.fromEntries(HOOKS.map((name) => [name, say])),
    resources: [resource('one'), resource('two')],
  };
}

const HOOKS = ['before_add', 'after_add', 'before_remove', 'after_remove', 'on_active', 'on_backup', 'on_fault'];

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').trim().split('\n');
  } catch {
    return [];
  }
}
