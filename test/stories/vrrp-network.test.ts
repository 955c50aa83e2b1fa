import { readFileSync } from 'node:fs';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Ms } from '../../src/base/units.ts';
import { LONG, tell } from '../endurance/form.ts';
import { wallNow } from '../support/clock.ts';
import type { LogEvent } from '../support/event-log.ts';
import { MAY_MAKE_LANS } from '../support/lan.ts';
import type { LanNode } from '../support/lan-node.ts';
import { describeWithPeers } from '../support/peers.ts';
import { front, SERVING, VIP, VIP6, VrrpNodes } from '../support/vrrp-nodes.ts';

/** What happens to interfaces and addresses below two real nodes, and what comes of reloads. `a` is active before and after each. */

const INTERVAL: Ms = 100;

/** Of an attack. */
const PACKETS = LONG ? 1_000_000 : 40_000;

const interval = { advert_interval: `${INTERVAL}ms` };
const six = (priority: number) => ({
  ...front(priority, interval),
  name: 'six',
  addresses: ['fe80::100/64', `${VIP6}/64`],
});
const both = (priority: number) => ({ instances: [front(priority, interval), six(priority)] });

describe.skipIf(!MAY_MAKE_LANS)('two nodes that share addresses (needs root)', () => {
  describeWithPeers(['tcpdump'], 'on a LAN', () => {
    let scene: VrrpNodes;
    beforeAll(async () => {
      scene = await VrrpNodes.open();
      await Promise.all([scene.a.start(both(200), SERVING), scene.b.start(both(100), SERVING)]);
    });
    beforeEach(async () => {
      await Promise.all([scene.heldBy('a'), scene.heldBy('a', VIP6)]);
      await scene.advertised('a', 3);
      // The log may be read later than the kernel's word.
      const isOf = (name: string) => (event: LogEvent) => event.instance === name && /^vrrp \w+$/.test(event.message);
      const last = (name: string) => scene.a.events.all.findLast(isOf(name))?.message;
      await expect.poll(() => [last('front'), last('six')]).toEqual(['vrrp active', 'vrrp active']);
    });

    test.each([
      { name: 'its interface is down', off: () => scene.lan.setDown('a'), on: () => scene.lan.setUp('a') },
      { name: 'its cable is out', off: () => scene.lan.unplug('a'), on: () => scene.lan.plug('a') },
      {
        name: 'its interface is gone, and another one comes',
        off: () => scene.lan.takeOut('a'),
        on: () => scene.lan.putIn('a'),
      },
      {
        name: 'its interface has another name',
        off: () => scene.lan.rename('a', 'eth0', 'lan0'),
        on: () => scene.lan.rename('a', 'lan0', 'eth0'),
      },
    ])('$name: a fault, until it is over', async ({ off, on }) => {
      const roles = rolesFrom(scene.a);
      off();
      await Promise.all([scene.heldBy('b'), scene.heldBy('b', VIP6)]);
      on();
      await Promise.all([scene.heldBy('a'), scene.heldBy('a', VIP6)]);
      const after = ['fault', 'backup', 'active'];
      await expect.poll(roles).toEqual({ front: after, six: after });
    });

    test('a cable that flaps brings no other transition than fault and backup, until it stays', async () => {
      const [roles, others] = [rolesFrom(scene.a), rolesFrom(scene.b)];
      for (let times = 0; times < 5; times++) {
        scene.lan.unplug('a');
        await expect.poll(() => count(roles(), 'fault')).toBe(2 * (times + 1));
        scene.lan.plug('a');
        await expect.poll(() => count(roles(), 'backup')).toBe(2 * (times + 1));
      }
      await Promise.all([scene.heldBy('a'), scene.heldBy('a', VIP6)]);
      await expect.poll(() => count(others(), 'active') - count(others(), 'backup')).toBe(0);
      await expect.poll(() => count(roles(), 'active')).toBe(2);
      for (const each of [roles().front, roles().six]) {
        expect(each?.at(-1)).toBe('active');
        expect(each?.slice(0, -1)).toEqual(Array.from({ length: 5 }, () => ['fault', 'backup']).flat());
      }
      for (const each of Object.values(others())) expect(each).toEqual(['active', 'backup']);
    });

    test('an interface that is given another MAC address tells so at once, and clients find it', async () => {
      const { lan, a, capture } = scene;
      const roles = rolesFrom(a);
      const client = await scene.client(VIP);
      const [claims, mac] = [capture.claims.all.length, lan.host('a').mac];
      lan.run('a', 'ip', 'link', 'set', 'eth0', 'address', '02:11:22:33:44:55');
      for (const address of [VIP, VIP6]) {
        await capture.claims.waitFor((claim) => claim.host === 'a' && claim.address === address, { from: claims });
      }
      await client.answeredBy('a');
      lan.run('a', 'ip', 'link', 'set', 'eth0', 'address', mac);
      await client.answeredBy('a');
      expect(roles()).toEqual({});
      await client.stop();
    });

    test.each([
      { name: 'IPv4', address: VIP, instance: 'front' },
      { name: 'IPv6', address: VIP6, instance: 'six' },
    ])('of $name, what somebody removes is put back at once, and once a second in a fight', async (what) => {
      const { address, instance } = what;
      const { lan, a, watch } = scene;
      const roles = rolesFrom(a);
      const from = a.events.all.length;
      const client = await scene.client(address);
      const since = wallNow();
      lan.run('a', 'ip', 'address', 'del', `${address}/${instance === 'six' ? 128 : 32}`, 'dev', 'eth0');
      const told = await a.events.waitFor('somebody removed a virtual address: it is put back', { from });
      expect(told).toMatchObject({ level: 'warn', instance, address });
      await scene.heldBy('a', address);
      const [gone, back] = watch.changes.all.filter((change) => change.address === address).slice(-2);
      expect([gone?.isThere, back?.isThere]).toEqual([false, true]);
      expect((back?.at ?? 0) - (gone?.at ?? 0)).toBeLessThan(50);
      expect((await client.report(since)).gap).toBeLessThan(100);
      const fought = wallNow();
      for (let times = 0; times < 8; times++) {
        lan.run('a', 'ip', 'address', 'flush', 'dev', 'eth0', 'to', address);
        await scene.advertised('a', 2);
      }
      const took = wallNow() - fought;
      await scene.heldBy('a', address);
      const puts = watch.changes.all.filter((each) => each.address === address && each.isThere && each.at > fought);
      expect(puts.length).toBeGreaterThanOrEqual(1);
      expect(puts.length).toBeLessThanOrEqual(2 * Math.ceil(took / 1000) + 1);
      expect(roles()).toEqual({});
      await client.stop();
    });

    test.each([
      { name: 'IPv4', address: VIP, instance: 'front' },
      { name: 'IPv6', address: VIP6, instance: 'six' },
    ])(
      'of $name, what another host claims is claimed again, and told, and no more than once a second',
      async (what) => {
        const { address, instance } = what;
        const { a, lan, capture } = scene;
        const roles = rolesFrom(a);
        const [from, claims] = [a.events.all.length, capture.claims.all.length];
        const client = await scene.client(address);
        scene.claim(address, 1);
        const isConflict = ({ message }: LogEvent) => message === 'another host claims a virtual address that is here';
        expect(await a.events.waitFor(isConflict, { from })).toMatchObject({
          instance,
          address,
          mac: lan.host('c').mac,
        });
        await capture.claims.waitFor((claim) => claim.host === 'a' && claim.address === address, { from: claims });
        await client.answeredBy('a');
        scene.claim(address, 500);
        await scene.advertised('a', 5);
        expect(a.events.all.slice(from).filter(isConflict).length).toBeLessThanOrEqual(3);
        expect(capture.claims.all.slice(claims).filter(({ host }) => host === 'a').length).toBeLessThanOrEqual(30);
        expect(roles()).toEqual({});
        await client.stop();
      },
    );

    test('packets of all kinds, as many as there may be, change nothing, and take no memory', async () => {
      const { a, b } = scene;
      const [rolesA, rolesB] = [rolesFrom(a), rolesFrom(b)];
      const agents = [a.agent, b.agent];
      await scene.storm(20_000); // So that what is compiled and counted once is there.
      const before = agents.map(residentMiB);
      const client = await scene.client();
      await scene.storm(PACKETS);
      const after = agents.map(residentMiB);
      expect([rolesA(), rolesB()]).toEqual([{}, {}]);
      expect([a.agent, b.agent]).toEqual(agents);
      for (const [i, mebibytes] of after.entries()) expect(mebibytes - (before[i] ?? 0)).toBeLessThan(20);
      expect(await client.stop()).toMatchObject({ failed: 0, answered: { a: expect.any(Number) } });
      const { instances } = await b.vrrp();
      const droppedBy = instances.map(({ adverts }: { adverts: { dropped: object } }) => adverts.dropped);
      tell('storm', { packets: PACKETS, before, after, droppedBy });
      const reasons = ['checksum', 'destination', 'length', 'ttl', 'type', 'version'];
      expect(Object.keys(droppedBy[0])).toEqual(expect.arrayContaining([...reasons, 'version-differs']));
      expect(Object.keys(droppedBy[1])).toEqual(expect.arrayContaining([...reasons, 'link-local-first']));
    }, 180_000);

    test('another primary address is the one that it advertises from, without a pause', async () => {
      const { lan, capture, a } = scene;
      const roles = rolesFrom(a);
      lan.run('a', 'sysctl', '-q', '-w', 'net.ipv4.conf.eth0.promote_secondaries=1');
      const since = wallNow();
      lan.run('a', 'ip', 'address', 'add', '10.99.0.11/24', 'dev', 'eth0');
      lan.run('a', 'ip', 'address', 'del', '10.99.0.1/24', 'dev', 'eth0');
      await capture.adverts.waitFor(({ source }) => source === '10.99.0.11', { from: capture.adverts.all.length });
      await scene.advertised('a', 4);
      lan.run('a', 'ip', 'address', 'add', '10.99.0.1/24', 'dev', 'eth0');
      lan.run('a', 'ip', 'address', 'del', '10.99.0.11/24', 'dev', 'eth0');
      await capture.adverts.waitFor(({ source }) => source === '10.99.0.1', { from: capture.adverts.all.length });
      expect(longestPause(scene.advertsOf('a', since))).toBeLessThan(2 * INTERVAL);
      expect(roles()).toEqual({});
    });

    test('without an address of its own it is a fault', async () => {
      const { lan, a } = scene;
      const roles = rolesFrom(a);
      lan.run('a', 'ip', 'address', 'del', '10.99.0.1/24', 'dev', 'eth0');
      await scene.heldBy('b');
      lan.run('a', 'ip', 'address', 'add', '10.99.0.1/24', 'dev', 'eth0');
      await scene.heldBy('a');
      await expect.poll(roles).toEqual({ front: ['fault', 'backup', 'active'] });
    });

    test('a reload that leaves an instance as it is costs it no advertisement; others come and go', async () => {
      const { a, capture, watch } = scene;
      const roles = rolesFrom(a);
      const since = wallNow();
      const changes = () => watch.changes.all.filter(({ address, at }) => address === VIP && at > since).length;
      const third = { ...front(200, interval), name: 'third', vrid: 53, addresses: ['10.99.0.101/24'] };
      const { instances } = both(200);
      await a.reload(both(200), SERVING);
      await a.reload(both(200), { ...SERVING, sites: [{ hosts: ['default', 'www.example.com'], pool: 'app' }] });
      await a.reload({ instances: [...instances, third] }, SERVING);
      await scene.heldBy('a', '10.99.0.101');
      await a.reload({ instances: [third, ...instances] }, SERVING);
      await a.reload(both(200), SERVING);
      await capture.adverts.waitFor(({ vrid, priority }) => vrid === 53 && priority === 0);
      await watch.heldBy('10.99.0.101');
      await scene.advertised('a', 2);
      expect(longestPause(scene.advertsOf('a', since))).toBeLessThan(2 * INTERVAL);
      expect(changes()).toBe(0);
      await expect.poll(roles).toEqual({ third: ['backup', 'active', 'stopped'] });
    });

    test('a reload that changes an instance changes what it changes, and clients notice nothing', async () => {
      const { a, b } = scene;
      const client = await scene.client();
      const [roles, since, from] = [rolesFrom(a), wallNow(), b.events.all.length];
      const more = { ...interval, addresses: [`${VIP}/24`, '10.99.0.102/24'], garp: { refresh: '10s' } };
      await a.reload({ instances: [front(200, more), six(200)] }, SERVING);
      await scene.heldBy('a', '10.99.0.102');
      await a.reload(both(200), SERVING);
      await scene.watch.heldBy('10.99.0.102');
      expect(roles()).toEqual({});
      await a.reload({ instances: [front(50, interval), six(200)] }, SERVING);
      await b.events.waitFor('vrrp active', { from });
      await client.answeredBy('b');
      await a.reload(both(200), SERVING);
      await client.answeredBy('a');
      // Clients may know it before the log has been read.
      await expect.poll(roles).toEqual({ front: ['backup', 'active'] });
      expect(longestPause(scene.advertsOf('a', since))).toBeGreaterThan(0);
      expect(scene.watch.changes.all.filter(({ address, at }) => address === VIP6 && at > since)).toEqual([]);
      expect(await scene.lost(client, since)).toEqual([]);
      await client.stop();
    });
  });
});

/** The roles of each instance from now on, as they are told. */
function rolesFrom({ events }: LanNode): () => Record<string, string[]> {
  const from = events.all.length;
  return () => {
    const roles: Record<string, string[]> = {};
    for (const event of events.all.slice(from)) {
      const role = /^vrrp (\w+)$/.exec(event.message)?.[1];
      if (role === undefined || role === 'claiming') continue;
      const name = `${event.instance}`;
      roles[name] = [...(roles[name] ?? []), role];
    }
    return roles;
  };
}

function count(roles: Record<string, string[]>, role: string): number {
  return Object.values(roles)
    .flat()
    .filter((each) => each === role).length;
}

function residentMiB(pid: number): number {
  const kibibytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kibibytes) / 1024);
}

function longestPause(at: readonly Ms[]): Ms {
  return at.reduce((longest, each, i) => Math.max(longest, each - (at[i - 1] ?? each)), 0);
}
