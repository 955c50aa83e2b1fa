import { beforeAll, describe, expect, test } from 'vitest';
import { ConfigScene, config } from './scene.ts';

let scene: ConfigScene;

beforeAll(async () => {
  scene = await ConfigScene.open();
  scene.write('city.mmdb', 'is only looked for');
  scene.write('cookies', 'between us\n');
  scene.write('zones/org', '@ 60 SOA a.org. b.org. 1 1 1 1 1\n@ 60 NS a.com.\n');
  scene.write('zones/broken', '@ 60 SOA a.org. b.org. 1 1 1 1 1\n$INCLUDE part\n@ 60 NS\nwww 60 A 1.2.3\n');
  scene.write('zones/part', 'x 60 A 192.0.2.300\n');
  scene.write('zones/loose', '@ 60 SOA a.org. b.org. 1 1 1 1 1\n@ 60 NS gone\n');
});

const SOA = 'soa: { mname: ns1.example.net, rname: hostmaster.example.com }';
const NS = '{ name: "@", type: NS, value: ns1.example.net }';
const PLACES = `
    us: { location: [37.7, -97.8], addresses: [192.0.2.10, "2001:db8::1"], nets: [203.0.113.0/24] }
    uk: { location: [51.5, -0.1], addresses: [198.51.100.10, "2001:db8::10"] }`;

/** A `dns:` that is good but for what is put in place of a section. */
function dns(sections: Record<string, string> = {}): string {
  const {
    geo_database = 'city.mmdb',
    datacenters = PLACES,
    zones = `[{ name: example.com, ${SOA}, records: [${NS}] }]`,
  } = sections;
  const all = { ...sections, geo_database, datacenters, zones };
  const lines = Object.entries(all).map(([name, text]) => `  ${name}: ${text}`);
  return config({ rest: ['dns:', ...lines].join('\n') });
}

/** Of one zone with these records beside its NS. */
const records = (...texts: string[]) => `[{ name: example.com, ${SOA}, records: [${[NS, ...texts].join(', ')}] }]`;

function told(yaml: string): { readonly problems: string[]; readonly warnings: string[] } {
  const result = scene.load(yaml);
  return { problems: result.ok ? [] : scene.lines(result.problems), warnings: scene.lines(result.warnings) };
}

describe('dns', () => {
  test.each(['', 'dns:', 'dns: off'])('is off by default: %j', (rest) => {
    expect(scene.settings(config({ rest })).dns).toBe('off');
  });

  test('is taken without a word when it is good', () => {
    expect(told(dns({ zones: records('{ name: www, geo: [us, uk], ttl: 60s }') }))).toEqual({
      problems: [],
      warnings: [],
    });
  });

  test('has file names that are relative to the file', () => {
    const yaml = dns({
      geo_database: '[city.mmdb, city.mmdb]',
      cookie_secret_file: 'cookies',
      zones: '[{ name: org, file: zones/org }]',
    });
    expect(scene.settings(yaml).dns).toMatchObject({
      geo_database: [scene.path('city.mmdb'), scene.path('city.mmdb')],
      cookie_secret_file: scene.path('cookies'),
      zones: [{ file: scene.path('zones/org') }],
    });
  });
});

