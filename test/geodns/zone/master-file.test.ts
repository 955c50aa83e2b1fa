import { describe, expect, test } from 'vitest';
import { nameToText } from '../../../src/geodns/wire/name.ts';
import { Problem } from '../../../src/geodns/wire/problem.ts';
import { rdataToText } from '../../../src/geodns/wire/rdata.ts';
import { typeToText } from '../../../src/geodns/wire/types.ts';
import { readMasterFile } from '../../../src/geodns/zone/master-file.ts';
import { Findings, type ZoneRecord } from '../../../src/geodns/zone/record.ts';
import { name } from '../names.ts';

describe('a master file (RFC 1035 §5, RFC 2308 §4)', () => {
  test.each([
    { name: 'an owner of the origin', text: '@ 60 IN A 192.0.2.1', records: ['example. 60 A 192.0.2.1'] },
    { name: 'the class before the TTL', text: 'a IN 60 A 192.0.2.1', records: ['a.example. 60 A 192.0.2.1'] },
    { name: 'no class', text: 'a 1h A 192.0.2.1', records: ['a.example. 3600 A 192.0.2.1'] },
    {
      name: 'a class by number, and small letters',
      text: 'a class1 60 a 192.0.2.1',
      records: ['a.example. 60 A 192.0.2.1'],
    },
    { name: 'a type as the owner', text: 'MX 60 MX 10 MX', records: ['MX.example. 60 MX 10 MX.example.'] },
    { name: 'a class as the owner', text: 'in 60 in A 192.0.2.1', records: ['in.example. 60 A 192.0.2.1'] },
    { name: 'a number as the owner', text: '60 60 A 192.0.2.1', records: ['60.example. 60 A 192.0.2.1'] },
    {
      name: 'the owner of before',
      text: 'a 60 A 192.0.2.1\n  A 192.0.2.2\n\t30 IN TXT b',
      records: ['a.example. 60 A 192.0.2.1', 'a.example. 60 A 192.0.2.2', 'a.example. 30 TXT "b"'],
    },
    {
      name: 'the TTL of before',
      text: 'a 60 A 192.0.2.1\nb 30 A 192.0.2.1\nc A 192.0.2.1',
      records: ['a.example. 60 A 192.0.2.1', 'b.example. 30 A 192.0.2.1', 'c.example. 30 A 192.0.2.1'],
    },
    {
      name: '$TTL rather than the TTL of before',
      text: '$TTL 1d\na 60 A 192.0.2.1\nb A 192.0.2.1\n$ttl 2d\nc A 192.0.2.1',
      records: ['a.example. 60 A 192.0.2.1', 'b.example. 86400 A 192.0.2.1', 'c.example. 172800 A 192.0.2.1'],
    },
    {
      name: 'the minimum of a SOA that has no TTL',
      text: '@ SOA a. b. 1 2 3 4 5\n@ NS a.',
      records: ['example. 5 SOA a. b. 1 2 3 4 5', 'example. 5 NS a.'],
    },
    {
      name: 'a SOA over lines',
      text: '@ 1h IN SOA ns (\n root.example. ; who\n 2026 ; serial\n 1h 15m 1w 60 )',
      records: ['example. 3600 SOA ns.example. root.example. 2026 3600 900 604800 60'],
    },
    {
      name: '$ORIGIN, relative to the one of before',
      text: '$ORIGIN sub\na 60 NS b\n$ORIGIN other.\na NS b',
      records: ['a.sub.example. 60 NS b.sub.example.', 'a.other. 60 NS b.other.'],
    },
    {
      name: 'types that nobody knows',
      text: 'a 60 TYPE65280 \\# 2 0102\na 60 TYPE1 \\# 4 C0000201',
      records: ['a.example. 60 TYPE65280 \\# 2 0102', 'a.example. 60 A 192.0.2.1'],
    },
    {
      name: 'services',
      text: 'a 60 HTTPS 1 . alpn="h2,h3" port=8443',
      records: ['a.example. 60 HTTPS 1 . alpn=h2,h3 port=8443'],
    },
    { name: 'bytes that are no ASCII', text: 'a 60 TXT "\xe9"', records: ['a.example. 60 TXT "\\233"'] },
    { name: 'a byte order mark', text: '\xef\xbb\xbf$TTL 60\na A 192.0.2.1', records: ['a.example. 60 A 192.0.2.1'] },
  ])('with $name', ({ text, records }) => {
    const read = readFiles({ '/zones/example': text });
    expect(read.problems).toEqual([]);
    expect(read.records).toEqual(records);
  });

  test.each([
    { text: 'a 60 A 1.2.3', problem: 'A: expected an IPv4 address, got "1.2.3"' },
    { text: 'a 60 IN', problem: 'expected a type such as A or TYPE65280, got nothing' },
    { text: 'a 60 B c', problem: 'expected a type such as A or TYPE65280, got "B"' },
    { text: 'a 60 30 A 192.0.2.1', problem: 'expected a type such as A or TYPE65280, got "30"' },
    { text: 'a 60 CH TXT b', problem: 'expected the class IN, got "CH"' },
    { text: 'a 60 "IN" A 192.0.2.1', problem: 'expected a type such as A or TYPE65280, got "IN"' },
    {
      text: 'a 1y A 192.0.2.1',
      problem: 'expected a time such as 3600 or 1h30m, at most 2147483647 seconds, got "1y"',
    },
    { text: 'a 60 AXFR b', problem: 'AXFR: expected a type that a zone can have records of' },
    { text: 'a A 192.0.2.1', problem: 'expected a TTL, or $TTL before it' },
    { text: ' 60 A 192.0.2.1', problem: 'expected the name of its owner, as there is no record before it' },
    { text: 'a..b 60 A 192.0.2.1\n 60 A 192.0.2.2', problem: 'an empty label in the name "a..b"' },
    { text: '$TTL', problem: '$TTL: expected one time such as 3600 or 1h30m' },
    {
      text: '$TTL never',
      problem: '$TTL: expected a time such as 3600 or 1h30m, at most 2147483647 seconds, got "never"',
    },
    { text: '$ORIGIN', problem: '$ORIGIN: expected one name' },
    { text: '$ORIGIN a..b', problem: '$ORIGIN: an empty label in the name "a..b"' },
    { text: '$GENERATE 1-2 a A 192.0.2.$', problem: 'expected $ORIGIN, $TTL or $INCLUDE, got "$GENERATE"' },
    { text: '$INCLUDE', problem: '$INCLUDE: expected a file, and a name if it has another origin' },
    { text: '$INCLUDE gone', problem: '$INCLUDE /zones/gone: no such file' },
    { text: 'a ( 60 A 192.0.2.1', problem: 'a parenthesis is never closed' },
  ])('is told where it is wrong: $text', ({ text, problem }) => {
    const read = readFiles({ '/zones/example': text });
    expect(read.problems).toEqual([`/zones/example:1: ${problem}`]);
  });

  test('is told all that is wrong at once, and its other records are read', () => {
    const text = '$TTL 60\na A x\n(b\n A y)\nc A 192.0.2.1\nd AAAA ::x "\n e\n';
    const read = readFiles({ '/zones/example': text });
    expect(read.records).toEqual(['c.example. 60 A 192.0.2.1']);
    expect(read.problems).toEqual([
      '/zones/example:2: A: expected an IPv4 address, got "x"',
      '/zones/example:3: A: expected an IPv4 address, got "y"',
      '/zones/example:6: a quote is never closed',
      '/zones/example:7: expected a type such as A or TYPE65280, got "e"',
    ]);
  });

  test('is told no more than a hundred problems', () => {
    expect(readFiles({ '/zones/example': 'a 60 A x\n'.repeat(100_000) }).problems).toHaveLength(100);
  });

  test('may be missing', () => {
    expect(readFiles({}).problems).toEqual(['/zones/example: no such file']);
  });
});

