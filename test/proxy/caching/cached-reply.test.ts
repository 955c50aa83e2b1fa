import { describe, expect, test } from 'vitest';
import { atTeardown } from '../../support/teardown.ts';
import type { Asked } from './collected-exchange.ts';
import { Rig, type RigOptions } from './rig.ts';
import type { ScriptedCall } from './scripted-origin.ts';

const FRESH = { 'cache-control': 'max-age=60', etag: '"1"', 'content-length': '5' };

describe('a condition of the client', () => {
  const condition = ['If-None-Match', '"1"'];

  test.each([
    { name: 'stored', policy: 'max-age=60' },
    { name: 'not stored', policy: 'private' },
  ])('is held against what the origin sends, also where that is $name', async ({ policy }) => {
    const scene = await open(({ request }) => [
      200,
      { ...FRESH, 'cache-control': policy },
      request.method === 'GET' ? 'whole' : '',
    ]);
    const { exchange } = await scene.ask({ method: 'GET', target: '/', fields: condition });
    expect([exchange.status, exchange.content.length, exchange.field('etag')]).toEqual([304, 0, '"1"']);
    expect(scene.calls[0]?.field('if-none-match')).toBeUndefined();
    await scene.rig.check();
  });

  test('that does not hold leaves what passes as it is', async () => {
    const scene = await open(() => [200, { ...FRESH, 'cache-control': 'private' }, 'whole']);
    const { exchange } = await scene.ask({ method: 'GET', target: '/', fields: ['If-None-Match', '"2"'] });
    expect([exchange.status, exchange.content.toString()]).toEqual([200, 'whole']);
  });

  test('does not have the origin send more than a little for nothing', async () => {
    const length = 1_000_000;
    const scene = await open(() => [200, { ...FRESH, 'cache-control': 'private', 'content-length': `${length}` }, '']);
    const { exchange } = await scene.ask({ method: 'GET', target: '/', fields: condition });
    expect([exchange.status, scene.calls[0]?.isCancelled]).toEqual([304, true]);
    await scene.rig.check();
  });
});

describe('what was to be validated', () => {
  test.each([
    {
      name: 'goes when something takes its place that is not stored',
      second: [200, { 'cache-control': 'no-store' }],
      kept: false,
    },
    { name: 'goes with the resource', second: [410, { 'cache-control': 'private' }], kept: false },
    { name: 'stays when the origin has trouble', second: [500, { 'cache-control': 'no-store' }], kept: true },
    {
      name: 'stays when one client gets what is its own',
      second: [200, { 'cache-control': 'max-age=1' }],
      fields: ['Authorization', 'a'],
      kept: true,
    },
  ] as const)('$name', async ({ second, kept, ...rest }) => {
    let answer: Answer = [200, FRESH, 'whole'];
    const scene = await open(() => answer);
    await scene.ask({ method: 'GET', target: '/' });
    scene.rig.now += 61_000;
    answer = [second[0], second[1], 'other'];
    await scene.ask({ method: 'GET', target: '/', ...rest });
    answer = 'refuse';
    const { exchange } = await scene.ask({ method: 'GET', target: '/' });
    expect(exchange.content.toString()).toBe(kept ? 'whole' : '');
    await scene.rig.check();
  });
});

