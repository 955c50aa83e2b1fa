import { describe, expect, test } from 'vitest';
import { loadSettings } from '../../src/config/load.ts';
import { ConfigScene, config } from './scene.ts';

const scene = await ConfigScene.open();

describe('a configuration', () => {
  test('is whole, with every default, in milliseconds and bytes', () => {
    const settings = scene.settings(config());
    expect(settings.listeners[0]).toEqual({
      address: '127.0.0.1:8080',
      protocol: 'http',
      redirect_to_https: false,
      proxy_protocol_from: [],
      minimum_version: 'TLSv1.2',
      certificates: [],
      limits: { head: 32_768, fields: 100, uri: 8_192 },
      timeouts: { head: 10_000, body: 30_000, idle: 60_000, write: 60_000 },
    });
    expect(settings.pools.app?.origins).toEqual([{ url: 'http://127.0.0.1:8081', weight: 1, role: 'primary', set: 0 }]);
    expect(settings.pools.app?.retries).toEqual({ attempts: 2, budget: 0.2 });
    expect(settings.node.name).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/);
  });

  test('is frozen to its depth', () => {
    const settings = scene.settings(config());
    expect(() => settings.listeners.push()).toThrow(TypeError);
    expect(Object.isFrozen(settings.listeners[0]?.limits)).toBe(true);
    expect(Object.isFrozen(settings.sites[0]?.response_headers.set)).toBe(true);
    expect(Object.isFrozen(settings.pools.app?.origins[0])).toBe(true);
  });

  test('has the names of its files made absolute, from its own directory', () => {
    scene.write('down.html', '<p>down</p>');
    const settings = scene.settings(
      config({
        sites: 'sites: [{ hosts: [default], pool: app, splash: { page: down.html } }]',
        rest: 'node: { state_dir: ../state }\nlogs: { access: { file: ./access.log } }',
      }),
    );
    expect(settings.sites[0]?.splash.page).toBe(scene.path('down.html'));
    expect(settings.node.state_dir).toBe(scene.path('../state'));
    expect(settings.logs.access).toMatchObject({ file: scene.path('access.log') });
  });

  test('may have "-" for standard output, or no access log', () => {
    expect(scene.settings(config()).logs.access).toMatchObject({ file: '-' });
    expect(scene.settings(config({ rest: 'logs: { access: off }' })).logs.access).toBe('off');
  });

  test('may name a section and leave all of it at its defaults', () => {
    const rest = 'node:\nlogs:\n  access:\n';
    const sites = 'sites:\n  - hosts: [default]\n    pool: app\n    splash:\n    routes: [{ path: /, splash: }]';
    const settings = scene.settings(config({ rest, sites }));
    expect(settings.logs).toEqual(scene.settings(config()).logs);
    expect(settings.sites[0]?.routes[0]).toEqual({ path: '/' });
  });
});

describe('a file that cannot be read', () => {
  test('is one problem, with the reason', () => {
    expect(linesOf(scene.path('missing.yaml'))).toEqual(['missing.yaml: cannot be read: no such file']);
    expect(linesOf(`${scene.directory}/.`)).toEqual(['.: cannot be read: is a directory']);
  });

  test('may as well have no end', () => {
    expect(linesOf('/dev/zero')).toEqual(['/dev/zero: cannot be read: is larger than 4 MiB']);
  });

  function linesOf(file: string): string[] {
    const result = loadSettings(file, {});
    return result.ok ? [] : scene.lines(result.problems);
  }
});

