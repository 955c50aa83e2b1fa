import { describe, expect, test } from 'vitest';
import { atTeardown } from '../../support/teardown.ts';
import type { Asked } from './collected-exchange.ts';
import { Rig, type RigOptions } from './rig.ts';
import type { ScriptedCall } from './scripted-origin.ts';
import { type Answer, ScriptedSiblings, scriptedPeers } from './scripted-siblings.ts';

/** What is fetched from a sibling in place of the origins, and when the origins are asked after all. */

const FRESH = { 'cache-control': 'max-age=60', etag: '"1"', 'content-length': '5' };
const GET = { method: 'GET', target: '/' };

describe('what a sibling has', () => {
  test('goes to the client and into the cache, as old as it is, and no origin is asked', async () => {
    const { siblings, fromOrigin, fromSibling, ask } = await open({ sibling: [200, { ...FRESH, age: '10' }, 'whole'] });
    const { exchange, reply } = await ask({ ...GET, fields: ['X', '1'] });
    expect([exchange.status, exchange.content.toString(), exchange.field('age')]).toEqual([200, 'whole', '10']);
    expect(exchange.field('cache-status')).toBe(
      'rig; fwd=uri-miss; fwd-status=200; ttl=50; stored; detail=sibling-hit',
    );
    expect([reply.fetch?.sibling, reply.fetch?.attempts, reply.fetch?.origin]).toEqual(['edge-2', 0, undefined]);
    expect(siblings.questions).toEqual([
      { url: 'http://www.example.com/', fields: fromSibling[0]?.request.fields.slice(2) },
    ]);
    expect(siblings.outcomes).toEqual([[0, 'hit']]);
    const next = await ask(GET);
    expect(next.exchange.field('cache-status')).toBe('rig; hit; ttl=50');
    expect([fromOrigin.length, fromSibling.length]).toEqual([0, 1]);
  });

  test('is asked for in absolute form, whole, and only if it is there', async () => {
    const { fromSibling, ask } = await open();
    const fields = ['Range', 'bytes=1-2', 'If-Range', '"1"', 'Cookie', 'a=b', 'Cache-Control', 'max-age=90, max-stale'];
    const { exchange } = await ask({ method: 'GET', target: '/a?b', fields: [...fields, 'Pragma', 'x'] });
    expect([exchange.status, exchange.content.toString()]).toEqual([206, 'ho']);
    expect(fromSibling[0]?.request).toEqual({
      method: 'GET',
      target: 'http://www.example.com/a?b',
      fields: [
        ...['host', 'www.example.com', 'Cookie', 'a=b', 'accept-encoding', 'identity'],
        ...['cache-control', 'only-if-cached, max-age=90'],
      ],
      lines: '',
      body: undefined,
      length: undefined,
      upgrade: false,
    });
  });

  test('is there for all who ask at once, by one question', async () => {
    const { rig, siblings, fromSibling } = await open({ sibling: 'later' });
    const [first, second] = [rig.ask(0, GET), rig.ask(1, GET)];
    await turn();
    fromSibling[0]?.head(200, { ...FRESH, date: new Date(rig.now).toUTCString() });
    fromSibling[0]?.body(Buffer.from('who'));
    await turn();
    expect(first.exchange.content.toString()).toBe('who');
    fromSibling[0]?.body(Buffer.from('le'));
    fromSibling[0]?.end();
    await Promise.all([rig.over(first), rig.over(second)]);
    expect([first, second].map(({ exchange }) => exchange.content.toString())).toEqual(['whole', 'whole']);
    expect(siblings.questions).toHaveLength(1);
    await rig.check();
  });

  test('renews what is served stale meanwhile', async () => {
    const swr = { ...FRESH, 'cache-control': 'max-age=60, stale-while-revalidate=60' };
    const scene = await open({
      origin: [200, swr, 'whole'],
      answer: 'none',
      sibling: [304, { ...FRESH, age: '2' }, ''],
    });
    await scene.ask(GET);
    scene.rig.now += 70_000;
    scene.siblings.answer = 0;
    expect((await scene.ask(GET)).exchange.field('age')).toBe('70');
    expect(scene.siblings.outcomes).toEqual([[0, 'hit']]);
    expect((await scene.ask(GET)).exchange.field('age')).toBe('2');
    expect(scene.fromOrigin).toHaveLength(1);
    await scene.rig.check();
  });

  test('takes the place of what is stale here, if it is something else', async () => {
    const scene = await open({
      origin: [200, FRESH, 'whole'],
      answer: 'none',
      sibling: [200, { ...FRESH, etag: '"2"' }, 'other'],
    });
    await scene.ask(GET);
    scene.rig.now += 70_000;
    scene.siblings.answer = 0;
    const { exchange } = await scene.ask(GET);
    expect([exchange.content.toString(), scene.fromSibling[0]?.field('if-none-match')]).toEqual(['other', '"1"']);
    expect(exchange.field('cache-status')).toBe('rig; fwd=stale; fwd-status=200; ttl=60; stored; detail=sibling-hit');
  });

  test('breaks off where it breaks off, once its head was there', async () => {
    const { rig, siblings, fromOrigin, fromSibling } = await open({ sibling: 'later' });
    const asking = rig.ask(0, GET);
    await turn();
    fromSibling[0]?.head(200, FRESH);
    fromSibling[0]?.body(Buffer.from('who'));
    await turn();
    fromSibling[0]?.fail();
    await rig.over(asking);
    expect([asking.exchange.outcome, fromOrigin.length, siblings.outcomes]).toEqual(['broken', 0, [[0, 'hit']]]);
    await rig.check();
  });
});

