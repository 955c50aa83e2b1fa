import { beforeAll, describe, expect, test } from 'vitest';
import { OperatedNode } from '../support/operated-node.ts';
import { answer, type ScriptedOrigin, startOrigin } from '../support/origin.ts';
import { fetchRaw } from '../support/raw-client.ts';
import { frontDoor } from './front-door.ts';

/** What operators said holds until they, or a new word of the file, end it: whatever becomes of the process. */

async function named(...names: string[]): Promise<{ origins: ScriptedOrigin[]; listed: Listed[] }> {
  const origins = await Promise.all(names.map((name) => startOrigin(() => answer(name))));
  return { origins, listed: origins.map(({ url }, index) => ({ url, name: names[index] as string })) };
}

interface Listed {
  readonly url: string;
  readonly name: string;
  readonly weight?: number;
  readonly role?: string;
}

const MAINT = { admin: 'maint', reason: 'disk is being replaced' };

/** What came of each event of this type, of those that the node remembers. */
async function eventsOf(node: OperatedNode, type: string) {
  const { json } = await node.ask('GET /events?since=0&timeout=0s', { headers: { Accept: 'application/json' } });
  return (json.events as { type: string }[]).filter((event) => event.type === type);
}

describe('the end of the process', () => {
  test('by kill -9 right after the reply loses nothing that was acknowledged', { timeout: 40_000 }, async () => {
    const { listed } = await named('one', 'two', 'three');
    let node = await OperatedNode.start(frontDoor({ origins: listed }));
    const extra = await startOrigin(() => answer('extra'));

    const changed = await node.ask('PUT /pools/app/origins/one/state', { as: 'ops', body: MAINT });
    expect(changed).toMatchObject({ status: expect.toSatisfy((status) => status === 200 || status === 202) });
    node = await node.killed();
    expect(await node.origin('app/one')).toMatchObject({
      admin: 'maint',
      effective: 'maint',
      override: { by: 'ops', source: 'api', reason: MAINT.reason, since: changed.json.override.since },
    });
    expect(await node.answerers()).toEqual({ two: 10, three: 10 });

    const body = { url: extra.url, id: 'extra', admin: 'active', reason: 'more of them' };
    expect((await node.ask('POST /pools/app/origins', { body })).status).toBe(201);
    node = await node.killed();
    expect(await node.answerers(30)).toEqual({ two: 10, three: 10, extra: 10 });

    const removed = await node.ask('DELETE /pools/app/origins/two?reason=gone');
    expect([202, 204]).toContain(removed.status);
    await node.ask('POST /pools/app/maintenance', { body: { reason: 'database', page: '<h1>later</h1>' } });
    node = await node.killed();
    expect(await node.answerers(4)).toEqual({ 503: 4 });
    await node.ask('DELETE /pools/app/maintenance');
    node = await node.killed();
    expect(await node.answerers()).toEqual({ three: 10, extra: 10 });
    const { origins } = (await node.ask('GET /pools/app')).json;
    expect(origins.map(({ id }: { id: string }) => id).sort()).toEqual(['extra', 'one', 'three']);
    const { records } = (await node.ask('GET /audit')).json;
    expect(records.map(({ number, action }: { number: number; action: string }) => [number, action])).toEqual([
      [1, 'origin.change'],
      [2, 'origin.add'],
      [3, 'origin.remove'],
      [4, 'pool.maintenance'],
      [5, 'pool.maintenance'],
    ]);
  });

  test('by kill -9 in the middle of many changes leaves each as it was, or as it was acknowledged', async () => {
    const { listed } = await named('one', 'two', 'three', 'four');
    let node = await OperatedNode.start(frontDoor({ origins: listed }));
    const acknowledged = new Map<string, number>();
    const sent = new Map<string, number>();
    const change = async (id: string) => {
      for (let weight = 2; weight < 200; weight++) {
        sent.set(id, weight);
        const body = { weight };
        const reply = await node.ask(`PATCH /pools/app/origins/${id}`, { body, headers: { 'If-Match': '*' } });
        if (reply.status === 200) acknowledged.set(id, weight);
        if (weight === 20 && id === 'two') node.portico.signal('SIGKILL');
      }
    };
    await Promise.allSettled(['one', 'two', 'three', 'four'].map(change));
    node = await node.killed();
    for (const { name } of listed) {
      const [least = 0, most = 0] = [acknowledged.get(name), sent.get(name)];
      expect(least).toBeGreaterThan(5);
      const { weight } = await node.origin(`app/${name}`);
      expect(weight).toBeGreaterThanOrEqual(least);
      expect(weight).toBeLessThanOrEqual(most);
    }
  });

  test('by SIGTERM, and a reload, change nothing of it', async () => {
    const { listed } = await named('one', 'two', 'three');
    const config = frontDoor({ origins: listed });
    let node = await OperatedNode.start(config);
    await node.ask('PUT /pools/app/origins/one/state', { body: { ...MAINT, expires: '1h', deadline: '30m' } });
    const before = await node.origin('app/one');
    const more = await named('four');
    const longer = frontDoor({ origins: [...more.listed, ...listed], pool: { balance: 'least-requests' } });
    expect(await node.reload(longer)).toMatchObject({ message: 'reloaded' });
    expect((await node.origin('app/one')).override).toEqual(before.override);
    expect(Object.keys(await node.answerers(30)).sort()).toEqual(['four', 'three', 'two']);
    expect(await node.portico.stop()).toBe(0);
    node = await node.successor(config);
    const { override, drain } = await node.origin('app/one');
    expect({ override, drain }).toEqual({ override: before.override, drain: before.drain });
    expect(await node.answerers()).toEqual({ two: 10, three: 10 });
    await node.ask('PUT /pools/app/origins/two/state', { body: { ...MAINT, expires: '1s' } });
    node = await node.killed();
    while ((await node.origin('app/two')).override !== null);
    expect(await node.answerers()).toEqual({ two: 10, three: 10 });
    expect((await node.ask('DELETE /pools/app/origins/one/override', { as: 'ops' })).status).toBe(200);
    expect(await node.answerers(30)).toEqual({ one: 10, two: 10, three: 10 });
  });
});

