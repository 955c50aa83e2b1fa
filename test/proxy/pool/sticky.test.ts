import { describe, expect, test } from 'vitest';
import { Sticky, type StickyPlan } from '../../../src/proxy/pool/sticky.ts';
import { parseHead } from './request.ts';

const ROUTES = ['app1', '10.0.0.7:8080', 'app3'];
const COOKIE = {
  kind: 'cookie',
  name: 'AT',
  sameSite: 'lax',
  secure: 'auto',
  lifetime: undefined,
  key: new Uint8Array(32).fill(7),
} satisfies StickyPlan;

function sticky(changes: Partial<typeof COOKIE> | object = {}, pool = 'app', routes = ROUTES): Sticky {
  return new Sticky({ ...COOKIE, ...changes }, pool, routes);
}

/** The cookie of an origin, as a browser sends it back. */
function sent(by: Sticky, position: number): string {
  return (by.setCookie(position, false) as string).split(';')[0] as string;
}

function seen(by: Sticky, cookie: string): number | undefined {
  return by.positionOf(parseHead('/', ['cookie', cookie]));
}

describe('a cookie of our own', () => {
  test('leads back to its origin, among other cookies too', () => {
    for (const position of [0, 1, 2]) {
      expect(seen(sticky(), `a=b; ${sent(sticky(), position)}; c=d`)).toBe(position);
    }
  });

  test('leads there after a restart and when the order of origins has changed', () => {
    expect(seen(sticky({}, 'app', ['app3', 'new', 'app1']), sent(sticky(), 0))).toBe(2);
  });

  test('is not good elsewhere: with another key, in another pool, for an origin that has gone', () => {
    expect(seen(sticky({ key: new Uint8Array(32).fill(8) }), sent(sticky(), 0))).toBeUndefined();
    expect(seen(sticky({}, 'other'), sent(sticky(), 0))).toBeUndefined();
    expect(seen(sticky({}, 'app', ['app3']), sent(sticky(), 0))).toBeUndefined();
  });

  test.each(['AT=', 'AT=app1', 'AT=AAAAAAAAAAAAAAAAAAAAAA', 'AT="', 'at=x', 'XAT=x', 'AT'])(
    'is not made up: %s',
    (cookie) => expect(seen(sticky(), cookie)).toBeUndefined(),
  );

  test('tells neither route nor address', () => {
    expect(ROUTES.some((route) => sent(sticky(), 1).includes(route))).toBe(false);
    expect(sent(sticky(), 1)).toMatch(/^AT=[A-Za-z0-9_-]{22}$/);
  });

  test.each([
    { name: 'as it is by default', changes: {}, https: false, attributes: 'Path=/; HttpOnly; SameSite=Lax' },
    { name: 'to who came by https', changes: {}, https: true, attributes: 'Path=/; HttpOnly; SameSite=Lax; Secure' },
    {
      name: 'always secure',
      changes: { secure: 'always', sameSite: 'strict' },
      https: false,
      attributes: 'Path=/; HttpOnly; SameSite=Strict; Secure',
    },
    { name: 'never secure', changes: { secure: 'never' }, https: true, attributes: 'Path=/; HttpOnly; SameSite=Lax' },
    {
      name: 'across sites',
      changes: { sameSite: 'none' },
      https: false,
      attributes: 'Path=/; HttpOnly; SameSite=None; Secure',
    },
    {
      name: 'for a time',
      changes: { lifetime: 90_500 },
      https: false,
      attributes: 'Path=/; Max-Age=91; HttpOnly; SameSite=Lax',
    },
  ])('is set $name', ({ changes, https, attributes }) => {
    expect(sticky(changes).setCookie(0, https)).toBe(`${sent(sticky(), 0)}; ${attributes}`);
  });
});

describe('the route in a cookie of the origins', () => {
  const byRoute = new Sticky({ kind: 'route', name: 'JSESSIONID' }, 'app', ['app1', 'app2']);
  const at = (target: string, cookie?: string) =>
    byRoute.positionOf(parseHead(target, cookie === undefined ? [] : ['cookie', cookie]));

  test.each([
    { cookie: 'JSESSIONID=12ab.app2', position: 1 },
    { cookie: 'x=y; JSESSIONID="12.34.app1"', position: 0 },
    { cookie: 'JSESSIONID=12ab.app9', position: undefined },
    { cookie: 'JSESSIONID=app1', position: undefined },
    { cookie: 'JSESSIONID=12ab.', position: undefined },
    { cookie: 'jsessionid=12ab.app1', position: undefined },
  ])('of $cookie is told by what follows its last dot', ({ cookie, position }) => {
    expect(at('/', cookie)).toBe(position);
  });

  test.each([
    { target: '/shop;jsessionid=12ab.app2', position: 1 },
    { target: '/shop;JSESSIONID=12ab.app2/cart?q=;jsessionid=x.app1', position: 1 },
    { target: '/shop;v=2;jsessionid=12ab.app1', position: 0 },
    { target: '/shop?x=;jsessionid=12ab.app1', position: undefined },
    { target: '/shop;jsessionid', position: undefined },
  ])('stands in a path too: $target', ({ target, position }) => expect(at(target)).toBe(position));

  test('of the cookie counts before that of the path', () => {
    expect(at('/a;jsessionid=1.app1', 'JSESSIONID=1.app2')).toBe(1);
  });

  test('is for the origins to set', () => expect(byRoute.setCookie(0, true)).toBeUndefined());
});