describe('siblings are not asked', () => {
  test.each<{ name: string; asked: Partial<Asked>; rules?: RigOptions['rules'] }>([
    { name: 'with Authorization', asked: { fields: ['Authorization', 'a'] } },
    { name: 'with no-cache', asked: { fields: ['Cache-Control', 'no-cache'] } },
    { name: 'with no-cache in Pragma', asked: { fields: ['Pragma', 'no-cache'] } },
    { name: 'with no-store', asked: { fields: ['Cache-Control', 'no-store'] } },
    { name: 'for what may have no age', asked: { fields: ['Cache-Control', 'max-age=0'] } },
    { name: 'by HEAD', asked: { method: 'HEAD' } },
    { name: 'by POST', asked: { method: 'POST' } },
    { name: 'with a condition that the origin is to judge', asked: { fields: ['If-Match', '"1"'] } },
    { name: 'where the key has more than they know of', asked: {}, rules: { keyHeaders: ['x-device'] } },
  ])('$name', async ({ asked, rules = {} }) => {
    const { siblings, fromOrigin, ask } = await open({}, { rules });
    await ask({ ...GET, ...asked });
    expect([siblings.questions.length, fromOrigin.length]).toEqual([0, 1]);
  });

  test('when there is nobody to ask', async () => {
    const { fromSibling, fromOrigin, ask } = await open({ answer: 'none' });
    await ask(GET);
    expect([fromSibling.length, fromOrigin.length]).toEqual([0, 1]);
  });

  test('for what is stored nowhere, as is known of late', async () => {
    const scene = await open({ origin: 'later', answer: 'nobody' });
    const waiting = [scene.rig.ask(0, GET), scene.rig.ask(1, GET)];
    await turn();
    for (let i = 0; i < 2; i++) {
      scene.fromOrigin[i]?.head(200, { 'cache-control': 'private', 'content-length': '0' });
      scene.fromOrigin[i]?.end();
      await turn();
    }
    for (const each of waiting) await scene.rig.over(each);
    const before = scene.siblings.questions.length;
    const third = scene.rig.ask(0, GET);
    await turn();
    scene.fromOrigin[2]?.refuse();
    await scene.rig.over(third);
    expect(scene.siblings.questions).toHaveLength(before);
  });
});