describe('a file that says something else of an origin', () => {
  const CASES: readonly {
    readonly what: string;
    /** Of origin "one". */
    readonly becomes: (one: Listed, other: { readonly url: string }) => readonly Listed[];
    readonly because: string;
  }[] = [
    {
      what: 'renames it',
      becomes: ({ url }) => [{ url, name: 'uno' }],
      because: 'no longer configured',
    },
    { what: 'removes it', becomes: () => [], because: 'no longer configured' },
    {
      what: 'gives its name to another',
      becomes: ({ name }, { url }) => [{ url, name }],
      because: 'configuration changed',
    },
    { what: 'gives it another weight', becomes: (one) => [{ ...one, weight: 3 }], because: 'configuration changed' },
    { what: 'gives it another role', becomes: (one) => [{ ...one, role: 'spare' }], because: 'configuration changed' },
  ];

  let node: OperatedNode;
  let one: Listed;
  let two: Listed;
  let other: ScriptedOrigin;

  beforeAll(async () => {
    const { listed, origins } = await named('one', 'two', 'other');
    [one, two] = listed as [Listed, Listed];
    other = origins[2] as ScriptedOrigin;
    node = await OperatedNode.start(frontDoor({ origins: [one, two] }));
  });

  test.each(CASES)(
    'and $what: what was said of it is dropped, with an event, for good',
    async ({ becomes, because }) => {
      expect(await node.reload(frontDoor({ origins: [one, two] }))).toMatchObject({ message: 'reloaded' });
      const from = (await eventsOf(node, 'override-dropped')).length;
      await node.ask('PUT /pools/app/origins/one/state', { body: { ...MAINT, force: true } });
      await node.ask('PUT /pools/app/origins/two/state', { body: { admin: 'drain', reason: 'why not', force: true } });
      const next = becomes(one, other);
      expect(await node.reload(frontDoor({ origins: [two, ...next] }))).toMatchObject({ message: 'reloaded' });

      const { json } = await node.ask('GET /pools/app/origins');
      const states = json.origins.map((each: { id: string; admin: string; override: object | null }) => [
        each.id,
        each.admin,
        each.override !== null,
      ]);
      expect(states).toEqual([['two', 'drain', true], ...next.map(({ name }) => [name, 'active', false])]);
      expect((await eventsOf(node, 'override-dropped')).slice(from)).toMatchObject([
        { pool: 'app', origin: 'one', detail: { what: 'override', because } },
      ]);
      expect((await node.ask('GET /audit')).json.records.at(-1)).toMatchObject({
        actor: 'portico',
        action: 'override.drop',
        target: 'app/one',
        reason: because,
      });
      // The file as it was does not bring it back.
      await node.reload(frontDoor({ origins: [one, two] }));
      expect(await node.origin('app/one')).toMatchObject({ admin: 'active', override: null });
    },
  );

  test('while the node is not there: it is dropped at the start', async () => {
    const { listed } = await named('one', 'two');
    let node = await OperatedNode.start(frontDoor({ origins: listed }));
    await node.ask('PUT /pools/app/origins/one/state', { body: MAINT });
    const { listed: others } = await named('one', 'two');
    node = await node.killed(frontDoor({ origins: others }));
    expect(await node.answerers()).toEqual({ one: 10, two: 10 });
    expect(await eventsOf(node, 'override-dropped')).toMatchObject([{ origin: 'one' }]);
  });
});

