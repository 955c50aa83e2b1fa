import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { POSITIONS_FILE } from '../../../src/sibling/link/positions.ts';
import { tempDir } from '../../support/temp.ts';
import { ALL, apart, LinkedNode, linked, pair, parted, peer, url } from './scene.ts';

const PURGED_ALL = 'purges of a sibling were missed, so everything is purged';

describe('two nodes that know each other', () => {
  test('are linked, and each knows of the other what it says of itself', async () => {
    const { a, b } = await pair();
    expect(a.link.status()).toMatchObject([{ peer: 'b', node: 'b', instance: b.link.instance }]);
    expect(b.link.status()).toMatchObject([{ peer: 'a', node: 'a', instance: a.link.instance }]);
    expect(a.story).toEqual(['portico 0 true']);
    expect(a.said('link to sibling is up')).toBe(1);
  });

  test('purge what the other one purges, and acknowledge it', async () => {
    const { a, b } = await pair();
    expect(await a.purge(url('http://x/1'), { kind: 'tag', text: 't' })).toEqual({ b: 'acknowledged' });
    expect(b.story).toEqual(['portico 0 true', 'purge url http://x/1', 'purge tag t']);
    expect(await b.link.publish([{ kind: 'prefix', text: 'http://x/é' }], true)).toEqual([
      { peer: 'a', slot: 0, outcome: 'acknowledged' },
    ]);
    expect(a.story.at(-1)).toBe('soft prefix http://x/é');
    expect(a.link.status()[0]).toMatchObject({
      ours: { head: 1, applied: 1, behind: 0 },
      theirs: { head: 1, applied: 1, behind: 0 },
    });
  });

  test('send nothing back of what they were told', async () => {
    const { a, b } = await pair();
    await a.purge(url('http://x/1'));
    await b.purge(url('http://x/2'));
    expect([a.purged, b.purged]).toEqual([['http://x/2'], ['http://x/1']]);
  });

  test('keep the order of a thousand purges, at once and one after the other', async () => {
    const { a, b } = await pair();
    const texts = Array.from({ length: 1000 }, (_, i) => `http://x/${i}`);
    const receipts = await Promise.all(texts.map((text) => a.purge(url(text))));
    expect(new Set(receipts.map((each) => each.b))).toEqual(new Set(['acknowledged']));
    expect(b.purged).toEqual(texts);
  });

  test('purge more at once than a line holds', async () => {
    const { a, b } = await pair();
    const texts = Array.from({ length: 3000 }, (_, i) => `http://x/${i}/${'é'.repeat(500)}`);
    expect(await a.purge(...texts.map(url))).toEqual({ b: 'acknowledged' });
    expect(b.purged).toEqual(texts);
    expect(await a.purge(url('\x01'.repeat(128 * 1024)))).toEqual({ b: 'acknowledged' });
    await expect(a.link.publish([url('x'.repeat(128 * 1024 + 1))], false)).rejects.toThrow(RangeError);
  });

  test('say no more to one that was removed from the configuration', async () => {
    const { a, b } = await pair();
    await a.know();
    await parted(b);
    expect(a.story).toEqual(['portico 0 true', 'portico 0 false']);
    expect(await a.purge(ALL)).toEqual({});
    expect(await b.purge(ALL)).toEqual({ a: 'not-reached' });
  });

  test('stay linked when a reload changes nothing for them', async () => {
    const { a, b } = await pair();
    const [before] = a.link.status();
    await a.know(peer('b', b.address), peer('nobody', { host: '127.0.0.99', port: 9 }, 1));
    expect(a.link.status()[0]).toEqual(before);
    expect(await a.purge(ALL)).toEqual({ b: 'acknowledged', nobody: 'unknown' });
  });
});

describe('three nodes', () => {
  test('each purge once what one of them purges', async () => {
    const a = await LinkedNode.start('a', '127.0.0.11');
    const b = await LinkedNode.start('b', '127.0.0.12');
    const c = await LinkedNode.start('c', '127.0.0.13');
    await a.know(peer('b', b.address), peer('c', c.address, 1));
    await b.know(peer('a', a.address), peer('c', c.address, 1));
    await c.know(peer('a', a.address), peer('b', b.address, 1));
    await linked(a, b, c);
    expect(await a.purge(url('1'))).toEqual({ b: 'acknowledged', c: 'acknowledged' });
    expect(await c.purge(url('2'))).toEqual({ a: 'acknowledged', b: 'acknowledged' });
    expect([a.purged, b.purged, c.purged]).toEqual([['2'], ['1', '2'], ['1']]);
  });
});

