import { describe, expect, test } from 'vitest';
import { valuesOf } from '../support/http1-parser.ts';
import { answer, type Script, startOrigin } from '../support/origin.ts';
import { type Portico, startPortico } from '../support/portico.ts';
import { fetchRaw, type RawResponse } from '../support/raw-client.ts';
import { INSPECTABLE, WorkerInspector } from '../support/worker-inspector.ts';
import { frontDoor } from './front-door.ts';

/** Clients that stay at the origin that they were sent to first. */

async function scene(sticky: object, fields: readonly string[] = [], site: object = {}) {
  const script =
    (name: string): Script =>
    () =>
      answer(name, { fields });
  const origins = await Promise.all(['one', 'two', 'three'].map((name) => startOrigin(script(name))));
  const listed = origins.map(({ url }, i) => ({ url, route: `r${i}` }));
  const portico = await startPortico(frontDoor({ origins: listed, pool: { sticky }, site }), { env: INSPECTABLE });
  return { origins, portico, inspector: await WorkerInspector.attach(portico) };
}

function cookieOf(response: RawResponse): string | undefined {
  return valuesOf(response.fields, 'set-cookie')[0]?.split(';')[0];
}

function ask(portico: Portico, cookie?: string, target = '/'): Promise<RawResponse> {
  return fetchRaw(portico.port(), target, { head: cookie === undefined ? [] : [`Cookie: ${cookie}`] });
}

const OFF = { cache: 'off' };

describe('by a cookie of our own', () => {
  test('a client comes back to its origin, in whichever worker, and is given the cookie once', async () => {
    const { portico } = await scene({ cookie: 'AT' }, [], OFF);
    const first = await ask(portico);
    const cookie = cookieOf(first) as string;
    expect(valuesOf(first.fields, 'set-cookie')).toEqual([`${cookie}; Path=/; HttpOnly; SameSite=Lax`]);
    const later = await Promise.all(Array.from({ length: 20 }, () => ask(portico, cookie)));
    expect(new Set(later.map(({ body }) => body))).toEqual(new Set([first.body]));
    expect(later.flatMap(({ fields }) => valuesOf(fields, 'set-cookie'))).toEqual([]);
  });

  test('it stays there while the origin is drained, and goes elsewhere with a new cookie when it is in maint', async () => {
    const { portico, inspector } = await scene({ cookie: 'AT' }, [], OFF);
    const first = await ask(portico);
    const cookie = cookieOf(first) as string;
    const slot = ['one', 'two', 'three'].indexOf(first.body);
    await inspector.setStanding(slot, { admits: 'known' });
    const [kept, fresh] = [await ask(portico, cookie), await Promise.all([1, 2, 3, 4].map(() => ask(portico)))];
    expect(kept.body).toBe(first.body);
    expect(fresh.map(({ body }) => body)).not.toContain(first.body);
    await inspector.setStanding(slot, { admits: 'none' });
    const moved = await ask(portico, cookie);
    expect(moved.body).not.toBe(first.body);
    const next = cookieOf(moved) as string;
    expect(next).not.toBe(cookie);
    expect((await ask(portico, next)).body).toBe(moved.body);
  });

  test('it goes elsewhere, and stays there, when its origin is gone', async () => {
    const { portico, origins } = await scene({ cookie: 'AT' }, [], OFF);
    const first = await ask(portico);
    await origins[['one', 'two', 'three'].indexOf(first.body)]?.close();
    const moved = await ask(portico, cookieOf(first));
    expect(moved.status).toBe(200);
    expect((await ask(portico, cookieOf(moved))).body).toBe(moved.body);
  });

  test('a reply that is stored has it for the client that made us fetch, and for nobody else', async () => {
    const { portico } = await scene({ cookie: 'AT' }, ['Cache-Control: max-age=60']);
    const first = await ask(portico, undefined, '/stored');
    expect(cookieOf(first)).toMatch(/^AT=/);
    const others = await Promise.all(Array.from({ length: 10 }, () => ask(portico, undefined, '/stored')));
    expect(others.map(({ body }) => body)).toEqual(Array(10).fill(first.body));
    expect(others.map(cookieOf)).toEqual(Array(10).fill(undefined));
  });

  test('a reply that passes the cache has it as well', async () => {
    const { portico } = await scene({ cookie: 'AT' }, ['Cache-Control: no-store']);
    expect(cookieOf(await ask(portico))).toMatch(/^AT=/);
  });
});

describe('by the route in a cookie of the origins', () => {
  test('the suffix leads there, from the cookie as from the path', async () => {
    const { portico } = await scene({ route_of: 'JSESSIONID' }, [], OFF);
    for (const [route, name] of [
      ['r0', 'one'],
      ['r1', 'two'],
      ['r2', 'three'],
    ]) {
      expect((await ask(portico, `JSESSIONID=abc.${route}`)).body).toBe(name);
      const byPath = await ask(portico, undefined, `/shop;jsessionid=abc.${route}`);
      expect(byPath.body).toBe(name);
      expect(cookieOf(byPath)).toBeUndefined();
    }
  });
});
