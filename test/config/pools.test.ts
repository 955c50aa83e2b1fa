import { expect, test } from 'vitest';
import { ConfigScene, config } from './scene.ts';

/** What the settings of a pool mean for each other. */

const scene = await ConfigScene.open();

/** Without the place in the file. */
function problemsOf(pool: string): string[] {
  const problems = scene.problems(config({ pools: `pools:\n  app: { ${pool} }` }));
  return problems.map((problem) => problem.replace(/^\S+ /, ''));
}

test.each([
  {
    name: 'hash_on without the balance that goes by it',
    pool: 'hash_on: client, origins: ["http://a"]',
    lines: ['pools.app.hash_on: is for balance: consistent-hash, got balance: round-robin'],
  },
  {
    name: 'hash_on in no form that there is',
    pool: 'balance: consistent-hash, hash_on: "header:", origins: ["http://a"]',
    lines: ['pools.app.hash_on: expected path, client, header:NAME or cookie:NAME, got "header:"'],
  },
  {
    name: 'nobody but spares',
    pool: 'origins: [{ url: "http://a", role: spare }]',
    lines: ['pools.app.origins: expected an origin that is not a spare, got spares alone'],
  },
  {
    name: 'a check that takes longer than it is to the next',
    pool: 'origins: ["http://a"], health_check: { interval: 1s, timeout: 2s }',
    lines: ['pools.app.health_check.timeout: expected at most interval (1000ms), got 2000ms'],
  },
  {
    name: 'a check of a body that never comes',
    pool: 'origins: ["http://a"], health_check: { method: HEAD, body: OK }',
    lines: ['pools.app.health_check.body: is for method: GET, got HEAD, whose answers have none'],
  },
  {
    name: 'a check of an answer that nobody asks for',
    pool: 'origins: ["http://a"], health_check: { type: tcp, expect: 200, body: OK }',
    lines: [
      'pools.app.health_check.expect: is for type: http, got tcp',
      'pools.app.health_check.body: is for type: http, got tcp',
    ],
  },
  {
    name: 'statuses that are none',
    pool: 'origins: ["http://a"], health_check: { expect: "399-200" }',
    lines: ['pools.app.health_check.expect: expected statuses such as 200-399 or "200,204,300-399", got "399-200"'],
  },
  {
    name: 'a path that would end the request line',
    pool: 'origins: ["http://a"], health_check: { path: "/ HTTP/1.1" }',
    lines: ['pools.app.health_check.path: expected a path that begins with /, got "/ HTTP/1.1"'],
  },
  {
    name: 'a first ejection that is longer than the longest',
    pool: 'origins: ["http://a"], outlier: { eject_for: 10m }',
    lines: ['pools.app.outlier.eject_for: expected at most max_eject_for (300000ms), got 600000ms'],
  },
  {
    name: 'no limit at all in figures',
    pool: 'origins: ["http://a"], max_in_flight: 0',
    lines: ['pools.app.max_in_flight: expected 1 to 1000000, got 0'],
  },
  {
    name: 'a cookie of our own and one of the origins',
    pool: 'origins: ["http://a"], sticky: { cookie: A, route_of: B }',
    lines: ['pools.app.sticky: expected either cookie or route_of, got both'],
  },
  {
    name: 'sticky by nothing',
    pool: 'origins: ["http://a"], sticky: { secure: auto }',
    lines: ['pools.app.sticky: expected either cookie or route_of, got neither'],
  },
  {
    name: 'what is said of a cookie that others set',
    pool: 'origins: [{ url: "http://a", name: a }], sticky: { route_of: B, lifetime: 1h }',
    lines: ['pools.app.sticky.lifetime: is for a cookie of our own, got route_of'],
  },
  {
    name: 'a cookie that browsers refuse',
    pool: 'origins: ["http://a"], sticky: { cookie: A, same_site: none, secure: never }',
    lines: ['pools.app.sticky.secure: expected auto or always beside same_site: none, got never'],
  },
  {
    name: 'a route that cannot be told by what follows a dot',
    pool: 'origins: ["http://10.0.0.1"], sticky: { route_of: B }',
    lines: ['pools.app.origins[0]: expected a route beside sticky.route_of, as the name has a dot, got "10.0.0.1:80"'],
  },
  {
    name: 'one route for two',
    pool: 'origins: [{ url: "http://a", route: r }, { url: "http://b", route: r }]',
    lines: ['pools.app.origins[1].route: "r" is already at pools.app.origins[0], expected it once'],
  },
])('a pool may not have $name', ({ pool, lines }) => {
  expect(problemsOf(pool)).toEqual(lines);
});

test.each([
  'balance: consistent-hash, hash_on: "cookie:session", origins: ["http://a"]',
  'balance: least-requests, origins: ["http://a", { url: "http://b", role: standby, set: 7 }]',
  'origins: ["http://a"], health_check: { expect: 200 }, slow_start: 30s, max_in_flight: 200, queue: { size: 0 }',
  'origins: ["http://a"], health_check: { type: tcp, port: 9000, host: "a:80" }, outlier: off',
  'origins: [{ url: "http://a", route: app1 }], sticky: { route_of: JSESSIONID }',
  'origins: ["http://a"], sticky: { cookie: SERVERID, same_site: none, lifetime: 1d }',
])('a pool may have %s', (pool) => {
  expect(problemsOf(pool)).toEqual([]);
});