describe('origins that operators add and remove', () => {
  test("are the file's as soon as it has them, or has something else of them", async () => {
    const { listed } = await named('one', 'two', 'three');
    const [one, two, three] = listed as [Listed, Listed, Listed];
    const node = await OperatedNode.start(frontDoor({ origins: [one, two] }));
    const body = { url: three.url, id: 'three', admin: 'active', weight: 2, reason: 'more' };
    expect((await node.ask('POST /pools/app/origins', { body })).status).toBe(201);
    expect((await node.ask('DELETE /pools/app/origins/two?reason=less')).status).toBe(204);
    expect(await node.answerers(30)).toEqual({ one: 10, three: 20 });
    // A reload that says nothing of either changes neither.
    await node.reload(frontDoor({ origins: [two, one], pool: { balance: 'least-requests' } }));
    expect(Object.keys(await node.answerers(30)).sort()).toEqual(['one', 'three']);

    await node.reload(frontDoor({ origins: [one, { ...two, weight: 3 }, three] }));
    expect(await node.answerers(50)).toEqual({ one: 10, two: 30, three: 10 });
    expect(await eventsOf(node, 'override-dropped')).toMatchObject([
      { origin: 'two', detail: { what: 'removed', because: 'configuration changed' } },
      { origin: 'three', detail: { what: 'added', because: 'now configured' } },
    ]);
    expect(await node.origin('app/three')).toMatchObject({ override: null, weight: 1 });
  });

  test('take requests when they are enabled, in all workers, and over a restart', async () => {
    const { listed } = await named('one');
    const { origins } = await named('added');
    let node = await OperatedNode.start(frontDoor({ origins: listed }));
    const body = { url: origins[0]?.url, id: 'added', weight: 3, reason: 'Black Friday' };
    const added = await node.ask('POST /pools/app/origins', { body });
    expect(added).toMatchObject({
      status: 201,
      headers: { location: '/api/v1/pools/app/origins/added' },
      json: { admin: 'maint', effective: 'maint', weight: 3 },
    });
    expect(await node.answerers()).toEqual({ one: 20 });
    expect((await node.ask('POST /pools/app/origins', { body })).json.type).toContain('#duplicate');
    await node.command('enable', 'added');
    expect(await node.answerers()).toEqual({ one: 5, added: 15 });
    await node.portico.stop();
    node = await node.successor();
    expect(await node.answerers()).toEqual({ one: 5, added: 15 });
    expect((await node.ask('DELETE /pools/app/origins/added?reason=over')).status).toBe(204);
    expect(await node.answerers()).toEqual({ one: 20 });
    expect((await node.ask('GET /pools/app/origins/added')).status).toBe(410);
    node = await node.killed();
    expect(await node.answerers()).toEqual({ one: 20 });
  });

  test('what still runs at one that is removed is finished, and it is listed until then', async () => {
    const { listed } = await named('one');
    const slow = await startOrigin(() => undefined);
    const node = await OperatedNode.start(frontDoor({ origins: [...listed, { url: slow.url, name: 'slow' }] }));
    const [first, second] = [fetchRaw(node.portico.port(), '/1'), fetchRaw(node.portico.port(), '/2')];
    const request = await slow.arrivals.waitFor(() => true);
    const reply = await node.ask('DELETE /pools/app/origins/slow?reason=gone');
    expect(reply).toMatchObject({ status: 202, json: { effective: 'removing', inFlight: 1 } });
    expect(await node.answerers()).toEqual({ one: 20 });
    const gone = node.ask('GET /pools/app/origins/slow?wait=drained&timeout=5s');
    await request.connection.send(answer('finished'));
    expect((await Promise.all([first, second])).map(({ body }) => body).sort()).toEqual(['finished', 'one']);
    expect([200, 410]).toContain((await gone).status);
    expect(slow.requests.length).toBe(1);
  });

  test('and with now=1 it is cut', async () => {
    const { listed } = await named('one');
    const slow = await startOrigin(() => undefined);
    const node = await OperatedNode.start(frontDoor({ origins: [...listed, { url: slow.url, name: 'slow' }] }));
    const posts = ['/1', '/2'].map((target) => fetchRaw(node.portico.port(), target, { method: 'POST', body: 'a' }));
    await slow.arrivals.waitFor(() => true);
    const reply = await node.ask('DELETE /pools/app/origins/slow?reason=gone&now=1');
    expect([202, 204]).toContain(reply.status);
    expect((await Promise.all(posts)).map(({ status }) => status).sort()).toEqual([200, 502]);
    const gone = await node.ask('GET /pools/app/origins/slow?wait=drained&timeout=5s');
    expect([200, 410]).toContain(gone.status);
  });
});

