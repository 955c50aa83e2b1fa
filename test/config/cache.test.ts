import { describe, expect, test } from 'vitest';
import { ConfigScene, config } from './scene.ts';

const scene = await ConfigScene.open();

const TIME = 'expected off or a time such as 30s, 5m, 2h or 1d, at most 366d';

describe('the tiers of the cache', () => {
  test.each([
    'cache: off',
    'cache:',
    'cache: { memory: 1MiB }',
    'cache: { memory: 4MiB, object_limit: 1MiB }',
    'cache: { disk: { directory: cache, size: 64MiB } }',
    'cache: { disk: { directory: state/cache, size: 10GiB }, object_limit: 64MiB, memory_object_limit: 1MiB }',
    'cache: { purge_from: [], tell_status: false }',
  ])('may be %s', (rest) => {
    expect(scene.problems(config({ rest }))).toEqual([]);
  });

  test.each([
    { cache: 'on', wrong: '8 cache: expected off or a map, got "on"' },
    { cache: '{ memory: 1000KiB }', wrong: `18 cache.memory: ${sizeOf('at least 1MiB')}, got "1000KiB"` },
    { cache: '{ memroy: 1MiB }', wrong: '10 cache.memroy: is no known setting, did you mean memory?' },
    {
      cache: '{ memory: 1MiB, object_limit: 300KiB }',
      wrong: '38 cache.object_limit: expected at most a quarter of memory (256KiB), got 300KiB',
    },
    {
      cache: '{ object_limit: 1GiB, disk: { directory: c, size: 1GiB } }',
      wrong: '24 cache.object_limit: expected at most a quarter of memory (64MiB), got 1GiB',
    },
    {
      cache: '{ object_limit: 20MiB, disk: { directory: c, size: 64MiB } }',
      wrong: '24 cache.object_limit: expected at most a quarter of disk.size (16MiB), got 20MiB',
    },
    {
      cache: '{ memory_object_limit: 2MiB, object_limit: 1500KiB }',
      wrong: '31 cache.memory_object_limit: expected at most object_limit (1500KiB), got 2MiB',
    },
    {
      cache: '{ memory_object_limit: 2MiB, memory: 4MiB, disk: { directory: c, size: 1GiB } }',
      wrong: '31 cache.memory_object_limit: expected at most object_limit (1MiB), got 2MiB',
    },
    { cache: '{ disk: { directory: c } }', wrong: `10 cache.disk.size: ${sizeOf('at least 64MiB')}, got nothing` },
    {
      cache: '{ disk: { size: 1GiB } }',
      wrong: '10 cache.disk.directory: expected the path of a directory, got nothing',
    },
    {
      cache: '{ disk: { directory: ./state, size: 1GiB } }',
      wrong: '29 cache.disk.directory: expected a directory of its own, got node.state_dir ("state")',
    },
    {
      cache: '{ disk: { directory: portico.yaml, size: 1GiB } }',
      wrong: '29 cache.disk.directory: cannot use "portico.yaml": "portico.yaml" is not a directory',
    },
    {
      cache: '{ purge_from: [localhost] }',
      wrong: '23 cache.purge_from[0]: expected an address or a network such as 10.0.0.0/8, got "localhost"',
    },
  ])('may not be $cache', ({ cache, wrong }) => {
    expect(scene.problems(config({ rest: `cache: ${cache}` }))).toEqual([`portico.yaml:4:${wrong}`]);
  });

  test('have their directory beside the file', () => {
    const settings = scene.settings(config({ rest: 'cache: { disk: { directory: cache, size: 1GiB } }' }));
    expect(settings.cache).toMatchObject({ disk: { directory: scene.path('cache'), size: 1024 ** 3 } });
  });

  test('are still looked at when something else is wrong', () => {
    expect(scene.problems(config({ rest: 'nodes: 1\ncache: { memory: 1MiB, object_limit: 1MiB }' }))).toEqual([
      expect.stringContaining('nodes: is no known setting'),
      expect.stringContaining('cache.object_limit: expected at most a quarter of memory'),
    ]);
  });
});