describe('dns is refused for', () => {
  test.each([
    {
      name: 'an unknown datacenter',
      yaml: dns({ zones: records('{ name: www, geo: [us, ukk] }') }),
      problems: [
        /dns\.zones\[0\]\.records\[1\]\.geo\[1\]: expected a datacenter that stands under dns\.datacenters, got "ukk", did you mean uk\?/,
      ],
    },
    {
      name: 'an unknown datacenter in a map',
      yaml: dns({ maps: '{ world: { datacenters: [us, fr] } }' }),
      problems: [
        /dns\.maps\.world\.datacenters\[1\]: expected a datacenter that stands under dns\.datacenters, got "fr"/,
      ],
    },
    {
      name: 'an unknown map',
      yaml: dns({ maps: '{ world: { datacenters: [us, uk] } }', zones: records('{ name: www, geo: wrld }') }),
      problems: [
        /\.geo: expected a map that stands under dns\.maps, or a list of datacenters, got "wrld", did you mean world\?/,
      ],
    },
    {
      name: 'a datacenter in place of a map',
      yaml: dns({ zones: records('{ name: www, geo: uk }') }),
      problems: [/\.geo: expected a map .*, got "uk", did you mean \[uk\]\?/],
    },
    {
      name: 'a mode beside a map',
      yaml: dns({
        maps: '{ world: { datacenters: [us, uk] } }',
        zones: records('{ name: www, geo: world, mode: spread }'),
      }),
      problems: [/\.mode: is for a list in geo, expected it at dns\.maps\.world/],
    },
    {
      name: 'one datacenter twice',
      yaml: dns({ zones: records('{ name: www, geo: [us, us] }') }),
      problems: [/\.geo\[1\]: "us" is already at dns\.zones\[0\]\.records\[1\]\.geo\[0\], expected it once/],
    },
    {
      name: 'closest of places unknown',
      yaml: dns({
        datacenters: '{ us: { addresses: [192.0.2.10] }, uk: { addresses: [198.51.100.10] } }',
        zones: records('{ name: www, geo: [us, uk] }'),
      }),
      problems: [/\.geo: expected a location of us, uk, or mode failover, got closest of places unknown/],
    },
    {
      name: 'an address of two datacenters',
      yaml: dns({ datacenters: '{ us: { addresses: ["2001:db8::1"] }, uk: { addresses: ["2001:DB8:0::1"] } }' }),
      problems: [
        /dns\.datacenters\.uk\.addresses\[0\]: "2001:DB8:0::1" is already at dns\.datacenters\.us\.addresses\[0\]/,
      ],
    },
    {
      name: 'a net of two datacenters',
      yaml: dns({
        datacenters:
          '{ us: { addresses: [192.0.2.1], nets: [10.1.0.0/16] }, uk: { addresses: [192.0.2.2], nets: [10.1.2.3/16] } }',
      }),
      problems: [/dns\.datacenters\.uk\.nets\[0\]: "10\.1\.2\.3\/16" is already at dns\.datacenters\.us\.nets\[0\]/],
    },
    {
      name: 'a net of IPv4 in the form of IPv6',
      yaml: dns({ datacenters: '{ us: { addresses: [192.0.2.1], nets: ["::ffff:10.0.0.0/104"] } }' }),
      problems: [
        /dns\.datacenters\.us\.nets\[0\]: expected an address or a network such as 10\.0\.0\.0\/8, of IPv4 in the form of IPv4, got/,
      ],
    },
    {
      name: 'places that there are not',
      yaml: dns({ maps: '{ world: { datacenters: [us, uk], places: { GB: [uk], EU: { XX: [uk] } } } }' }),
      problems: [
        /dns\.maps\.world\.places\.GB: expected a continent \(AF, AN, AS, EU, NA, OC, SA\) or default, got "GB"/,
        /dns\.maps\.world\.places\.EU\.XX: expected a country of two letters, such as GB, or default, got "XX"/,
      ],
    },
    {
      name: 'orders of datacenters that are not in the map',
      yaml: dns({ maps: '{ world: { datacenters: [us], places: { EU: [uk], NA: { US: { CA: [us, us] } } } } }' }),
      problems: [
        /dns\.maps\.world\.places\.EU\[0\]: expected one of the map's datacenters \(us\), got "uk"/,
        /dns\.maps\.world\.places\.NA\.US\.CA\[1\]: "us" is already at dns\.maps\.world\.places\.NA\.US\.CA\[0\]/,
      ],
    },
    {
      name: 'a map of places under default',
      yaml: dns({ maps: '{ world: { datacenters: [us, uk], places: { default: { GB: [uk] } } } }' }),
      problems: [/places\.default: expected closest or a list of datacenters, got a map/],
    },
    {
      name: 'places where the mode does not ask for them',
      yaml: dns({ maps: '{ world: { mode: failover, datacenters: [us, uk], places: { EU: [uk] }, ranked: 2 } }' }),
      problems: [
        /dns\.maps\.world\.places: is for mode closest, got failover/,
        /dns\.maps\.world\.ranked: is for mode closest, got failover/,
      ],
    },
    {
      name: 'an address that a listener has',
      yaml: dns({ listen: '["127.0.0.1:8080", "[::1]:53", "[0::1]:53"]' }),
      problems: [
        /dns\.listen\[0\]: "127\.0\.0\.1:8080" is already at listeners\[0\]\.address/,
        /dns\.listen\[2\]: "\[0::1\]:53" is already at dns\.listen\[1\]/,
      ],
    },
    {
      name: 'an address that siblings have, for UDP alone',
      yaml: `${dns({ listen: '["127.0.0.1:4827"]' })}\nsiblings: { htcp: "127.0.0.1:4827", icp: "127.0.0.1:3130" }`,
      problems: [/dns\.listen\[0\]: "127\.0\.0\.1:4827" is already at siblings\.htcp/],
    },
    {
      name: 'a database that is not there',
      yaml: dns({ geo_database: 'none.mmdb' }),
      problems: [/dns\.geo_database: cannot read "none\.mmdb": no such file/],
    },
    {
      name: 'a secret that is not there',
      yaml: dns({ cookie_secret_file: 'none' }),
      problems: [/dns\.cookie_secret_file: cannot read "none": no such file/],
    },
    {
      name: 'a zone twice',
      yaml: dns({ zones: '[{ name: org, file: zones/org }, { name: ORG., file: zones/org }]' }),
      problems: [/dns\.zones\[1\]\.name: "ORG\." is already at dns\.zones\[0\]\.name, expected it once/],
    },
    {
      name: 'a zone of nothing, and one of both',
      yaml: dns({ zones: `[{ name: org }, { name: com, file: zones/org, ${SOA} }]` }),
      problems: [
        /dns\.zones\[0\]: expected either file or soa, got none/,
        /dns\.zones\[1\]: expected either file or soa, got both/,
      ],
      more: true,
    },
    {
      name: 'a zone without a name server',
      yaml: dns({ zones: `[{ name: example.com, ${SOA} }]` }),
      problems: [/dns\.zones\[0\]: expected an NS record at the name of the zone, got none/],
    },
    {
      name: 'records that are none, all of them',
      yaml: dns({
        zones: records(
          '{ name: a, type: A, value: 1.2.3 }',
          '{ name: b, type: B, value: x }',
          '{ name: c }',
          '{ name: d, type: A }',
          '{ name: e, type: TXT, value: [x, y], mode: closest }',
          '{ name: f, type: A, value: [192.0.2.1, 192.0.2.300] }',
          '{ name: g, geo: [us], type: A, value: 192.0.2.1 }',
        ),
      }),
      problems: [
        /records\[1\]: A: expected an IPv4 address, got "1\.2\.3"/,
        /records\[2\]: expected a type such as A or TYPE65280, got "B"/,
        /records\[3\]: expected type and value, or geo, got no type/,
        /records\[4\]: expected type and value, or geo, got no value/,
        /records\[5\]\.mode: is for geo, which there is none of here/,
        /records\[6\]\.value\[1\]: A: expected an IPv4 address, got "192\.0\.2\.300"/,
        /records\[7\]\.type: not beside geo, which has records of its own/,
        /records\[7\]\.value: not beside geo, which has records of its own/,
      ],
    },
    {
      name: 'records outside of their zone',
      yaml: dns({
        zones: records('{ name: www.example.org., type: A, value: 192.0.2.1 }', '{ name: example.org., geo: [us] }'),
      }),
      problems: [
        /records\[1\]: expected a name within example\.com\., got www\.example\.org\./,
        /records\[2\]\.name: expected a name within example\.com\., got example\.org\./,
      ],
    },
    {
      name: 'what is wrong in a master file, and in those that it includes, by their lines',
      yaml: dns({ zones: '[{ name: org, file: zones/broken }]' }),
      problems: [
        /^zones\/part:1: A: expected an IPv4 address, got "192\.0\.2\.300"$/,
        /^zones\/broken:3: NS: expected a name, got nothing$/,
        /^zones\/broken:4: A: expected an IPv4 address, got "1\.2\.3"$/,
        /^zones\/broken: expected an NS record at the name of the zone, got none$/,
      ],
    },
    {
      name: 'a master file that is not there',
      yaml: dns({ zones: '[{ name: org, file: zones/none }]' }),
      problems: [/portico\.yaml:\d+:\d+ dns\.zones\[0\]\.file: "zones\/none" cannot be read: no such file/],
    },
  ])('$name', ({ yaml, problems, more = false }) => {
    const lines = told(yaml).problems;
    if (!more) expect(lines).toHaveLength(problems.length);
    for (const [index, problem] of problems.entries()) expect(more ? lines.join('\n') : lines[index]).toMatch(problem);
  });

  test('what other settings have wrong, and what is within dns, at once', () => {
    const yaml = `${dns({ zones: records('{ name: www, geo: [fr] }'), udp_size: '1B' })}\ncache: { memory: 1 }`;
    expect(told(yaml).problems).toEqual([
      expect.stringMatching(/dns\.zones\[0\]\.records\[1\]\.geo\[0\]: expected a datacenter/),
      expect.stringMatching(/dns\.udp_size: expected a size/),
      expect.stringMatching(/cache\.memory: expected a size/),
    ]);
  });

  test('a location that is none, without a word of what would follow', () => {
    const datacenters = '{ us: { location: [99, 0], addresses: [192.0.2.1] }, uk: { addresses: [192.0.2.2] } }';
    expect(told(dns({ datacenters, zones: records('{ name: www, geo: [us, uk] }') })).problems).toEqual([
      expect.stringMatching(/dns\.datacenters\.us\.location/),
    ]);
  });
});

