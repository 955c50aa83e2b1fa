import { describe, expect, test } from 'vitest';
import { nameToText } from '../../../src/geodns/wire/name.ts';
import { Problem } from '../../../src/geodns/wire/problem.ts';
import { rdataToText } from '../../../src/geodns/wire/rdata.ts';
import { typeToText } from '../../../src/geodns/wire/types.ts';
import { buildZone } from '../../../src/geodns/zone/build.ts';
import { configuredRecords, configuredSoa, ownerFromText, type SoaEntry } from '../../../src/geodns/zone/configured.ts';
import { Findings, type ZoneRecord } from '../../../src/geodns/zone/record.ts';
import { name } from '../names.ts';

const ZONE = name('example.com.');

describe('a record of the configuration', () => {
  test.each([
    { entry: { name: '@', type: 'NS', value: 'ns1.example.com' }, record: 'example.com. 60 NS ns1.example.com.' },
    { entry: { name: 'www', type: 'a', value: '192.0.2.1' }, record: 'www.example.com. 60 A 192.0.2.1' },
    { entry: { name: '*.dev', type: 'AAAA', value: '2001:db8::1' }, record: '*.dev.example.com. 60 AAAA 2001:db8::1' },
    { entry: { name: 'www.example.com.', type: 'A', value: '192.0.2.1' }, record: 'www.example.com. 60 A 192.0.2.1' },
    { entry: { name: 'a', type: 'CNAME', value: 'www.other.org.' }, record: 'a.example.com. 60 CNAME www.other.org.' },
    { entry: { name: 'a', type: 'CNAME', value: '@' }, record: 'a.example.com. 60 CNAME example.com.' },
    {
      entry: { name: '@', type: 'MX', value: '10 mail.example.com' },
      record: 'example.com. 60 MX 10 mail.example.com.',
    },
    { entry: { name: '@', type: 'MX', value: '0 .' }, record: 'example.com. 60 MX 0 .' },
    { entry: { name: '@', type: 'HTTPS', value: '1 . alpn="h2,h3"' }, record: 'example.com. 60 HTTPS 1 . alpn=h2,h3' },
    {
      entry: { name: '@', type: 'CAA', value: '0 issue "ca.org; a=b"' },
      record: 'example.com. 60 CAA 0 issue "ca.org; a=b"',
    },
    {
      entry: { name: '@', type: 'TXT', value: 'v=spf1 a:b ; -all' },
      record: 'example.com. 60 TXT "v=spf1 a:b ; -all"',
    },
    { entry: { name: '@', type: 'TXT', value: 'a "b" \\c' }, record: 'example.com. 60 TXT "a \\"b\\" \\\\c"' },
    { entry: { name: '@', type: 'TXT', value: '"a b" "c\\255"' }, record: 'example.com. 60 TXT "a b" "c\\255"' },
    { entry: { name: '@', type: 'TXT', value: '' }, record: 'example.com. 60 TXT ""' },
    { entry: { name: '@', type: 'TXT', value: 'é' }, record: 'example.com. 60 TXT "\\195\\169"' },
    {
      entry: { name: '@', type: 'TXT', value: 'x'.repeat(300) },
      record: `example.com. 60 TXT "${'x'.repeat(255)}" "${'x'.repeat(45)}"`,
    },
    { entry: { name: '@', type: 'TYPE65280', value: '\\# 1 ff' }, record: 'example.com. 60 TYPE65280 \\# 1 FF' },
  ])('$entry.name $entry.type $entry.value', ({ entry, record }) => {
    const { records, problems } = read([entry]);
    expect(problems).toEqual([]);
    expect(records.map(shown)).toEqual([record]);
  });

  test.each([
    { entry: { name: 'www', type: 'A', value: '::1' }, problem: 'A: expected an IPv4 address, got "::1"' },
    { entry: { name: 'www', type: 'X', value: '::1' }, problem: 'expected a type such as A or TYPE65280, got "X"' },
    { entry: { name: 'www', type: 'ANY', value: 'a' }, problem: 'expected a type such as A or TYPE65280, got "ANY"' },
    { entry: { name: 'a..b', type: 'A', value: '192.0.2.1' }, problem: 'an empty label in the name "a..b"' },
    {
      entry: { name: 'www.Example.com', type: 'A', value: '192.0.2.1' },
      problem: 'expected a name below example.com., or one with a dot at its end, got "www.Example.com"',
    },
    {
      entry: { name: 'www', type: 'CNAME', value: 'web' },
      problem: 'CNAME: expected a whole name such as www.example.com, got "web"',
    },
    {
      entry: { name: 'www', type: 'CNAME', value: 'bücher.example' },
      problem: 'CNAME: expected a name in ASCII, xn--bcher-kva.example, got "bücher.example"',
    },
    {
      entry: { name: 'bücher', type: 'A', value: '192.0.2.1' },
      problem: 'expected a name in ASCII, xn--bcher-kva, got "bücher"',
    },
    { entry: { name: '@', type: 'TXT', value: '"a' }, problem: 'TXT: a quote is never closed' },
    { entry: { name: '@', type: 'A', value: '192.0.2.1\n' }, problem: 'A: expected one line' },
  ])('is told to be wrong: $entry.name $entry.type $entry.value', ({ entry, problem }) => {
    expect(read([entry])).toEqual({ records: [], problems: [`records[0]: ${problem}`] });
  });

  test('does not keep the others from being read', () => {
    const good = { name: 'b', type: 'A', value: '192.0.2.1' };
    const { records, problems } = read([{ ...good, value: 'x' }, good, { ...good, value: 'y' }]);
    expect(records).toHaveLength(1);
    expect(problems.map((problem) => problem.slice(0, 10))).toEqual(['records[0]', 'records[2]']);
  });
});

