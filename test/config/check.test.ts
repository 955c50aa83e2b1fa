import { describe, expect, test } from 'vitest';
import { ConfigScene, config } from './scene.ts';

const scene = await ConfigScene.open();

describe('listeners', () => {
  test.each([
    { name: 'one address twice', addresses: ['0.0.0.0:80', '0.0.0.0:80'], second: '0.0.0.0:80' },
    { name: 'one IPv6 address in two spellings', addresses: ['[::1]:80', '[0:0::0001]:80'], second: '[0:0::0001]:80' },
    {
      name: 'an IPv4 address in IPv6',
      addresses: ['127.0.0.1:80', '[::ffff:127.0.0.1]:80'],
      second: '[::ffff:127.0.0.1]:80',
    },
  ])('may not have $name', ({ addresses, second }) => {
    expect(problemsOf(addresses)).toEqual([
      `portico.yaml:4:14 listeners[1].address: "${second}" is already at listeners[0].address, expected it once`,
    ]);
  });

  test.each([
    { name: 'IPv4 and IPv6 at one port', addresses: ['0.0.0.0:80', '[::]:80'] },
    { name: 'any free port twice', addresses: ['127.0.0.1:0', '127.0.0.1:0'] },
    { name: 'all addresses and one of them', addresses: ['0.0.0.0:80', '127.0.0.1:80'] },
    { name: 'one link-local address on two links', addresses: ['[fe80::1%eth0]:80', '[fe80::1%eth1]:80'] },
  ])('may have $name', ({ addresses }) => {
    expect(problemsOf(addresses)).toEqual([]);
  });

  test.each([
    'localhost:80',
    '0.0.0.0',
    ':80',
    '0.0.0.0:65536',
    '0.0.0:80',
    '::1:80',
    '[::1',
    '[1.2.3.4]:80',
    '1.1.1.1:-1',
  ])('need an address and a port, which %s is not', (address) => {
    expect(problemsOf([address])).toEqual([
      `portico.yaml:2:14 listeners[0].address: expected ADDRESS:PORT such as "0.0.0.0:80" or "[::]:80", got "${address}"`,
    ]);
  });

  test('of protocol http have no TLS, not even at its defaults', () => {
    const listeners = `listeners:
  - address: "127.0.0.1:80"
    protocol: http
    certificates: []
    minimum_version: TLSv1.2
    ciphers: ECDHE+AESGCM`;
    expect(scene.problems(config({ listeners }))).toEqual([
      'portico.yaml:4:5 listeners[0].certificates: is for protocol https, got a listener of protocol http',
      'portico.yaml:5:5 listeners[0].minimum_version: is for protocol https, got a listener of protocol http',
      'portico.yaml:6:5 listeners[0].ciphers: is for protocol https, got a listener of protocol http',
    ]);
  });

  test('of protocol https do not redirect to https, and others may', () => {
    const listeners = `listeners:
  - { address: "127.0.0.1:80", protocol: http, redirect_to_https: true }
  - { address: "127.0.0.1:443", protocol: https, redirect_to_https: true }`;
    expect(scene.problems(config({ listeners }))).toEqual([
      'portico.yaml:3:69 listeners[1].redirect_to_https: expected false on a listener of protocol https, got true',
    ]);
  });

  test('have ciphers that OpenSSL knows', () => {
    const listeners = (ciphers: string) =>
      `listeners: [{ address: "127.0.0.1:443", protocol: https, ciphers: "${ciphers}" }]`;
    expect(scene.problems(config({ listeners: listeners('ECDHE+AESGCM:!aNULL') }))).toEqual([]);
    expect(scene.problems(config({ listeners: listeners('MODERN') }))).toEqual([
      'portico.yaml:1:67 listeners[0].ciphers: expected an OpenSSL cipher list, got "MODERN"',
    ]);
  });

  function problemsOf(addresses: readonly string[]): string[] {
    const items = addresses.map((address) => `\n  - address: "${address}"\n    protocol: http`);
    return scene.problems(config({ listeners: `listeners:${items.join('')}` }));
  }
});