describe('the origins are asked', () => {
  test('when no sibling has it', async () => {
    const { siblings, ask } = await open({ answer: 'nobody' });
    const { exchange } = await ask(GET);
    expect(exchange.content.toString()).toBe('origin');
    expect(exchange.field('cache-status')).toBe('rig; fwd=uri-miss; ttl=60; stored');
    expect(siblings.outcomes).toEqual([]);
  });

  test('when a peer is named that is no more', async () => {
    const { siblings, ask } = await open({ answer: 5 });
    expect((await ask(GET)).exchange.content.toString()).toBe('origin');
    expect(siblings.outcomes).toEqual([]);
  });

  test.each<{ name: string; sibling: Said; outcome: string }>([
    { name: 'has it no more', sibling: [504, { 'content-length': '3' }, 'no!'], outcome: 'false-hit' },
    { name: 'has what is stale here', sibling: [200, { ...FRESH, age: '61' }, 'whole'], outcome: 'false-hit' },
    {
      name: 'has what is old by its Date',
      sibling: [200, { ...FRESH, date: 'Wed, 31 Dec 2025 23:00:00 GMT' }, 'whole'],
      outcome: 'false-hit',
    },
    {
      name: 'has what is for one client',
      sibling: [200, { ...FRESH, 'cache-control': 'private' }, 'whole'],
      outcome: 'false-hit',
    },
    {
      name: 'has what hands out a cookie',
      sibling: [200, { ...FRESH, 'set-cookie': 'a=b' }, 'whole'],
      outcome: 'false-hit',
    },
    {
      name: 'has what is to be validated',
      sibling: [200, { ...FRESH, 'cache-control': 'no-cache' }, 'whole'],
      outcome: 'false-hit',
    },
    { name: 'says 304 to no condition', sibling: [304, FRESH, ''], outcome: 'false-hit' },
    { name: 'sends a part', sibling: [206, { ...FRESH, 'content-range': 'bytes 0-4/9' }, 'whole'], outcome: 'failed' },
    { name: 'does not let us in', sibling: [403, FRESH, 'whole'], outcome: 'failed' },
    { name: 'is down', sibling: 'refuse', outcome: 'failed' },
    { name: 'breaks off before its head', sibling: 'fail', outcome: 'failed' },
    { name: 'says nothing in time', sibling: 'later', outcome: 'overdue' },
  ])('when the one that said so $name', async ({ sibling, outcome }) => {
    const { rig, siblings, fromOrigin, ask } = await open({ sibling, timeout: 10 });
    const { exchange } = await ask(GET);
    expect([exchange.content.toString(), fromOrigin.length]).toEqual(['origin', 1]);
    expect(siblings.outcomes).toEqual([[0, outcome]]);
    await rig.check();
  });

  test('when nobody answers in time', async () => {
    const { siblings, ask } = await open({ answer: 'silence', timeout: 10 });
    expect((await ask(GET)).exchange.content.toString()).toBe('origin');
    expect([siblings.outcomes, siblings.cancelled]).toEqual([[], 1]);
  });

  test('for what is younger than the client puts up with', async () => {
    const { siblings, ask } = await open({ sibling: [200, { ...FRESH, age: '10' }, 'whole'] });
    const { exchange } = await ask({ ...GET, fields: ['Cache-Control', 'max-age=5'] });
    expect([exchange.content.toString(), siblings.outcomes]).toEqual(['origin', [[0, 'false-hit']]]);
  });

  test('when the sibling has what we have had before', async () => {
    const longer = { ...FRESH, 'cache-control': 'max-age=100', etag: '"0"', age: '90' };
    const scene = await open({ origin: [200, FRESH, 'newer'], answer: 'none', sibling: [200, longer, 'older'] });
    await scene.ask(GET);
    scene.rig.now += 65_000;
    scene.siblings.answer = 0;
    expect((await scene.ask(GET)).exchange.content.toString()).toBe('newer');
    expect([scene.fromOrigin.length, scene.siblings.outcomes]).toEqual([2, [[0, 'false-hit']]]);
  });
});