describe('dns has a warning for', () => {
  test.each([
    {
      name: 'closest without a database',
      yaml: config({
        rest: `dns: { datacenters: { us: { location: [1, 1], addresses: [192.0.2.1] }, uk: { location: [2, 2], addresses: [192.0.2.2] } }, zones: ${records('{ name: www, geo: [us, uk] }')} }`,
      }),
      warning:
        /\.geo: expected dns\.geo_database to tell where clients are, got none: all of them get the first in service/,
    },
    {
      name: 'a datacenter that is never the closest',
      yaml: dns({
        datacenters: `${PLACES}\n    fr: { addresses: [192.0.2.3, "2001:db8::3"] }`,
        zones: records('{ name: www, geo: [us, uk, fr] }'),
      }),
      warning: /\.geo: expected a location of fr, got none: never the closest/,
    },
    {
      name: 'a country of another continent',
      yaml: dns({ maps: '{ world: { datacenters: [us, uk], places: { AS: { GB: [uk] } } } }' }),
      warning: /dns\.maps\.world\.places\.AS\.GB: expected a country of AS, got "GB", which is in EU/,
    },
    {
      name: 'places without any datacenter',
      yaml: dns({ maps: '{ world: { datacenters: [us, uk], places: { AS: [], default: [us] } } }' }),
      warning:
        /:\d+:\d+ dns\.maps\.world\.places\.AS: expected a datacenter or more, got none: resolvers may keep for all clients that there is no such record \(RFC 7871 §7\.4\)$/,
    },
    {
      name: 'datacenters of a record that have not all of them an address of a family',
      yaml: dns({
        datacenters:
          '{ us: { location: [1, 1], addresses: [192.0.2.1] }, uk: { location: [1, 1], addresses: [192.0.2.2, "::1"] } }',
        zones: records('{ name: www, geo: [us, uk] }', '{ name: all, geo: [us, uk], mode: spread }'),
      }),
      warning:
        /\.records\[1\]\.geo: expected an IPv6 address of us as of the others, got none: resolvers may keep for all/,
    },
    {
      name: 'a region that is none of the datacenters',
      yaml: `node: { region: ukk }\n${dns()}`,
      warning: /node\.region: expected one of dns\.datacenters, got "ukk", did you mean uk\?/,
    },
    {
      name: 'what leads nowhere in a master file',
      yaml: dns({ zones: '[{ name: org, file: zones/loose }]' }),
      warning: /^zones\/loose:2: org\. NS: leads to gone\.org\., which does not exist$/,
    },
  ])('$name', ({ yaml, warning }) => {
    expect(told(yaml)).toEqual({ problems: [], warnings: [expect.stringMatching(warning)] });
  });

  test.each([
    { name: 'one datacenter alone', geo: '[us]', datacenters: '{ us: { addresses: [192.0.2.1] } }' },
    {
      name: 'the order as written',
      geo: '[us, uk], mode: failover',
      datacenters: '{ us: { addresses: [192.0.2.1] }, uk: { addresses: [192.0.2.2] } }',
    },
    {
      name: 'closest by nets',
      geo: '[us, uk]',
      datacenters: '{ us: { addresses: [192.0.2.1], nets: [10.0.0.0/8] }, uk: { addresses: [192.0.2.2] } }',
    },
  ])('nothing about $name without a database', ({ geo, datacenters }) => {
    const yaml = config({
      rest: `dns: { datacenters: ${datacenters}, zones: ${records(`{ name: www, geo: ${geo} }`)} }`,
    });
    expect(told(yaml)).toEqual({ problems: [], warnings: [] });
  });
});