describe('text that is not a configuration', () => {
  test.each([
    { name: 'nothing', yaml: '', lines: ['portico.yaml:1:1: is empty, expected listeners, sites and pools'] },
    { name: 'comments', yaml: '# a\n\n', lines: ['portico.yaml:1:1: is empty, expected listeners, sites and pools'] },
    { name: 'a list', yaml: '\n- a\n', lines: ['portico.yaml:2:1: expected a map, got a list'] },
    { name: 'a word', yaml: 'listen', lines: ['portico.yaml:1:1: expected a map, got "listen"'] },
    {
      name: 'two documents',
      yaml: `${config()}\n---\na: 1\n`,
      lines: ['portico.yaml:5:1: expected one document, got a second one'],
    },
    {
      name: 'a tab for an indent',
      yaml: 'node:\n\tname: a\n',
      lines: ['portico.yaml:2:1: tabs are not allowed as indentation'],
    },
    {
      name: 'a list that is not closed, after a good line',
      yaml: 'node: {}\nsites: [a, b',
      lines: ['portico.yaml:2:13: flow sequence in block collection must be sufficiently indented and end with a ]'],
    },
    {
      name: 'errors on several lines',
      yaml: 'a: @x\nb: 1\nc: "\\q"\n',
      lines: [
        'portico.yaml:1:4: plain value cannot start with reserved character @',
        'portico.yaml:3:5: invalid escape sequence \\q',
      ],
    },
    {
      name: 'a line that is indented too little, and not all that follows from it',
      yaml: 'node:\n  name: a\n via: true\nlogs:\n  level: info\n',
      lines: ['portico.yaml:3:1: all mapping items must start at the same column'],
    },
    {
      name: 'what was never opened',
      yaml: 'node: {}}\nlogs: {}\nsites: []\n',
      lines: ['portico.yaml:1:9: did not expect "}" here: check its indent, and what is open before it'],
    },
    {
      name: 'a tag of no core type',
      yaml: 'a: !!binary aGk=',
      lines: ['portico.yaml:1:4: unresolved tag: tag:yaml.org,2002:binary'],
    },
    { name: 'a list as a key', yaml: '? [a]\n: b', lines: ['portico.yaml:1:3: expected a name before the colon'] },
    { name: 'deep nesting', yaml: '['.repeat(50_000), lines: ['portico.yaml:1:807: is nested too deeply'] },
  ])('such as $name is told where it fails', ({ yaml, lines }) => {
    const found = scene.problems(yaml);
    // How deep the parser gets depends on the stack that it is given.
    expect(found.map((line) => line.replace(/\d+: is nested/, '807: is nested'))).toEqual(lines);
  });

  test.each([
    { name: 'Latin-1', bytes: Buffer.from('a: é', 'latin1') },
    { name: 'UTF-16', bytes: Buffer.from('\ufeffa: b', 'utf16le') },
    { name: 'an executable', bytes: Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0x02, 0xff, 0xfe, 0x00]) },
  ])('such as $name is refused', ({ bytes }) => {
    expect(scene.problems(bytes)).toEqual(['portico.yaml: is not UTF-8 text']);
  });

  test('has its byte order mark and line ends of Windows forgiven', () => {
    const yaml = `\ufeff${config({ rest: 'node: { workers: 2 }' }).replaceAll('\n', '\r\n')}`;
    expect(scene.settings(yaml).node.workers).toBe(2);
    expect(scene.problems(`\ufeffnode: 1\r\n${config()}`)).toEqual(['portico.yaml:1:7 node: expected a map, got 1']);
  });
});