describe('a node that is cut off', () => {
  test('has not acknowledged a purge, and has applied it before it is linked again', async () => {
    const { a, b, network } = await apart();
    await a.purge(url('1'));
    network.cut();
    expect(await a.purge(url('2'))).toEqual({ b: 'not-acknowledged' });
    await parted(a, b);
    expect(await a.purge(url('3'))).toEqual({ b: 'not-reached' });
    expect(await b.purge(url('4'))).toEqual({ a: 'not-reached' });
    expect(b.purged).toEqual(['1']);
    network.mend();
    await linked(a, b);
    expect(b.story.slice(-4)).toEqual(['portico 0 false', 'purge url 2', 'purge url 3', 'portico 0 true']);
    expect(a.story.slice(-3)).toEqual(['portico 0 false', 'purge url 4', 'portico 0 true']);
    expect(a.said('link to sibling is down')).toBe(1);
    expect(a.said('link to sibling is up')).toBe(2);
    expect(a.said(PURGED_ALL) + b.said(PURGED_ALL)).toBe(0);
  });

  test('is known to be away, why, and how much it has missed', async () => {
    const { a, b, network } = await apart();
    expect(a.link.status()).toMatchObject([{ standing: 'up', why: undefined }]);
    await a.purge(url('1'));
    // What is applied is told a moment later, where all is slow.
    const applied = () => a.link.status()[0]?.ours.applied;
    await expect.poll(applied, { timeout: 8000 }).toBe(1);
    network.cut();
    await parted(a, b);
    await a.purge(url('2'));
    await a.purge(url('3'));
    expect(a.link.status()).toMatchObject([
      { standing: 'down', why: expect.any(String), node: 'b', ours: { head: 3, applied: 1, behind: 2 } },
    ]);
    network.mend();
    await linked(a, b);
    await expect.poll(applied, { timeout: 8000 }).toBe(3);
    expect(a.link.status()).toMatchObject([{ standing: 'up', why: undefined, ours: { applied: 3, behind: 0 } }]);
    await a.know();
    await a.know(peer('b', b.address));
    expect(a.link.status()).toMatchObject([{ standing: undefined, ours: { head: 3, behind: undefined } }]);
  });

  test('is found again at once when it is heard of by another way', async () => {
    const timing = { retryFirst: 60_000, retryMost: 60_000 };
    const { a, b, network } = await apart({ a: { timing }, b: { timing } });
    network.cut();
    await parted(a, b);
    network.mend();
    await expect
      .poll(() => {
        a.link.nudge(0);
        return a.link.status()[0]?.linked;
      })
      .toBeDefined();
    // Who has been connected to connects as well.
    await linked(a, b);
  });

  test('purges everything when it has missed more than is kept for it', async () => {
    const { a, b, network } = await apart();
    network.cut();
    await parted(a, b);
    for (let i = 0; i < 10_001; i++) void a.link.publish([url(`http://x/${i}`)], false);
    network.mend();
    await linked(a, b);
    expect(b.purged).toEqual(['all']);
    expect(b.said(PURGED_ALL)).toBe(1);
    expect(await a.purge(url('next'))).toEqual({ b: 'acknowledged' });
    expect(b.purged).toEqual(['all', 'next']);
  });

  test('gets a purge of everything when the log of the other one is a new one', async () => {
    const { a, b } = await pair();
    await a.purge(url('1'));
    const { port } = a.address;
    await a.end();
    await b.until('portico 0 false');
    const next = await LinkedNode.start('a', '127.0.0.11', { port, peers: [peer('b', b.address)] });
    await linked(next, b);
    expect(b.purged).toEqual(['1', 'all']);
    expect(b.said(PURGED_ALL)).toBe(1);
  });
});

describe('a node that starts again', () => {
  test('tells what it purged before, and goes on with its numbers', async () => {
    const { a, b, network, toB } = await apart();
    network.cut();
    await parted(a, b);
    await a.purge(url('1'));
    const { port } = a.address;
    const { stateDir } = a;
    await a.end();
    network.mend();
    const next = await LinkedNode.start('a', '127.0.0.11', { port, stateDir, peers: [peer('b', toB.address)] });
    expect(next.link.instance).toBe(a.link.instance);
    await linked(next, b);
    expect(b.purged).toEqual(['1']);
    await next.purge(url('2'));
    expect(b.purged).toEqual(['1', '2']);
  });

  test('still knows who is a Portico node', async () => {
    const { a, b } = await pair();
    const { stateDir } = a;
    const peers = [peer('b', b.address), peer('c', { host: '127.0.0.13', port: 9 }, 1)];
    await Promise.all([a.end(), b.end()]);
    const next = await LinkedNode.start('a', '127.0.0.11', { stateDir, peers });
    expect(await next.purge(ALL)).toEqual({ b: 'not-reached', c: 'unknown' });
  });

  test('without a disk tier gets what was purged since it began, also when it is linked late', async () => {
    let clock = 1_000_000_000;
    const { a, b, network, toA } = await apart({ a: { now: () => clock } });
    await a.purge(url('long ago'));
    const { port } = b.address;
    await b.end();
    clock += 3_600_000;
    network.cut();
    const next = await LinkedNode.start('b', '127.0.0.12', { port, peers: [peer('a', toA.address)] });
    expect(await next.link.catchUp(50)).toBe(true);
    await a.purge(url('meanwhile'));
    network.mend();
    await linked(a, next);
    expect(next.story).toEqual(['purge url meanwhile', 'portico 0 true']);
  });
});

