import { describe, expect, test } from 'vitest';
import type { GeoRecord } from '../../../src/geodns/model.ts';
import { nameKey, nameToText } from '../../../src/geodns/wire/name.ts';
import { TYPE } from '../../../src/geodns/wire/types.ts';
import { ZoneSet } from '../../../src/geodns/zone/zone.ts';
import { name } from '../names.ts';
import { readZone, recordsOf, zoneOf } from './zones.ts';

const HEAD = '$TTL 60\n@ SOA ns.other. root.other. 7 1h 15m 1w 30\n@ NS ns.other.\n';

describe('a zone', () => {
  test.each([
    {
      name: 'no SOA',
      text: '@ 60 NS ns.other.',
      problems: ['zone: expected one SOA record at the name of the zone, got none'],
    },
    {
      name: 'two SOA',
      text: `${HEAD}@ SOA a. b. 1 1 1 1 1`,
      problems: ['zone:4: expected one SOA record, got another at zone:2'],
    },
    {
      name: 'a SOA elsewhere',
      text: `${HEAD}a SOA a. b. 1 1 1 1 1`,
      problems: ['zone:4: a.example. SOA: expected it at the name of the zone only'],
    },
    {
      name: 'no NS',
      text: '@ 60 SOA a. b. 1 1 1 1 1',
      problems: ['zone: expected an NS record at the name of the zone, got none'],
    },
    {
      name: 'a CNAME beside others',
      text: `${HEAD}a CNAME b.c.\na A 192.0.2.1\na TXT d`,
      problems: [
        'zone:4: a.example. CNAME: not beside other records: there is A at zone:5 (RFC 2181 §10.1)',
        'zone:4: a.example. CNAME: not beside other records: there is TXT at zone:6 (RFC 2181 §10.1)',
      ],
    },
    {
      name: 'two CNAME',
      text: `${HEAD}a CNAME b.c.\nA CNAME d.e.`,
      problems: ['zone:5: A.example. CNAME: expected one, got another at zone:4 (RFC 2181 §10.1)'],
    },
    {
      name: 'two DNAME',
      text: `${HEAD}a DNAME b.c.\na DNAME d.e.`,
      problems: ['zone:5: a.example. DNAME: expected one, got another at zone:4 (RFC 6672 §2.4)'],
    },
    {
      name: 'a CNAME beside a DNAME',
      text: `${HEAD}a DNAME b.c.\na CNAME d.e.`,
      problems: ['zone:5: a.example. CNAME: not beside other records: there is DNAME at zone:4 (RFC 2181 §10.1)'],
    },
    {
      name: 'a DNAME that is delegated',
      text: `${HEAD}a DNAME b.c.\na NS d.e.`,
      problems: ['zone:4: a.example. DNAME: not beside NS, which is at zone:5 (RFC 6672 §2.3)'],
    },
    {
      name: 'a wildcard that delegates',
      text: `${HEAD}*.a NS b.c.`,
      problems: ['zone:4: *.a.example. NS: a wildcard cannot delegate (RFC 4592 §4.2)'],
    },
    {
      name: 'a server within what it serves that has no address',
      text: `${HEAD}a NS b.A\na NS c.a\n*.a A 192.0.2.1\nc.a A 192.0.2.2`,
      problems: [
        'zone:4: a.example. NS: expected an A or AAAA record of b.A.example. as glue, got none (RFC 9471 §2.1)',
      ],
    },
    {
      name: 'a line that cannot be read',
      text: `${HEAD}a A b`,
      problems: ['zone:4: A: expected an IPv4 address, got "b"'],
    },
  ])('with $name is refused', ({ text, problems }) => {
    const { zone, findings } = readZone('example.', text);
    expect(findings.problems).toEqual(problems);
    expect(zone).toBeUndefined();
  });

  test.each([
    {
      name: 'records outside of it',
      text: 'a.other. A 192.0.2.1',
      warning: 'zone:4: left out, as a.other. is not within example.',
    },
    {
      name: 'TTLs that differ',
      text: 'a 60 A 192.0.2.1\na 30 A 192.0.2.2',
      warning: 'zone:5: a.example. A: its TTL differs from that at zone:4; all of the set get 30',
    },
    {
      name: 'records below a DNAME',
      text: 'a DNAME b.c.\nd.e.a A 192.0.2.1',
      warning: 'zone:5: d.e.a.example. A: hidden by a.example. DNAME at zone:4',
    },
    {
      name: 'records below a DNAME at its apex',
      text: '@ DNAME b.c.\na A 192.0.2.1',
      warning: 'zone:5: a.example. A: hidden by example. DNAME at zone:4',
    },
    {
      name: 'records below a delegation',
      text: 'a NS d.a\nd.a A 192.0.2.1\nd.a TXT e',
      warning: 'zone:6: d.a.example. TXT: hidden by a.example. NS at zone:4',
    },
    {
      name: 'addresses below a delegation that are of none of its servers',
      text: 'a NS b.c.\nd.a A 192.0.2.1',
      warning: 'zone:5: d.a.example. A: hidden by a.example. NS at zone:4',
    },
    {
      name: 'an address at a delegation that is of none of its servers',
      text: 'a NS b.c.\na A 192.0.2.1',
      warning: 'zone:5: a.example. A: hidden by a.example. NS at zone:4',
    },
    {
      name: 'a wildcard DNAME',
      text: '*.a DNAME b.c.',
      warning: 'zone:4: *.a.example. DNAME: names below *.a.example. only (RFC 4592 §4.4)',
    },
    {
      name: 'a target that does not exist',
      text: '@ MX 10 a',
      warning: 'zone:4: example. MX: leads to a.example., which does not exist',
    },
    {
      name: 'a target that is an alias',
      text: '@ MX 10 a\na CNAME b.c.',
      warning: 'zone:4: example. MX: leads to a.example., which is a CNAME (RFC 2181 §10.3)',
    },
    {
      name: 'a target without address',
      text: '@ MX 10 a\na TXT b',
      warning: 'zone:4: example. MX: leads to a.example., which has no address',
    },
  ])('with $name is served, with a warning', ({ text, warning }) => {
    const { zone, findings } = readZone('example.', HEAD + text);
    expect(findings.problems).toEqual([]);
    expect(findings.warnings).toEqual([warning]);
    expect(zone).toBeDefined();
  });

  test.each([
    { name: 'addresses below a delegation', text: 'a NS b.a\nb.a A 192.0.2.1' },
    { name: 'the address of a server that is the delegation itself', text: 'a NS A\na AAAA 2001:db8::1' },
    { name: 'servers below another delegation', text: 'a NS c.b\nb NS c.b\nc.b A 192.0.2.1' },
    { name: 'addresses beside a DNAME', text: 'a DNAME b.c.\na A 192.0.2.1' },
    { name: 'DNSSEC beside a CNAME', text: 'a CNAME b.c.\na RRSIG \\# 1 00\na NSEC \\# 1 00' },
    { name: 'a null MX', text: '@ MX 0 .' },
    { name: 'an HTTPS record of itself', text: 'a HTTPS 1 . alpn=h2' },
    { name: 'a * in the middle of a name', text: 'a.*.b A 192.0.2.1\n*.*.c A 192.0.2.1' },
    { name: 'a target below a wildcard', text: '@ MX 10 a\n* A 192.0.2.1' },
  ])('with $name is as it should be', ({ text }) => {
    const { findings } = readZone('example.', HEAD + text);
    expect(findings.problems).toEqual([]);
    expect(findings.warnings).toEqual([]);
  });

  test('has the same record once, in whatever case its names are', () => {
    const zone = zoneOf('example.', `${HEAD}a MX 1 b.c.\nA MX 1 B.C.\na MX 2 b.c.\na TXT D\na TXT d`);
    expect(recordsOf([...zone.recordSets()]).slice(2)).toEqual([
      'a.example. 60 MX 1 b.c.',
      'a.example. 60 MX 2 b.c.',
      'a.example. 60 TXT "D"',
      'a.example. 60 TXT "d"',
    ]);
  });

  test('has all names between its apex and those with records', () => {
    const zone = zoneOf('example.', `${HEAD}A.b.C A 192.0.2.1`);
    expect(Array.from(zone.nodes.values(), (node) => nameToText(node.name)).sort()).toEqual([
      'A.b.C.example.',
      'C.example.',
      'b.C.example.',
      'example.',
    ]);
  });

  test('knows its serial, and how long negative answers may be kept (RFC 2308 §5)', () => {
    const zone = zoneOf('example.', HEAD);
    expect(zone.serial).toBe(7);
    expect([zone.soa.ttl, zone.negativeSoa.ttl]).toEqual([60, 30]);
    expect(zoneOf('example.', HEAD.replace('$TTL 60', '$TTL 10')).negativeSoa.ttl).toBe(10);
  });

  test('gives its SOA first, and hides nothing from a transfer (RFC 5936 §2.2, §3.5)', () => {
    const zone = zoneOf(
      'example.',
      '$TTL 60\na NS b.a\nb.a A 192.0.2.1\nb.a TXT c\n@ NS ns.other.\n@ SOA a. b. 1 1 1 1 1',
    );
    expect(recordsOf([...zone.recordSets()])).toEqual([
      'example. 60 SOA a. b. 1 1 1 1 1',
      'a.example. 60 NS b.a.example.',
      'b.a.example. 60 A 192.0.2.1',
      'b.a.example. 60 TXT "c"',
      'example. 60 NS ns.other.',
    ]);
  });
});