describe('what was purged here', () => {
  const OLD = { ...FRESH, 'cache-control': 'max-age=6000', 'surrogate-key': 'shop', age: '600' };

  test.each<{ name: string; purge: (rig: Rig) => void }>([
    { name: 'by URL', purge: (rig) => rig.purge(1, { kind: 'url', what: '/', soft: false }) },
    { name: 'by tag', purge: (rig) => rig.purge(1, { kind: 'tag', what: 'shop', soft: false }) },
    { name: 'with everything', purge: (rig) => rig.purge(1, { kind: 'all', soft: false }) },
    { name: 'softly', purge: (rig) => rig.purge(1, { kind: 'all', soft: true }) },
    { name: 'by an unsafe request', purge: (rig) => rig.invalidate(1, '/') },
  ])('$name does not come back from a sibling that was not told', async ({ purge }) => {
    const { rig, siblings, ask } = await open({ sibling: [200, OLD, 'whole'] });
    purge(rig);
    expect((await ask(GET)).exchange.content.toString()).toBe('origin');
    expect(siblings.outcomes).toEqual([[0, 'false-hit']]);
    await rig.check();
  });

  test.each<{ name: string; purge: (rig: Rig) => void }>([
    { name: 'purged', purge: (rig) => rig.purge(1, { kind: 'all', soft: false }) },
    { name: 'made invalid', purge: (rig) => rig.invalidate(1, '/') },
  ])('does, once it was fetched there after it was $name here', async ({ purge }) => {
    const { rig, siblings, ask } = await open({ sibling: [200, OLD, 'whole'] });
    purge(rig);
    rig.now += 602_000;
    expect((await ask(GET)).exchange.content.toString()).toBe('whole');
    expect(siblings.outcomes).toEqual([[0, 'hit']]);
    await rig.check();
  });

  test('in the second in which it may have been made is not taken, which says nothing against the sibling', async () => {
    const { rig, siblings, ask } = await open({ sibling: [200, { ...OLD, age: '0' }, 'whole'] });
    rig.purge(1, { kind: 'all', soft: false });
    rig.now += 500;
    expect((await ask(GET)).exchange.content.toString()).toBe('origin');
    expect(siblings.outcomes).toEqual([]);
    await rig.check();
  });

  test('is gone if it came from a sibling before', async () => {
    const { rig, fromSibling, ask } = await open({ sibling: [200, OLD, 'whole'] });
    await ask(GET);
    rig.purge(0, { kind: 'url', what: '/', soft: false });
    expect((await ask(GET)).exchange.content.toString()).toBe('origin');
    expect(fromSibling).toHaveLength(2);
  });

  test('softly is not made good by a sibling that was not told', async () => {
    const scene = await open({
      origin: [200, { ...FRESH, 'cache-control': 'max-age=6000' }, 'whole'],
      answer: 'none',
      sibling: [304, { ...FRESH, age: '9' }, ''],
    });
    await scene.ask(GET);
    scene.rig.now += 5_000;
    scene.rig.purge(0, { kind: 'all', soft: true });
    scene.siblings.answer = 0;
    await scene.ask(GET);
    expect([scene.fromOrigin.length, scene.siblings.outcomes]).toEqual([2, [[0, 'false-hit']]]);
  });
});

describe('a client that leaves', () => {
  test.each<{ name: string; answer: Answer; cancelled: [asking: number, fetching: boolean | undefined] }>([
    { name: 'the question', answer: 'silence', cancelled: [1, undefined] },
    { name: 'the fetch', answer: 0, cancelled: [0, true] },
  ])('ends $name', async ({ answer, cancelled }) => {
    const { rig, siblings, fromOrigin, fromSibling } = await open({ answer, sibling: 'later' });
    const asking = rig.ask(0, GET);
    await turn();
    asking.exchange.leave();
    await rig.settle();
    expect([siblings.cancelled, fromSibling[0]?.isCancelled]).toEqual(cancelled);
    expect([fromOrigin.length, siblings.outcomes]).toEqual([0, []]);
    await rig.check();
  });
});