describe('$INCLUDE', () => {
  test('reads another file, beside the one it stands in, which says nothing of origin and owner after it', () => {
    const read = readFiles({
      '/zones/example': 'a 60 A 192.0.2.1\n$INCLUDE "parts/b" sub\n A 192.0.2.4\nc A 192.0.2.5',
      '/zones/parts/b': ' A 192.0.2.2\n@ A 192.0.2.3\n$INCLUDE ../c\n$ORIGIN x.',
      '/zones/c': '$TTL 30\nd TXT e',
    });
    expect(read.problems).toEqual([]);
    expect(read.records).toEqual([
      'a.example. 60 A 192.0.2.1',
      'a.example. 60 A 192.0.2.2',
      'sub.example. 60 A 192.0.2.3',
      'd.sub.example. 30 TXT "e"',
      'a.example. 30 A 192.0.2.4',
      'c.example. 30 A 192.0.2.5',
    ]);
    expect(read.files).toEqual(['/zones/example', '/zones/parts/b', '/zones/c']);
  });

  test('is told where in the other file something is wrong', () => {
    const read = readFiles({ '/zones/example': '\n$INCLUDE b', '/zones/b': '\n\na 60 A x' });
    expect(read.problems).toEqual(['/zones/b:3: A: expected an IPv4 address, got "x"']);
  });

  test('ends with a file that includes itself, again and again', () => {
    const once = readFiles({ '/zones/example': '$INCLUDE example' });
    expect(once.problems).toEqual(['/zones/example:1: $INCLUDE: expected files at most 10 deep']);
    const often = readFiles({ '/zones/example': '$INCLUDE example\n'.repeat(50) });
    expect(often.problems).toHaveLength(100);
    expect(often.files.length).toBeLessThanOrEqual(1000);
  });
});

function readFiles(files: Record<string, string>) {
  const findings = new Findings();
  const readText = (path: string) => files[path] ?? new Problem('no such file');
  const read = readMasterFile('/zones/example', name('example.'), findings, readText);
  return { records: read.records.map(shown), files: read.files, problems: findings.problems };
}

function shown({ owner, ttl, type, rdata }: ZoneRecord): string {
  return `${nameToText(owner)} ${ttl} ${typeToText(type)} ${rdataToText(type, rdata.bytes)}`;
}