describe('the answer to a HEAD', () => {
  test.each([
    { name: 'renews what was purged softly', fields: FRESH, forwarded: 0 },
    { name: 'leaves stale what is not the same any more', fields: { ...FRESH, etag: '"2"' }, forwarded: 1 },
    {
      name: 'leaves stale what has another length',
      fields: { 'cache-control': 'max-age=60', 'content-length': '6' },
      forwarded: 1,
    },
  ])('$name, and there is still something to show when the origin is lost', async ({ fields, forwarded }) => {
    let answer: Answer = [200, FRESH, 'whole'];
    const scene = await open(() => answer);
    await scene.ask({ method: 'GET', target: '/' });
    scene.rig.purge(0, { kind: 'all', soft: true });
    answer = [200, fields, ''];
    await scene.ask({ method: 'HEAD', target: '/' });
    const before = scene.calls.length;
    answer = 'refuse';
    const { exchange } = await scene.ask({ method: 'GET', target: '/' });
    expect([exchange.content.toString(), scene.calls.length - before]).toEqual(['whole', forwarded]);
    await scene.rig.check();
  });

  test('says nothing of a body that is still coming', async () => {
    const { rig, calls } = await open(() => 'later');
    const first = rig.ask(0, { method: 'GET', target: '/' });
    await turn();
    calls[0]?.head(200, { 'cache-control': 'max-age=0' });
    const second = rig.ask(1, { method: 'HEAD', target: '/' });
    await turn();
    calls[0]?.body(Buffer.from('whole'));
    calls[0]?.end();
    calls[1]?.head(200, { 'cache-control': 'max-age=60', 'content-length': '6' });
    calls[1]?.end();
    await Promise.all([rig.over(first), rig.over(second)]);
    const third = rig.ask(0, { method: 'GET', target: '/' });
    await turn();
    expect(calls).toHaveLength(3);
    calls[2]?.fail();
    await rig.over(third);
    await rig.check();
  });
});

test.each([
  { name: 'the whole of it goes on to its client', range: undefined, outcome: 'whole' },
  { name: 'a range of it breaks off, and nothing else is sent in its place', range: 'bytes=100-', outcome: 'broken' },
])('when there is no room for the rest of a body, $name', async ({ range, outcome }) => {
  const { rig, calls } = await open(() => 'later', { memory: 256 * 1024 });
  const body = Buffer.alloc(100_000, 'body ');
  const fields = range === undefined ? [] : ['Range', range];
  const asking = rig.ask(0, { method: 'GET', target: '/', fields });
  await turn();
  // The origin knows nothing of ranges.
  calls[0]?.head(200, { 'cache-control': 'max-age=60', 'content-length': String(body.length) });
  calls[0]?.body(body.subarray(0, 20_000));
  await turn();

  // Another one comes that nobody knows the length of, and takes what there is.
  const other = rig.ask(0, { method: 'GET', target: '/other' });
  await turn();
  calls[1]?.head(200, { 'cache-control': 'max-age=60' });
  for (let taken = 0; taken < 230_000; taken += 1000) calls[1]?.body(Buffer.alloc(1000));
  await turn();

  for (let at = 20_000; at < body.length; at += 10_000) {
    calls[0]?.body(body.subarray(at, at + 10_000));
    await turn();
  }
  calls[0]?.end();
  await rig.over(asking);
  calls[1]?.fail();
  await rig.over(other);
  const { exchange } = asking;
  expect([exchange.outcome, exchange.bytesSent > 10_000]).toEqual([outcome, true]);
  const expected = range === undefined ? body : body.subarray(100);
  expect(expected.subarray(0, exchange.bytesSent).equals(exchange.content)).toBe(true);
  await rig.check();
});

/** `refuse`: nobody listens. `later`: the test answers itself. */
type Answer = readonly [status: number, fields: Readonly<Record<string, string>>, body: string] | 'refuse' | 'later';

async function open(answer: (call: ScriptedCall) => Answer, options: Omit<RigOptions, 'answer'> = {}) {
  const calls: ScriptedCall[] = [];
  const rig = await Rig.open({
    ...options,
    answer: (call) => {
      calls.push(call);
      const said = answer(call);
      if (said === 'refuse') {
        call.refuse();
        return;
      }
      call.sent();
      if (said === 'later') return;
      call.head(said[0], { date: new Date(rig.now).toUTCString(), ...said[1] });
      call.body(Buffer.from(said[2]));
      call.end();
    },
  });
  atTeardown(() => rig.close());
  const ask = async (asked: Asked) => {
    const asking = rig.ask(0, asked);
    await rig.over(asking);
    await rig.settle();
    return asking;
  };
  return { rig, calls, ask };
}

async function turn(): Promise<void> {
  await new Promise(setImmediate);
}