describe('a geographic name', () => {
  const record: GeoRecord = { ttl: 60, sets: () => [], choose: () => ({ datacenters: [], scope: 0 }) };
  const geo = [{ owner: name('www.example.'), record, where: 'dns.zones[0].records[1]' }];

  test.each([
    { text: 'www A 192.0.2.1', problem: 'zone:4: www.example. A: not beside geo, which is at dns.zones[0].records[1]' },
    {
      text: 'www CNAME a.b.',
      problem: 'zone:4: www.example. CNAME: not beside geo, which is at dns.zones[0].records[1] (RFC 2181 §10.1)',
    },
  ])('is refused with $text beside it', ({ text, problem }) => {
    expect(readZone('example.', HEAD + text, geo).findings.problems).toEqual([problem]);
  });

  test('is there once', () => {
    const { findings } = readZone('example.', HEAD, [...geo, ...geo]);
    expect(findings.problems).toEqual([
      'dns.zones[0].records[1]: www.example. geo: expected one, got another at dns.zones[0].records[1]',
    ]);
  });

  test('may have other records, and is told when a delegation hides it', () => {
    expect(readZone('example.', `${HEAD}www MX 10 www`, geo).findings.warnings).toEqual([]);
    const hidden = [{ owner: name('www.a.example.'), record, where: 'here' }];
    expect(readZone('example.', `${HEAD}a NS b.c.`, hidden).findings.warnings).toEqual([
      'here: www.a.example. geo: hidden by a.example. NS at zone:4',
    ]);
  });
});