describe('problems', () => {
  test.each([
    {
      name: 'an unknown key, at the key, with the name that was meant',
      rest: 'nodes:\n  workers: 2\n',
      lines: ['4:1 nodes: is no known setting, did you mean node?'],
    },
    {
      name: 'an unknown key that is like no other, with those there are',
      rest: 'logs:\n  level: info\n  destination: x\n',
      lines: ['6:3 logs.destination: is no known setting, expected one of level, access'],
    },
    {
      name: 'a key that is given twice',
      rest: 'logs:\n  level: info\n  level: warn\n',
      lines: ['6:3 logs.level: is given twice, first on line 5'],
    },
    {
      name: 'a value with no place in a list of values',
      rest: 'logs: { level: verbose }',
      lines: ['4:16 logs.level: expected error, warn, info or debug, got "verbose"'],
    },
    {
      name: 'a word for yes that YAML 1.2 takes as text',
      rest: 'node: { via: yes }',
      lines: ['4:14 node.via: expected true or false, got "yes"'],
    },
    {
      name: 'a key with nothing behind it',
      rest: 'node:\n  workers:\n  via: true',
      lines: ['5:3 node.workers: expected auto or a whole number from 1 to 31, got nothing'],
    },
    {
      name: 'a list with nothing in it, lest it mean "everybody"',
      rest: 'trusted_proxies:\n  # - 10.0.0.0/8\n',
      lines: ['4:1 trusted_proxies: expected a list, got nothing'],
    },
    {
      name: 'a list for a map, and a map for a list',
      rest: 'node: [a]\ntrusted_proxies: { a: b }',
      lines: ['4:7 node: expected a map, got a list', '5:18 trusted_proxies: expected a list, got a map'],
    },
    {
      name: 'a name that is none',
      rest: 'node: { name: "a b" }',
      lines: ['4:15 node.name: expected 1 to 63 letters, digits, dots, dashes or underscores, got "a b"'],
    },
    {
      name: 'a name that could change all objects',
      rest: '__proto__: { polluted: true }\n',
      lines: ['4:1 __proto__: is no possible name'],
    },
    {
      name: 'names that objects have anyway',
      rest: 'node: { constructor: 1, toString: 2 }',
      lines: [
        '4:9 node.constructor: is no known setting, expected one of name, region, state_dir, workers, via, stop_timeout',
        '4:25 node.toString: is no known setting, expected one of name, region, state_dir, workers, via, stop_timeout',
      ],
    },
    {
      name: 'a key of YAML 1.1',
      rest: 'node:\n  <<: { via: true }',
      lines: [
        '5:3 node["<<"]: is no known setting, expected one of name, region, state_dir, workers, via, stop_timeout',
      ],
    },
  ])('tell of $name', ({ rest, lines }) => {
    expect(scene.problems(config({ rest }))).toEqual(lines.map((line) => `portico.yaml:${line}`));
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test.each([
    {
      name: 'a missing key, at its parent',
      pools: 'pools:\n  app:\n    balance: round-robin',
      lines: ['4:3 pools.app.origins: expected a list, got nothing'],
    },
    {
      name: 'a missing key in a list, at the item',
      pools: 'pools:\n  app:\n    origins:\n      - weight: 2',
      lines: [
        '6:9 pools.app.origins[0].url: expected http://HOST[:PORT] or https://HOST[:PORT] without a path, got nothing',
      ],
    },
    {
      name: 'a number out of its range',
      pools: 'pools:\n  app:\n    origins:\n      - http://a\n      - { url: "http://b", weight: 0 }',
      lines: ['7:36 pools.app.origins[1].weight: expected 1 to 256, got 0'],
    },
    {
      name: 'a key within the branch of a union that was meant',
      pools: 'pools: { app: { origins: [{ url: "http://b", wieght: 2, role: stand-by }] } }',
      lines: [
        '3:46 pools.app.origins[0].wieght: is no known setting, did you mean weight?',
        '3:63 pools.app.origins[0].role: expected primary, standby or spare, got "stand-by"',
      ],
    },
    {
      name: 'what fits no branch of a union',
      pools: 'pools: { app: { origins: ["http://b/path", 5, [], ] } }',
      lines: [
        '3:27 pools.app.origins[0]: expected http://HOST[:PORT] or https://HOST[:PORT] without a path, or a map with such a url, got "http://b/path"',
        '3:44 pools.app.origins[1]: expected http://HOST[:PORT] or https://HOST[:PORT] without a path, or a map with such a url, got 5',
        '3:47 pools.app.origins[2]: expected http://HOST[:PORT] or https://HOST[:PORT] without a path, or a map with such a url, got an empty list',
      ],
    },
    {
      name: 'an empty list',
      pools: 'pools: { app: { origins: [] } }',
      lines: ['3:26 pools.app.origins: expected a list of at least 1, got an empty list'],
    },
    {
      name: 'an item with nothing in it',
      pools: 'pools:\n  app:\n    origins:\n      - http://a\n      -',
      lines: [
        '7:8 pools.app.origins[1]: expected http://HOST[:PORT] or https://HOST[:PORT] without a path, or a map with such a url, got nothing',
      ],
    },
    {
      name: 'a pool with nothing in it',
      pools: 'pools:\n  app:',
      lines: ['4:3 pools.app: expected a map, got nothing'],
    },
    {
      name: 'a name that no pool may have',
      pools: 'pools: { app: { origins: ["http://a"] }, "a/b": { origins: ["http://a"] } }',
      lines: ['3:42 pools["a/b"]: expected 1 to 64 letters, digits, dots, dashes or underscores, got "a/b"'],
    },
    {
      name: 'a balance that there is not',
      pools: 'pools: { app: { balance: random, origins: ["http://a"] } }',
      lines: ['3:26 pools.app.balance: expected round-robin, least-requests, ewma or consistent-hash, got "random"'],
    },
  ])('tell of $name', ({ pools, lines }) => {
    expect(scene.problems(config({ pools }))).toEqual(lines.map((line) => `portico.yaml:${line}`));
  });

  test.each([
    {
      site: 'hosts: [a], pool: app, body_limit: 10',
      line: '1:46 sites[0].body_limit: expected unlimited or a size such as 512B, 64KiB, 10MiB or 1GiB, got 10',
    },
    {
      site: 'hosts: ["a:80"], pool: app',
      line: '1:19 sites[0].hosts[0]: expected a host name, "*.example.com" or default, got "a:80"',
    },
    {
      site: 'hosts: [a], pool: app, access: { deny: [10.0.0.256] }',
      line: '1:51 sites[0].access.deny[0]: expected an address or a network such as 10.0.0.0/8, got "10.0.0.256"',
    },
    {
      site: 'hosts: [a], pool: app, routes: [{ path: static }]',
      line: '1:51 sites[0].routes[0].path: expected "/prefix", "= /exact" or "~ regular expression", got "static"',
    },
    {
      site: 'hosts: [a], pool: app, routes: [{ path: "~ (" }]',
      line: '1:51 sites[0].routes[0].path: expected "/prefix", "= /exact" or "~ regular expression", got "~ ("',
    },
    {
      site: 'hosts: [a], pool: app, response_headers: { set: { "X Y": a } }',
      line: '1:61 sites[0].response_headers.set["X Y"]: expected the name of a header field, got "X Y"',
    },
    {
      site: 'hosts: [a], pool: app, response_headers: { set: { X: "a\\nb" } }',
      line: '1:64 sites[0].response_headers.set.X: expected a header value on one line, got "a\\nb"',
    },
    {
      site: 'hosts: [a], pool: app, response_headers: { remove: [Content-Length] }',
      line: '1:63 sites[0].response_headers.remove[0]: expected a header field that does not frame the message, got "Content-Length"',
    },
    {
      site: 'hosts: [a], pool: app, splash: { after: 5 }',
      line: '1:51 sites[0].splash.after: expected a time such as 250ms, 30s, 5m, 2h or 1d, at least 10ms and at most 1h, got 5',
    },
    { site: 'hosts: [a], pool: 5', line: '1:29 sites[0].pool: expected the name of a pool, got 5' },
  ])('tell of a site { $site }', ({ site, line }) => {
    const sites = `sites: [{ ${site} }]`;
    expect(scene.problems(`${sites}\n${config({ sites: '' })}`)).toEqual([`portico.yaml:${line}`]);
  });

  test('are told all at once, in the order of the file, whatever found them', () => {
    const yaml = `node:
  nmae: edge
  workers: \${PORTICO_WORKERS}
listeners:
  - address: "0.0.0.0:80"
    protocol: htp
  - address: "0.0.0.0:8443"
    protocol: http
    minimum_version: TLSv1.3
    limits: { fields: 5 }
  - address: "0.0.0.0:8443"
    protocol: https
    certificates: [{ cert: site.pem, key: site.key }]
sites:
  - hosts: [www.example.com]
    pool: ap
  - hosts: [WWW.example.com]
    pool: app
    cache: on
pools:
  app:
    origins: [http://a/b]
logs: { access: { formt: squid } }
`;
    expect(scene.problems(yaml)).toEqual([
      'portico.yaml:2:3 node.nmae: is no known setting, did you mean name?',
      `portico.yaml:3:12 node.workers: \${PORTICO_WORKERS} is not set in the environment`,
      'portico.yaml:6:15 listeners[0].protocol: expected http or https, got "htp"',
      'portico.yaml:9:5 listeners[1].minimum_version: is for protocol https, got a listener of protocol http',
      'portico.yaml:10:23 listeners[1].limits.fields: expected 10 to 2000, got 5',
      'portico.yaml:11:14 listeners[2].address: "0.0.0.0:8443" is already at listeners[1].address, expected it once',
      'portico.yaml:13:28 listeners[2].certificates[0].cert: cannot read "site.pem": no such file',
      'portico.yaml:13:43 listeners[2].certificates[0].key: cannot read "site.key": no such file',
      'portico.yaml:16:11 sites[0].pool: expected a pool that stands under pools, got "ap", did you mean app?',
      'portico.yaml:17:13 sites[1].hosts[0]: "WWW.example.com" is already at sites[0].hosts[0], expected it once',
      'portico.yaml:19:12 sites[1].cache: expected off or a map, got "on"',
      'portico.yaml:22:15 pools.app.origins[0]: expected http://HOST[:PORT] or https://HOST[:PORT] without a path, or a map with such a url, got "http://a/b"',
      'portico.yaml:23:19 logs.access.formt: is no known setting, did you mean format?',
    ]);
  });
});