describe('sites', () => {
  test('have each host once, in whatever case', () => {
    const sites = `sites:
  - { hosts: [a.example, "*.example", default], pool: app }
  - { hosts: [b.example, A.example, b.example, "[::1]", "[0::1]"], pool: app }
  - { hosts: ["*.Example", default, c.example], pool: app }`;
    expect(scene.problems(config({ sites }))).toEqual([
      'portico.yaml:4:26 sites[1].hosts[1]: "A.example" is already at sites[0].hosts[0], expected it once',
      'portico.yaml:4:37 sites[1].hosts[2]: "b.example" is already at sites[1].hosts[0], expected it once',
      'portico.yaml:4:57 sites[1].hosts[4]: "[0::1]" is already at sites[1].hosts[3], expected it once',
      'portico.yaml:5:15 sites[2].hosts[0]: "*.Example" is already at sites[0].hosts[1], expected it once',
      'portico.yaml:5:28 sites[2].hosts[1]: "default" is already at sites[0].hosts[2], expected it once',
    ]);
  });

  test.each([
    'www.example.com',
    '*.example.com',
    'localhost',
    'default',
    '_x.example',
    '10.0.0.1',
    '[2001:db8::1]',
    'xn--bcher-kva.example',
  ])('may have the host %s', (host) => {
    expect(scene.problems(config({ sites: `sites: [{ hosts: ["${host}"], pool: app }]` }))).toEqual([]);
  });

  test.each([
    '',
    'a b',
    'example.com.',
    '*',
    '*.*.example',
    'www.*.example',
    '-a.example',
    'http://a',
    'a/b',
    '[:::1]',
    '[::1]:80',
    'bücher.example',
  ])('may not have the host %j', (host) => {
    expect(scene.problems(config({ sites: `sites: [{ hosts: ["${host}"], pool: app }]` }))).toEqual([
      `portico.yaml:2:19 sites[0].hosts[0]: expected a host name, "*.example.com" or default, got "${host}"`,
    ]);
  });

  test('and their routes lead to pools that there are', () => {
    const sites = `sites:
  - hosts: [default]
    pool: web
    routes:
      - { path: /, pool: app }
      - { path: /a, pool: aap }
      - { path: /b, pool: toString }`;
    expect(scene.problems(config({ sites }))).toEqual([
      'portico.yaml:4:11 sites[0].pool: expected a pool that stands under pools, got "web"',
      'portico.yaml:7:27 sites[0].routes[1].pool: expected a pool that stands under pools, got "aap", did you mean app?',
      'portico.yaml:8:27 sites[0].routes[2].pool: expected a pool that stands under pools, got "toString"',
    ]);
  });

  test('are not told that a pool is missing because that pool has a problem of its own', () => {
    expect(scene.problems(config({ pools: 'pools:\n  app:\n    origin: http://a' }))).toEqual([
      'portico.yaml:4:3 pools.app.origins: expected a list, got nothing',
      'portico.yaml:5:5 pools.app.origin: is no known setting, did you mean origins?',
    ]);
    expect(scene.problems(config({ pools: 'pools:\n  app:' }))).toEqual([
      'portico.yaml:4:3 pools.app: expected a map, got nothing',
    ]);
    expect(scene.problems(config({ pools: 'pools: [app]' }))).toEqual([
      'portico.yaml:3:8 pools: expected a map, got a list',
    ]);
  });
});

describe('pools', () => {
  test('have each origin once, by the name that operators know it by', () => {
    const pools = `pools:
  app:
    origins:
      - http://10.0.0.1
      - http://10.0.0.1:80
      - { url: "http://10.0.0.1/", name: spare }
      - { url: "http://10.0.0.2", name: spare }
      - { url: "http://10.0.0.3", name: "10.0.0.1:80" }
      - https://10.0.0.1
  other: { origins: ["http://10.0.0.1"] }`;
    expect(scene.problems(config({ pools }))).toEqual([
      'portico.yaml:7:9 pools.app.origins[1]: "10.0.0.1:80" is already at pools.app.origins[0], expected it once',
      'portico.yaml:9:9 pools.app.origins[3]: "spare" is already at pools.app.origins[2], expected it once',
      'portico.yaml:10:9 pools.app.origins[4]: "10.0.0.1:80" is already at pools.app.origins[0], expected it once',
    ]);
  });

  test.each([
    'ftp://a',
    'http://',
    'http://a:0',
    'http://a:99999',
    'http://u@a',
    'http://a?b',
    'a:80',
    'http://a b',
    'http://[::1',
    'HTTP//a',
  ])('may not have the origin %j', (url) => {
    expect(scene.problems(config({ pools: `pools: { app: { origins: ["${url}"] } }` }))).toEqual([
      `portico.yaml:3:27 pools.app.origins[0]: expected http://HOST[:PORT] or https://HOST[:PORT] without a path, or a map with such a url, got "${url.replace('u@', '***@')}"`,
    ]);
  });

  test('have a key for a client certificate, and a certificate for a key', () => {
    const pools = (tls: string) => `pools:\n  app: { origins: ["https://a"], tls: { ${tls} } }`;
    expect(scene.problems(config({ pools: pools('cert: a.pem') }))).toEqual([
      'portico.yaml:4:47 pools.app.tls.cert: expected a key beside it, got nothing',
    ]);
    expect(scene.problems(config({ pools: pools('key: a.key') }))).toEqual([
      'portico.yaml:4:46 pools.app.tls.key: expected a cert beside it, got nothing',
    ]);
    expect(scene.problems(config({ pools: pools('cert: 5, key: a.key') }))).toEqual([
      'portico.yaml:4:47 pools.app.tls.cert: expected the path of a file, got 5',
    ]);
  });
});