describe('several zones', () => {
  const zones = new ZoneSet(['example.', 'sub.example.', 'a.b.'].map((apex) => zoneOf(apex, HEAD)));

  test.each([
    { of: 'example.', zone: 'example.' },
    { of: 'www.EXAMPLE.', zone: 'example.' },
    { of: 'sub.example.', zone: 'sub.example.' },
    { of: 'a.b.sub.example.', zone: 'sub.example.' },
    { of: 'notsub.example.', zone: 'example.' },
    { of: 'b.', zone: undefined },
    { of: '.', zone: undefined },
  ])('$of is in $zone', ({ of, zone }) => {
    expect(zones.find(nameKey(name(of)), TYPE.A)?.key).toBe(zone && nameKey(name(zone)));
  });

  test('DS is asked of the parent, if that is one of ours (RFC 4035 §3.1.4.1)', () => {
    const find = (of: string) => zones.find(nameKey(name(of)), TYPE.DS)?.key;
    expect(find('sub.example.')).toBe(nameKey(name('example.')));
    expect(find('a.sub.example.')).toBe(nameKey(name('sub.example.')));
    expect(find('a.b.')).toBe(nameKey(name('a.b.')));
  });

  test('the root is the last resort', () => {
    const root = new ZoneSet([zoneOf('.', HEAD), zoneOf('a.', HEAD)]);
    expect(root.find(nameKey(name('x.b.')), TYPE.A)?.key).toBe('\0');
    expect(root.find('\0', TYPE.A)?.key).toBe('\0');
    expect(root.find('\0', TYPE.DS)?.key).toBe('\0');
    expect(root.find(nameKey(name('a.')), TYPE.DS)?.key).toBe('\0');
  });
});