describe('the SOA of the configuration', () => {
  const soa: SoaEntry = {
    mname: 'ns1.example.com',
    rname: 'host.master@example.com',
    serial: 2026010100,
    refresh: 3600,
    retry: 900,
    expire: 604_800,
    minimum: 60,
    ttl: 3600,
    where: 'soa',
  };

  test('takes a mailbox as people write it', () => {
    const record = configuredSoa(ZONE, soa, new Findings()) as ZoneRecord;
    expect(shown(record)).toBe(
      'example.com. 3600 SOA ns1.example.com. host\\.master.example.com. 2026010100 3600 900 604800 60',
    );
  });

  test.each([
    { wrong: { mname: 'ns1' }, problem: 'soa: expected a whole name such as www.example.com, got "ns1"' },
    { wrong: { serial: 2 ** 32 }, problem: 'soa: expected a number from 0 to 4294967295, got "4294967296"' },
    { wrong: { serial: -1 }, problem: 'soa: expected a number from 0 to 4294967295, got "-1"' },
  ])('is told to be wrong: $wrong', ({ wrong, problem }) => {
    const findings = new Findings();
    expect(configuredSoa(ZONE, { ...soa, ...wrong }, findings)).toBeUndefined();
    expect(findings.problems).toEqual([problem]);
  });

  test('makes a zone with the records', () => {
    const findings = new Findings();
    const records = configuredRecords(ZONE, entries([{ name: '@', type: 'NS', value: 'ns1.example.com' }]), findings);
    const first = configuredSoa(ZONE, soa, findings) as ZoneRecord;
    const zone = buildZone({ name: ZONE, records: [first, ...records], geo: [], where: 'zones[0]' }, findings);
    expect(findings.problems).toEqual([]);
    expect(zone?.serial).toBe(2026010100);
  });
});

test('an owner in the root is below it', () => {
  expect(ownerFromText('a.b', name('.'))).toEqual(name('a.b.'));
  expect(ownerFromText('', ZONE)).toBeInstanceOf(Problem);
});

interface Short {
  readonly name: string;
  readonly type: string;
  readonly value: string;
}

function entries(short: readonly Short[]) {
  return short.map((entry, i) => ({ ...entry, ttl: 60, where: `records[${i}]` }));
}

function read(short: readonly Short[]) {
  const findings = new Findings();
  const records = configuredRecords(ZONE, entries(short), findings);
  return { records, problems: findings.problems };
}

function shown({ owner, ttl, type, rdata }: ZoneRecord): string {
  return `${nameToText(owner)} ${ttl} ${typeToText(type)} ${rdataToText(type, rdata.bytes)}`;
}