describe('the cache of a site or route', () => {
  test.each([
    'cache: off',
    'cache: {}',
    'cache:',
    'cache: { ttl: 0, default_ttl: off, stale_if_error: 1w }',
    'cache: { ignore_query: true }',
    'cache: { ignore_query: [a, utm_*, "a[]"] }',
    'cache: { refresh: [{ path: "~ \\\\.png$", max: 1h }] }',
    'compress: off',
    'compress: []',
    'compress: [zstd, br, gzip]',
  ])('may be %s', (said) => {
    expect(problemsOf(said)).toEqual([]);
  });

  test.each([
    { said: 'cache: no', wrong: [{ at: 7, text: 'cache: expected off or a map, got "no"' }] },
    { said: 'cache: { tll: 1h }', wrong: [{ at: 9, text: 'cache.tll: is no known setting, did you mean ttl?' }] },
    { said: 'cache: { ttl: 30 }', wrong: [{ at: 14, text: `cache.ttl: ${TIME}, got 30` }] },
    {
      said: 'cache: { stale_if_error: 2000d }',
      wrong: [{ at: 25, text: `cache.stale_if_error: ${TIME}, got "2000d"` }],
    },
    {
      said: 'cache: { ignore_query: [a*b] }',
      wrong: [
        {
          at: 24,
          text: 'cache.ignore_query[0]: expected a query parameter, or the beginning of one as utm_*, got "a*b"',
        },
      ],
    },
    {
      said: 'cache: { ignore_query: all }',
      wrong: [
        {
          at: 23,
          text: 'cache.ignore_query: expected true, false or a list of query parameters such as [fbclid, utm_*], got "all"',
        },
      ],
    },
    {
      said: 'cache: { key_headers: ["X Y"] }',
      wrong: [{ at: 23, text: 'cache.key_headers[0]: expected the name of a header field, got "X Y"' }],
    },
    {
      said: 'cache: { set_cookie: keep }',
      wrong: [{ at: 21, text: 'cache.set_cookie: expected bypass, strip or store, got "keep"' }],
    },
    {
      said: 'cache: { refresh: [{ path: "~ (" }, { path: img }, { path: /, min: 5d }] }',
      wrong: [
        { at: 27, text: 'cache.refresh[0].path: expected "/prefix", "= /exact" or "~ regular expression", got "~ ("' },
        { at: 44, text: 'cache.refresh[1].path: expected "/prefix", "= /exact" or "~ regular expression", got "img"' },
      ],
    },
    {
      said: 'cache: { refresh: [{ path: /, min: 5d }, { path: /a, min: 2m, max: 90s }] }',
      wrong: [
        { at: 35, text: 'cache.refresh[0].min: expected at most max (3d), got 5d' },
        { at: 58, text: 'cache.refresh[1].min: expected at most max (90s), got 2m' },
      ],
    },
    {
      said: 'compress: [lzma]',
      wrong: [{ at: 11, text: 'compress[0]: expected zstd, br or gzip, got "lzma"' }],
    },
    {
      said: 'compress: gzip',
      wrong: [{ at: 10, text: 'compress: expected off or a list of zstd, br and gzip, got "gzip"' }],
    },
  ])('may not be $said', ({ said, wrong }) => {
    expect(problemsOf(said)).toEqual([
      ...wrong.map(({ at, text }) => `portico.yaml:5:${5 + at} sites[0].${text}`),
      ...wrong.map(({ at, text }) => `portico.yaml:8:${9 + at} sites[0].routes[0].${text}`),
    ]);
  });

  test('is warned of where it would compress what is not stored', () => {
    const result = scene.load(yaml('cache: off\nINDENTcompress: [gzip]'));
    expect(result.ok).toBe(true);
    const wrong = 'compress: does nothing beside cache: off, as responses are compressed when they are stored';
    expect(scene.lines(result.warnings)).toEqual([
      `portico.yaml:6:5 sites[0].${wrong}`,
      `portico.yaml:10:9 sites[0].routes[0].${wrong}`,
    ]);
  });

  function problemsOf(said: string): string[] {
    return scene.problems(yaml(said));
  }

  /** `said` once in the site, on line 5, and once in its route. */
  function yaml(said: string): string {
    const [site, route] = [4, 8].map((indent) => said.replaceAll('INDENT', ' '.repeat(indent)));
    return config({
      sites: `sites:
  - hosts: [default]
    pool: app
    ${site}
    routes:
      - path: /a
        ${route}`,
    });
  }
});

function sizeOf(limit: string): string {
  return `expected a size such as 512B, 64KiB, 10MiB or 1GiB, ${limit}`;
}