describe('origins that the file has no more', () => {
  test('are drained when their last request has ended, and no sooner', async () => {
    const { listed } = await named('one');
    const slow = await startOrigin(() => undefined);
    const node = await OperatedNode.start(frontDoor({ origins: [...listed, { url: slow.url, name: 'slow' }] }));
    const both = [fetchRaw(node.portico.port(), '/1'), fetchRaw(node.portico.port(), '/2')];
    const request = await slow.arrivals.waitFor(() => true);
    const drained = node.command('drain', 'app/slow', '--wait', '8s');
    while ((await node.origin('app/slow')).admin !== 'drain')
      await node.ask('GET /pools/app/origins/slow?wait=changed');
    const polled = node.ask('GET /pools/app/origins/slow?wait=drained&timeout=8s');
    expect(await node.reload(frontDoor({ origins: listed }))).toMatchObject({ message: 'reloaded' });
    const inVain = await node.ask('GET /pools/app/origins/slow?wait=drained&timeout=1ms');
    expect(inVain).toMatchObject({ status: 409, json: { origin: { effective: 'removing', inFlight: 1 } } });

    await request.connection.send(answer('finished'));
    expect((await Promise.all(both)).map(({ body }) => body).sort()).toEqual(['finished', 'one']);
    expect((await polled).status).toBe(410);
    expect(await drained).toMatchObject({ status: 0, stdout: expect.stringContaining('app/slow: removed after') });
    expect((await node.ask('GET /pools/app/origins/slow')).status).toBe(410);
  });
});
