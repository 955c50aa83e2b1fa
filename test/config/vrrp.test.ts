import { beforeAll, describe, expect, test } from 'vitest';
import type { VrrpSettings } from '../../src/vrrp/config.ts';
import { planVrrp } from '../../src/vrrp/planner.ts';
import { ConfigScene, config } from './scene.ts';

let scene: ConfigScene;

beforeAll(async () => {
  scene = await ConfigScene.open();
  scene.write('key', `${'k'.repeat(40)}\n`);
});

const FRONT = 'name: front, vrid: 51, interface: eth0, priority: 254, addresses: [192.0.2.10/24]';
const vrrp = (text: string) =>
  config({ listeners: 'listeners: [{ address: "0.0.0.0:8080", protocol: http }]', rest: `vrrp: { ${text} }` });
const instance = (more: string) => vrrp(`instances: [{ ${FRONT}, ${more} }]`);
/** An instance like the first one, but for what is said. */
const other = (part: Record<string, string | number>) => {
  const all = { name: 'back', vrid: 52, interface: 'eth0', priority: 254, addresses: '[192.0.2.11/24]', ...part };
  return `{ ${Object.entries(all)
    .map(([key, value]) => `${key}: ${value}`)
    .join(', ')} }`;
};

describe('vrrp', () => {
  test.each(['', 'vrrp:', 'vrrp: off'])('is off by default: %j', (rest) => {
    expect(scene.settings(config({ rest })).vrrp).toBe('off');
  });

  test('is whole with an instance that says what it must', () => {
    expect(scene.settings(vrrp(`instances: [{ ${FRONT} }]`)).vrrp).toEqual({
      instances: [
        {
          name: 'front',
          vrid: 51,
          interface: 'eth0',
          version: 3,
          priority: 254,
          advert_interval: 1000,
          preempt: 'always',
          start_delay: 0,
          drain: 500,
          addresses: ['192.0.2.10/24'],
          unicast_peers: [],
          checksum: 'auto',
          auth: 'off',
          probe: 'refuse',
          garp: { count: 5, delay: 5000, refresh: 60_000 },
          track: { proxy: { weight: 0, slow_after: 2000 }, interfaces: [], files: [], scripts: [] },
          last_resort: 'keep',
        },
      ],
      sync_groups: [],
      hooks: { resources: [] },
    });
  });

  test('has file names that are relative to the file, and commands as they are', () => {
    const text = instance(
      'auth: { keys: [{ id: 1, file: key }] }, track: { files: [{ path: say }], scripts: [{ name: up, command: [bin/up] }] }',
    );
    expect(scene.settings(text).vrrp).toMatchObject({
      instances: [
        {
          auth: { keys: [{ id: 1, file: scene.path('key') }], mode: 'enforce' },
          track: { files: [{ path: scene.path('say'), weight: 1 }], scripts: [{ command: ['bin/up'] }] },
        },
      ],
    });
  });

  test.each([
    { more: 'version: 4', problem: 'version: expected 2 or 3, got 4' },
    { more: 'preempt: sometimes', problem: 'preempt: expected always, never or a time, got "sometimes"' },
    { more: 'advert_interval: 5ms', problem: /advert_interval: expected a time .* at least 10ms and at most 255s/ },
    { more: 'advert_interval: 15ms', problem: 'advert_interval: expected whole hundredths of a second, got 0.015s' },
    { more: 'advert_interval: 60s', problem: 'advert_interval: expected at most 40.95s in version 3, got 60s' },
    {
      more: 'version: 2, advert_interval: 1.5s',
      problem: 'advert_interval: expected whole seconds in version 2, got 1.5s',
    },
    { more: 'unicast_peers: [192.0.2.10]', problem: /unicast_peers\[0\]: expected a node's own address, got / },
    { more: 'unicast_peers: ["fe80::1"]', problem: /unicast_peers\[0\]: expected an address of IPv4 as addresses are/ },
    { more: 'unicast_peers: [10.0.0.1, 10.0.0.1]', problem: /unicast_peers\[1\]: .* is already at .*\[0\]/ },
    { more: 'source: eth0', problem: 'source: expected an IP address, got "eth0"' },
    { more: 'source: 192.0.2.1/24', problem: 'source: expected an IP address, got "192.0.2.1/24"' },
    { more: 'source: "2001:db8::1"', problem: /source: expected an address of IPv4 as addresses are, got / },
    { more: 'source: 224.0.0.18', problem: /source: expected an address of this node, got .* of no host/ },
    { more: 'source: 192.0.2.10', problem: /source: expected this node's own address, .* of addresses of front/ },
    {
      more: 'unicast_peers: [192.0.2.2], source: 192.0.2.2',
      problem: /source: expected this node's own address, got .*, which is one of unicast_peers/,
    },
    { more: 'version: 2, checksum: pseudo', problem: 'checksum: is for version 3 by IPv4, where there are two' },
    { more: 'auth: {}', problem: 'auth: expected password_file or keys, got neither' },
    {
      more: 'auth: { password_file: key }',
      problem: /auth\.password_file: is for version 2, expected keys, got version 3/,
    },
    { more: 'auth: { keys: [{ id: 1, file: no }] }', problem: 'auth.keys[0].file: cannot read "no": no such file' },
    {
      more: 'version: 2, auth: { password_file: key, keys: [{ id: 1, file: key }] }',
      problem: /auth\.keys: is in place of password_file/,
    },
    {
      more: 'auth: { keys: [{ id: 1, file: key }, { id: 1, file: key }] }',
      problem: 'auth.keys[1].id: "1" is already at vrrp.instances[0].auth.keys[0].id, expected it once',
    },
    { more: 'version: 2, auth: { password_file: key, mode: enforce }', problem: 'auth.mode: is about keys, got none' },
    { more: 'track: { interfaces: [{ name: eth0 }] }', problem: /track\.interfaces\[0\]\.name: "eth0" is already at / },
    {
      more: 'track: { scripts: [{ name: a, command: [] }] }',
      problem: /track\.scripts\[0\]\.command: expected a list/,
    },
    {
      more: 'track: { scripts: [{ name: a, command: [a], timeout: 2s }] }',
      problem: 'track.scripts[0].timeout: expected at most the interval (1s), got 2s',
    },
    { more: 'track: { proxy: { weight: 300 } }', problem: /track\.proxy\.weight: expected -253 to 253, got 300/ },
    { more: 'hooks: { on_actve: {} }', problem: /hooks\.on_actve: is no known setting, did you mean on_active\?/ },
    { more: 'hooks: { fence: { deadline: 1s } }', problem: /hooks\.fence\.command: expected a list, got nothing/ },
  ])('refuses $more', ({ more, problem }) => {
    const told = scene.problems(instance(more));
    expect(told).toHaveLength(1);
    const expected = typeof problem === 'string' ? expect.stringContaining(`vrrp.instances[0].${problem}`) : undefined;
    if (expected === undefined) expect(told[0]).toMatch(problem);
    else expect(told[0]).toEqual(expected);
  });

  test.each([
    { address: '192.0.2.10', what: 'without a prefix' },
    { address: '192.0.2.10/33', what: 'with a prefix that there is not' },
    { address: '224.0.0.18/24', what: 'of no host' },
    { address: 'fe80::1%eth0/64', what: 'with a zone' },
    { address: '::ffff:192.0.2.1/128', what: 'of both families' },
  ])('refuses an address $what', ({ address }) => {
    const text = vrrp(`instances: [${other({ addresses: `["${address}"]` })}]`);
    expect(scene.problems(text)).toEqual([
      expect.stringMatching(/addresses\[0\]: expected an address with its prefix such as 192\.0\.2\.10\/24, got /),
    ]);
  });

  test.each([
    { name: 'the same vrid on another interface', part: { vrid: 51, interface: 'eth1' } },
    { name: 'the same vrid for the other family', part: { vrid: 51, addresses: '["2001:db8::1/64"]' } },
    { name: 'IPv6 with a link-local address of its own', part: { addresses: '["fe80::1/64", "2001:db8::1/64"]' } },
    { name: 'a delay to preempt', part: { preempt: '30s' } },
    { name: 'the owner', part: { priority: 255 } },
    { name: 'a source', part: { source: '192.0.2.1' } },
    { name: 'a source of IPv6', part: { addresses: '["2001:db8::10/64"]', source: '"fe80::1"' } },
    {
      name: 'any source of IPv6 by unicast',
      part: { addresses: '["2001:db8::10/64"]', source: '"2001:db8::1"', unicast_peers: '["2001:db8::2"]' },
    },
    { name: 'version 2', part: { version: 2, auth: '{ password_file: key }' } },
  ])('takes beside another instance $name', ({ part }) => {
    expect(scene.problems(vrrp(`instances: [{ ${FRONT} }, ${other(part)}]`))).toEqual([]);
  });

  test.each([
    {
      part: { vrid: 51 },
      problem: 'vrrp.instances[1].vrid: "51 on eth0" is already at vrrp.instances[0].vrid, expected it once',
    },
    { part: { name: 'front' }, problem: '"front" is already at vrrp.instances[0].name' },
    { part: { addresses: '[192.0.2.10/32]' }, problem: '"192.0.2.10/32" is already at vrrp.instances[0].addresses[0]' },
    { part: { version: 2, addresses: '["fe80::1/64"]' }, problem: 'version: expected 3, which has IPv6, got 2' },
    {
      part: { addresses: '[192.0.2.11/24, "fe80::1/64"]' },
      problem:
        'addresses[1]: expected IPv4 as the first one is, got "fe80::1/64": the other family is another instance',
    },
    { part: { addresses: many('10.9', 256) }, problem: 'addresses: expected at most 255 addresses, got 256' },
    {
      part: { addresses: many('2001:db8:', 255) },
      problem: 'addresses: expected at most 255 addresses with the link-local one, got 256',
    },
    { part: { source: '192.0.2.10' }, problem: 'vrrp.instances[1].source: expected this node' },
    {
      part: { addresses: '["2001:db8::10/64"]', source: '"2001:db8::1"' },
      problem: 'source: expected a link-local address (fe80::…) by multicast, got "2001:db8::1"',
    },
    { part: { priority: 255, preempt: 'never' }, problem: 'preempt: expected always with priority 255' },
    {
      part: { priority: 255, track: '{ scripts: [{ name: a, command: [a], weight: -5 }] }' },
      problem: 'weight: expected 0 with priority 255, which does not change, got -5',
    },
  ])('refuses beside another instance $problem', ({ part, problem }) => {
    expect(scene.problems(vrrp(`instances: [{ ${FRONT} }, ${other(part)}]`))).toEqual([
      expect.stringContaining(problem),
    ]);
  });

  test.each([
    { groups: '{ name: edge, instances: [front, back] }', part: {}, problems: [] },
    {
      groups: '{ name: edge, instances: [front, bakc] }',
      part: {},
      problems: ['expected an instance that stands under vrrp.instances, got "bakc", did you mean back?'],
    },
    {
      groups: '{ name: edge, instances: [front, back] }, { name: edge, instances: [front, back] }',
      part: {},
      problems: ['sync_groups[1].name: "edge" is', '[1].instances[0]: "front" is already', '"back" is already at'],
    },
    {
      groups: '{ name: edge, instances: [front, back] }',
      part: { priority: 250 },
      problems: ['vrrp.instances[1].priority: expected 254 as of front, which is in its sync group, got 250'],
    },
    { groups: '{ name: edge, instances: [front] }', part: {}, problems: ['instances: expected a list of at least 2'] },
  ])('has sync groups of instances that agree: $groups $part', ({ groups, part, problems }) => {
    const text = vrrp(`instances: [{ ${FRONT} }, ${other(part)}], sync_groups: [${groups}]`);
    expect(scene.problems(text)).toEqual(problems.map((problem) => expect.stringContaining(problem)));
  });

  const track = (text: string) => ({ track: `{ ${text} }` });
  test.each([
    {
      name: 'one script of two weights',
      ...track('scripts: [{ name: up, command: [bin/up], weight: -5 }]'),
      problems: [],
    },
    {
      name: 'another program by the name of a script',
      ...track('scripts: [{ name: up, command: [bin/down], timeout: 100ms, rise: 3 }]'),
      problems: [
        'vrrp.instances[1].track.scripts[0].command: expected ["bin/up"] as at vrrp.instances[0].track.scripts[0].command, got ["bin/down"]',
        'vrrp.instances[1].track.scripts[0].timeout: expected 1s as at vrrp.instances[0].track.scripts[0].timeout, got 0.1s',
        'vrrp.instances[1].track.scripts[0].rise: expected 1 as at vrrp.instances[0].track.scripts[0].rise, got 3',
      ],
    },
    {
      name: 'one file of two weights',
      ...track('files: [{ path: say, weight: 2 }]'),
      problems: [
        'vrrp.instances[1].track.files[0].weight: expected 1 as at vrrp.instances[0].track.files[0].weight, got 2',
      ],
    },
  ])('of two instances: $name', ({ track, problems }) => {
    const first = `{ ${FRONT}, track: { files: [{ path: say }], scripts: [{ name: up, command: [bin/up] }] } }`;
    const told = scene.problems(vrrp(`instances: [${first}, ${other({ track })}]`));
    expect(told).toEqual(problems.map((problem) => expect.stringContaining(problem)));
  });

  test.each([
    { setting: 'proxy: { weight: -10 }', at: 'proxy' },
    { setting: 'interfaces: [{ name: eth1, weight: -10 }]', at: 'interfaces[0]' },
    { setting: 'scripts: [{ name: up, command: [bin/up], weight: -10 }]', at: 'scripts[0]' },
  ])('has one weight in a sync group: $setting', ({ setting, at }) => {
    const first = `{ ${FRONT}, track: { interfaces: [{ name: eth1 }], scripts: [{ name: up, command: [bin/up] }] } }`;
    const groups = 'sync_groups: [{ name: edge, instances: [front, back] }]';
    const text = vrrp(`instances: [${first}, ${other({ track: `{ ${setting} }` })}], ${groups}`);
    const [of, its] = [0, 1].map((index) => `vrrp.instances[${index}].track.${at}.weight`);
    expect(scene.problems(text)).toEqual([expect.stringContaining(`${its}: expected 0 as at ${of}, got -10`)]);
  });

  test.each([
    { address: '"192.0.2.3:8112"', warnings: [] },
    { address: '["192.0.2.3:8112"]', warnings: [] },
    { address: '["192.0.2.3:8112", "192.0.2.4:8112", "192.0.2.4:8113"]', warnings: [] },
    {
      address: '["192.0.2.3:8112", "192.0.2.4:8112"]',
      warnings: [
        'vrrp.witness.address: expected an odd number of witnesses, got 2: no more of them may fail than of 1',
      ],
    },
  ])('takes witnesses at $address', ({ address, warnings }) => {
    const witness = `{ address: ${address}, peer: "192.0.2.2:8112", key_file: key }`;
    const result = scene.load(vrrp(`witness: ${witness}`));
    expect(result.ok).toBe(true);
    expect(scene.lines(result.warnings)).toEqual(warnings.map((warning) => expect.stringContaining(warning)));
  });

  test.each([
    { address: '[]', problem: 'address: expected a list of at least 1' },
    { address: '["192.0.2.3:8112", 8113]', problem: 'address[1]: expected' },
    { address: '["192.0.2.3:8112", "192.0.2.3:8112", "192.0.2.4:8112"]', problem: 'address[1]: "192.0.2.3:8112" is' },
    { address: '"192.0.2.2:8112"', problem: 'address: "192.0.2.2:8112" is already at vrrp.witness.peer' },
    { address: '"[2001:db8::3]:8112"', problem: 'address: expected an address of IPv4 as listen is' },
  ])('refuses witnesses at $address', ({ address, problem }) => {
    const witness = `{ address: ${address}, peer: "192.0.2.2:8112", key_file: key }`;
    expect(scene.problems(vrrp(`witness: ${witness}`))).toEqual([expect.stringContaining(problem)]);
  });

  test.each([
    {
      text: 'witness: { address: 192.0.2.3, peer: "192.0.2.2:8112", key_file: key }',
      problem: 'witness.address: expected ADDRESS:PORT',
    },
    {
      text: 'witness: { address: "192.0.2.3:8112", peer: "192.0.2.2:8112" }',
      problem: 'witness.key_file: expected the path of a file',
    },
    {
      text: 'witness: { address: "192.0.2.3:8112", peer: "192.0.2.2:8112", key_file: no }',
      problem: 'witness.key_file: cannot read "no"',
    },
    { text: 'webhook: ops', problem: 'webhook: expected a URL such as' },
    { text: 'hooks: { on_active: [tell] }', problem: 'hooks.on_active: expected a map, got a list' },
  ])('refuses $text', ({ text, problem }) => {
    expect(scene.problems(vrrp(text))).toEqual([expect.stringContaining(problem)]);
  });
});

function many(prefix: string, count: number): string {
  const isIPv6 = prefix.includes(':');
  const addresses = Array.from({ length: count }, (_, index) =>
    isIPv6 ? `"${prefix}:${index.toString(16)}:1/64"` : `${prefix}.${index}.1/32`,
  );
  return `[${addresses.join(', ')}]`;
}

describe('a shared address where nothing listens', () => {
  const served = (listen: string, rest = '') =>
    scene.load(
      config({
        listeners: `listeners: [{ address: "${listen}", protocol: http }]`,
        rest: `vrrp: { instances: [{ ${FRONT} }, { ${FRONT6} }] }\n${rest}`,
      }),
    );
  const FRONT6 = 'name: front6, vrid: 51, interface: eth0, priority: 254, addresses: [fe80::33/64, "2001:db8::10/64"]';
  const of4 =
    'expected a listener for 192.0.2.10, such as "0.0.0.0:80" or "192.0.2.10:80", got none: its clients are refused';
  const of6 =
    'expected a listener for 2001:db8::10, such as "[::]:80" or "[2001:db8::10]:80", got none: its clients are refused';

  test.each([
    { listen: '192.0.2.1:80', warnings: [`instances[0].addresses[0]: ${of4}`, `instances[1].addresses[1]: ${of6}`] },
    { listen: '0.0.0.0:80', warnings: [`instances[1].addresses[1]: ${of6}`] },
    { listen: '[::]:80', warnings: [`instances[0].addresses[0]: ${of4}`] },
    { listen: '[2001:DB8:0::10]:443', warnings: [`instances[0].addresses[0]: ${of4}`] },
    { listen: '192.0.2.10:8080', warnings: [`instances[1].addresses[1]: ${of6}`] },
  ])('is warned of with a listener of $listen', ({ listen, warnings }) => {
    const result = served(listen);
    expect(result.ok).toBe(true);
    expect(scene.lines(result.warnings).map((line) => line.replace(/^\S+ vrrp\./, ''))).toEqual(warnings);
  });

  test('is none where names are served', () => {
    const dns = 'dns: { listen: ["0.0.0.0:53", "[::]:53"], zones: [] }';
    expect(served('127.0.0.1:80', dns)).toMatchObject({ ok: true, warnings: [] });
  });
});

describe('a file of what nodes prove themselves by', () => {
  const key = (name: string) => instance(`auth: { keys: [{ id: 1, file: ${name} }] }`);
  const password = (name: string) => instance(`version: 2, auth: { password_file: ${name} }`);
  const witness = (name: string) =>
    vrrp(
      `instances: [{ ${FRONT} }], witness: { address: "192.0.2.3:8112", peer: "192.0.2.2:8112", key_file: ${name} }`,
    );

  test.each([
    { of: key, content: 'k'.repeat(32) },
    { of: key, content: `${'k'.repeat(64)}\r\nmore\n` },
    { of: password, content: 'secret' },
    { of: password, content: ' 8 bytes!\n' },
    { of: witness, content: 'sixteen letters!\n' },
  ])('may be $content', ({ of, content }) => {
    scene.write('it', content);
    expect(scene.load(of('it'))).toMatchObject({ ok: true, warnings: [] });
  });

  test.each([
    { of: key, content: 'short\n', wrong: 'auth.keys[0].file: expected a key of 32 to 64 bytes, got 5' },
    { of: key, content: `${'k'.repeat(88)}\n`, wrong: 'auth.keys[0].file: expected a key of 32 to 64 bytes, got 88' },
    { of: key, content: `${'ä'.repeat(33)}\n`, wrong: 'auth.keys[0].file: expected a key of 32 to 64 bytes, got 66' },
    { of: key, content: '', wrong: 'auth.keys[0].file: expected a key of 32 to 64 bytes, got 0' },
    {
      of: password,
      content: 'pässwörd\n',
      wrong: 'auth.password_file: expected a password of ASCII, got 4 of 10 bytes that are none',
    },
    { of: password, content: '\nsecret', wrong: 'auth.password_file: expected a password, got an empty line' },
    { of: witness, content: 'short\n', wrong: 'witness.key_file: expected a key of 16 bytes or more, got 5' },
    {
      of: witness,
      content: 'sixteen letters!\nand more\n',
      wrong: 'witness.key_file: expected a key on one line, got several',
    },
  ])('may not be $content, which is not shown', ({ of, content, wrong }) => {
    scene.write('it', content);
    expect(scene.problems(of('it'))).toEqual([
      expect.stringMatching(/^portico\.yaml:4:\d+ vrrp\.\S+ \D+ .*, in "it"$/),
    ]);
    expect(scene.problems(of('it'))[0]).toContain(`${wrong}, in "it"`);
  });

  test('may have a password of which not all is sent, with a warning', () => {
    scene.write('it', 'nine byte\n');
    const { ok, warnings } = scene.load(password('it'));
    expect([ok, scene.lines(warnings)]).toEqual([
      true,
      [expect.stringMatching(/password_file: expected a password of 8 bytes, got 9, in "it": no more is sent$/)],
    ]);
  });

  test.each([
    { of: key, problem: 'expected a key of 32 to 64 bytes, got 5' },
    { of: witness, problem: 'expected a key of 16 bytes or more, got 5' },
    { of: (name: string) => password(name), problem: 'expected a password of ASCII, got 2 of 6 bytes that are none' },
  ])('is looked at once more when it is used: $problem', ({ of, problem }) => {
    scene.write('it', 'k'.repeat(40));
    const settings = scene.settings(of('it')).vrrp as VrrpSettings;
    scene.write('it', of === key || of === witness ? 'short' : 'shört');
    const plan = () => planVrrp(settings, { proxyUrl: undefined, node: 'one', version: '0' });
    expect(plan).toThrow(`${scene.path('it')}: ${problem}`);
  });
});