describe('a sibling that asks', () => {
  const stored = { ...FRESH, 'cache-status': 'shield; hit', 'surrogate-control': 'max-age=60' };

  test('gets what is fresh as it is stored, with its age', async () => {
    const scene = await open({ origin: [200, stored, 'whole'], answer: 'none' });
    await scene.ask(GET);
    const { exchange } = await scene.ask(GET, true);
    expect([exchange.status, exchange.content.toString()]).toEqual([200, 'whole']);
    expect(exchange.fields).toEqual([
      ...['date', 'Thu, 01 Jan 2026 00:00:00 GMT', 'cache-control', 'max-age=60', 'etag', '"1"'],
      ...['surrogate-control', 'max-age=60', 'content-length', '5', 'age', '0', 'cache-status', 'shield; hit'],
    ]);
  });

  test.each([
    { name: 'what may be served while it is revalidated', policy: 'max-age=60, stale-while-revalidate=600' },
    { name: 'what it would put up with', policy: 'max-age=60', wish: 'only-if-cached, max-stale' },
    { name: 'what was purged softly', policy: 'max-age=600', purge: true },
    { name: 'what is too old for it', policy: 'max-age=600', wish: 'only-if-cached, max-age=10' },
    { name: 'what will not be fresh for so long', policy: 'max-age=100', wish: 'only-if-cached, min-fresh=60' },
  ])('does not get $name', async ({ policy, wish = 'only-if-cached', purge = false }) => {
    const scene = await open({ origin: [200, { ...FRESH, 'cache-control': policy }, 'whole'], answer: 'none' });
    await scene.ask(GET);
    scene.rig.now += 70_000;
    if (purge) scene.rig.purge(0, { kind: 'all', soft: true });
    const asking = await scene.ask({ ...GET, fields: ['Cache-Control', wish] }, true);
    expect([asking.isOurs, asking.ended, scene.fromOrigin.length]).toEqual([
      true,
      { status: 504, error: 'not_cached' },
      1,
    ]);
    await scene.rig.check();
  });

  test('waits for nobody, so that two who ask each other at once do not wait for each other', async () => {
    const { rig, fromOrigin } = await open({ origin: 'later', answer: 'silence' });
    const client = rig.ask(0, GET);
    await turn();
    const sibling = rig.ask(1, { ...GET, fields: ['Cache-Control', 'only-if-cached'] }, undefined, true);
    expect([sibling.ended, fromOrigin.length]).toEqual([{ status: 504, error: 'not_cached' }, 0]);
    client.exchange.leave();
    await rig.check();
  });
});

type Said =
  | readonly [status: number, fields: Readonly<Record<string, string>>, body: string]
  | 'refuse'
  | 'fail'
  | 'later';

interface Scene {
  readonly answer?: Answer;
  readonly origin?: Said;
  readonly sibling?: Said;
  readonly timeout?: number;
}

async function open(scene: Scene = {}, options: Partial<RigOptions> = {}) {
  const { answer = 0, origin = [200, { ...FRESH, 'content-length': '6' }, 'origin'], timeout = 60_000 } = scene;
  const { sibling = [200, FRESH, 'whole'] } = scene;
  const siblings = new ScriptedSiblings();
  siblings.answer = answer;
  const fromOrigin: ScriptedCall[] = [];
  const fromSibling: ScriptedCall[] = [];
  const play = (calls: ScriptedCall[], said: Said) => (call: ScriptedCall) => {
    calls.push(call);
    say(call, said, rig.now);
  };
  const peers = scriptedPeers(siblings, play(fromSibling, sibling), timeout);
  const rig: Rig = await Rig.open({ ...options, siblings: peers, answer: play(fromOrigin, origin) });
  atTeardown(() => rig.close());
  const ask = async (asked: Asked, forSibling = false) => {
    const asking = rig.ask(0, asked, undefined, forSibling);
    await rig.over(asking);
    await rig.settle();
    return asking;
  };
  return { rig, siblings, fromOrigin, fromSibling, ask };
}

function say(call: ScriptedCall, said: Said, now: number): void {
  if (said === 'refuse') {
    call.refuse();
    return;
  }
  call.sent();
  if (said === 'fail') call.fail();
  if (typeof said === 'string') return;
  call.head(said[0], { date: new Date(now).toUTCString(), ...said[1] });
  call.body(Buffer.from(call.request.method === 'HEAD' ? '' : said[2]));
  call.end();
}

async function turn(): Promise<void> {
  await new Promise(setImmediate);
}