describe('with a disk tier', () => {
  test('what is on disk is suspect until siblings are caught up with', async () => {
    const disk = await tempDir('disk');
    const { a, b, network, toA } = await apart({ b: { disk } });
    await a.purge(url('1'));
    const { port } = b.address;
    const { stateDir } = b;
    const peers = [peer('a', toA.address)];
    await b.end();
    network.cut();
    await a.purge(url('2'));
    const next = await LinkedNode.start('b', '127.0.0.12', { port, stateDir, disk, peers });
    expect(next.story).toEqual(['suspect']);
    expect(await next.link.catchUp(50)).toBe(false);
    network.mend();
    await linked(a, next);
    expect(next.story).toEqual(['suspect', 'purge url 2', 'trust', 'portico 0 true']);
    const told = next.events.map(({ event }) => event);
    expect(told).toContain('what is on disk is validated until siblings are caught up with');
    expect(told).toContain('siblings are caught up with, what is on disk is trusted');
  });

  test('a sibling that is there is caught up with before anybody is served', async () => {
    const disk = await tempDir('disk');
    const { a, b } = await pair();
    const { port } = b.address;
    const { stateDir } = b;
    const peers = [peer('a', a.address)];
    await b.end();
    const first = await LinkedNode.start('b', '127.0.0.12', { port, stateDir, disk, peers });
    expect(await first.link.catchUp(4000)).toBe(true);
    expect(first.story).not.toContain('suspect');
    await linked(a, first);
    await first.end();
    await a.purge(url('meanwhile'));
    const next = await LinkedNode.start('b', '127.0.0.12', { port, stateDir, disk, peers });
    expect(await next.link.catchUp(4000)).toBe(true);
    expect(next.story).toEqual(['suspect', 'purge url meanwhile', 'trust', 'portico 0 true']);
    expect(next.said('what is on disk is validated until siblings are caught up with')).toBe(0);
  });

  test('a sibling that is removed from the configuration is not waited for', async () => {
    const disk = await tempDir('disk');
    const { a, b } = await pair();
    const { port } = b.address;
    const { stateDir } = b;
    const peers = [peer('a', a.address)];
    await b.end();
    const first = await LinkedNode.start('b', '127.0.0.12', { port, stateDir, disk, peers });
    await linked(first);
    await Promise.all([first.end(), a.end()]);
    const next = await LinkedNode.start('b', '127.0.0.12', { port, stateDir, disk, peers });
    expect(await next.link.catchUp(4000)).toBe(false);
    await next.know();
    expect(next.story).toEqual(['suspect', 'trust']);
  });

  test('a node that is killed before it has noted what it applied applies it once more', async () => {
    const disk = await tempDir('disk');
    const { a, b } = await pair();
    const { port } = b.address;
    const { stateDir } = b;
    const peers = [peer('a', a.address)];
    await b.end();
    const first = await LinkedNode.start('b', '127.0.0.12', { port, stateDir, disk, peers });
    await linked(a, first);
    await a.purge(url('1'));
    const noted = readFileSync(join(disk, POSITIONS_FILE));
    await a.purge(url('2'));
    await first.end();
    writeFileSync(join(disk, POSITIONS_FILE), noted);
    const next = await LinkedNode.start('b', '127.0.0.12', { port, stateDir, disk, peers });
    await linked(a, next);
    expect(next.story).toEqual(['suspect', 'purge url 2', 'trust', 'portico 0 true']);
  });

  test('a node that has lost what it applied purges everything, before anything else', async () => {
    const disk = await tempDir('disk');
    writeFileSync(join(disk, POSITIONS_FILE), 'what is this?');
    for (let start = 0; start < 2; start++) {
      const node = await LinkedNode.start('a', '127.0.0.11', { disk });
      expect(node.story).toEqual(['purge all']);
      await node.end();
    }
  });
});

describe('a purge that cannot be applied', () => {
  test('is not acknowledged, and is tried again until it can', async () => {
    const { a, b, toA } = await apart();
    const { port } = b.address;
    await b.end();
    let failures = 3;
    const apply = () => {
      if (failures-- > 0) throw new Error('the purge on seat 3 does not end');
      return undefined;
    };
    const next = await LinkedNode.start('b', '127.0.0.12', { port, peers: [peer('a', toA.address)], apply });
    await linked(a, next);
    await a.purge(url('1'));
    await expect.poll(() => next.purged).toContain('1');
    await linked(a, next);
    expect(
      next.events.filter(({ fields }) => fields.why === 'the purge on seat 3 does not end').length,
    ).toBeGreaterThan(0);
  });
});
