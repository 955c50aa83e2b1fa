import { describe, expect, test } from 'vitest';
import { Transfers } from '../../../src/geodns/answer/transfer.ts';
import type { RecordSet } from '../../../src/geodns/model.ts';
import { emptySource, fillSource } from '../../../src/geodns/server/source.ts';
import { nameToText } from '../../../src/geodns/wire/name.ts';
import { TYPE } from '../../../src/geodns/wire/types.ts';
import { type Zone, ZoneSet } from '../../../src/geodns/zone/zone.ts';
import { type DnsMessage, type DnsQueryParts, dnsQuery, parseDnsMessage } from '../../support/dns-message.ts';
import { name } from '../names.ts';
import { zoneOf } from '../zone/zones.ts';
import { geoRecord, TestResponder, ZONE } from './responders.ts';

const ALLOWED = { transferTo: ['192.0.2.0/24', '2001:db8::/32'], udpLength: 1232 };
const FRIEND = '192.0.2.7';
const AXFR = { name: 'example.com.', type: TYPE.AXFR };
const EXTENDED_ERROR = 15;

const SOA = '@ SOA ns1 hostmaster 100 3600 900 604800 60\n@ NS ns1.example.net.\n';

function transferOf(zones: readonly Zone[], query: Buffer, from = FRIEND): readonly Buffer[] | undefined {
  const messages = begun(new Transfers(new ZoneSet(zones), ALLOWED), query, from);
  return messages && [...messages];
}

function begun(transfers: Transfers, query: Buffer, from = FRIEND): Iterable<Buffer> | undefined {
  const source = emptySource('tcp');
  fillSource(source, from, 5353);
  return transfers.transfer(query, query.length, source);
}

function messagesOf(zone: Zone, parts: DnsQueryParts = {}): readonly DnsMessage[] {
  const query = dnsQuery({ name: nameToText(zone.name), type: TYPE.AXFR, ...parts });
  return (transferOf([zone], query) as readonly Buffer[]).map(parseDnsMessage);
}

/** Owner, type, TTL and RDATA of each record, in the order of the transfer. */
function transferred(messages: readonly DnsMessage[]): string[] {
  return messages.flatMap(({ answers }) => answers.map((record) => Object.values(record).join(' ')));
}

function written(sets: Iterable<RecordSet>): string[] {
  return [...sets].flatMap(({ owner, type, ttl, rdatas }) =>
    rdatas.map(({ bytes }) => [nameToText(owner), type, 1, ttl, bytes.toString('hex')].join(' ')),
  );
}

describe('a transfer', () => {
  test('has all that the zone has, each record once, but for the SOA at both ends', () => {
    const zone = zoneOf(
      'example.com.',
      `$TTL 60
${SOA}ns1 A 192.0.2.53
sub NS ns.sub
ns.sub A 192.0.2.54
hidden.sub TXT "below a delegation"
*.wild MX 10 mail
_sip._tcp SRV 1 2 5060 mail
svc HTTPS 1 . alpn=h2
dn DNAME other
a.b.c TXT x
odd TYPE65280 \\# 2 abcd`,
    );
    const [soa, ...others] = written(zone.recordSets());
    const got = transferred(messagesOf(zone));
    expect(got.at(0)).toBe(soa);
    expect(got.at(-1)).toBe(soa);
    expect(got.slice(1, -1).sort()).toEqual(others.sort());
  });

  test('has names in the case that they are written in, whatever case the question has', () => {
    const zone = zoneOf('Example.Com.', `$TTL 60\n${SOA}WWW CNAME Mail.Example.com.\nwww.sub A 192.0.2.1`);
    const messages = messagesOf(zone, { name: 'eXAMPLE.cOM.' });
    expect(messages[0]?.questions).toEqual([{ name: 'eXAMPLE.cOM.', type: TYPE.AXFR, class: 1 }]);
    expect(transferred(messages).slice(0, -1)).toEqual(written(zone.recordSets()));
  });

  test('is authoritative in each message, and each has the ID, RD and the question', () => {
    const many = Array.from({ length: 3000 }, (_, i) => `host${i} A 10.0.${i >> 8}.${i & 255}`).join('\n');
    const messages = messagesOf(zoneOf('example.com.', `$TTL 60\n${SOA}${many}`), { id: 7, flags: 0x0110 });
    expect(messages.length).toBeGreaterThan(2);
    for (const { id, qr, opcode, aa, tc, rd, ra, ad, cd, rcode, questions, authorities, opt } of messages) {
      expect({ id, qr, opcode, aa, tc, rd, ra, ad, cd, rcode }).toEqual({
        ...{ id: 7, qr: true, opcode: 0, aa: true, tc: false },
        ...{ rd: true, ra: false, ad: false, cd: false, rcode: 0 },
      });
      expect(questions).toEqual([{ ...AXFR, class: 1 }]);
      expect(authorities).toEqual([]);
      expect(opt).toBeUndefined();
    }
  });

  test('has OPT in its first message if the query has it', () => {
    const many = Array.from({ length: 3000 }, (_, i) => `host${i} A 10.0.${i >> 8}.${i & 255}`).join('\n');
    const zone = zoneOf('example.com.', `$TTL 60\n${SOA}${many}`);
    const [first, ...others] = messagesOf(zone, { edns: { flags: 0x8000, options: [[10, '0102030405060708']] } });
    expect(first?.opt).toEqual({ udpLength: 1232, version: 0, dnssecOk: true, options: {} });
    for (const { opt } of others) expect(opt).toBeUndefined();
    expect(transferred([first as DnsMessage, ...others])).toHaveLength(3003);
  });
});

describe('messages of a transfer', () => {
  const sizes = (zone: Zone, parts: DnsQueryParts = AXFR) =>
    (transferOf([zone], dnsQuery(parts)) as readonly Buffer[]).map(({ length }) => length);

  test('are as long as a pointer reaches, and no longer', () => {
    const many = Array.from({ length: 3000 }, (_, i) => `host${i} A 10.0.${i >> 8}.${i & 255}`).join('\n');
    for (const edns of [undefined, {}]) {
      const all = sizes(zoneOf('example.com.', `$TTL 60\n${SOA}${many}`), { ...AXFR, ...(edns && { edns }) });
      expect(Math.max(...all)).toBeLessThan(16_384);
      expect(Math.min(...all.slice(0, -1))).toBeGreaterThan(16_300);
    }
  });

  test('divide a record set that is longer than one of them', () => {
    const many = Array.from({ length: 4000 }, (_, i) => `many TXT "${i} is one of many texts"`).join('\n');
    const zone = zoneOf('example.com.', `$TTL 60\n${SOA}${many}`);
    const got = transferred(messagesOf(zone));
    expect(got).toHaveLength(4003);
    expect(got.slice(0, -1)).toEqual(written(zone.recordSets()));
    expect(Math.max(...sizes(zone))).toBeLessThan(16_384);
  });

  test('are longer for a record that would not fit else', () => {
    const zone = zoneOf('example.com.', `$TTL 60\n${SOA}long TYPE65280 \\# 60000 ${'ab'.repeat(60_000)}\nx A 1.2.3.4`);
    const messages = transferOf([zone], dnsQuery(AXFR)) as readonly Buffer[];
    expect(Math.max(...messages.map(({ length }) => length))).toBeGreaterThan(60_000);
    expect(transferred(messages.map(parseDnsMessage))).toHaveLength(5);
  });

  test('end with an error at a record that is too long for any: half a zone must not pass for a zone', () => {
    const zone = zoneOf('example.com.', `$TTL 60\n${SOA}long TYPE65280 \\# 65530 ${'ab'.repeat(65_530)}`);
    expect(() => transferOf([zone], dnsQuery(AXFR))).toThrow(
      'long.example.com. TYPE65280: a record is too long to be transferred',
    );
  });

  test('of several transfers at a time do not get mixed up', () => {
    const zones = ['a.', 'b.'].map((apex) =>
      zoneOf(apex, `$TTL 60\n${SOA}${Array.from({ length: 2000 }, (_, i) => `${apex}x${i} TXT "${i}"`).join('\n')}`),
    );
    const transfers = new Transfers(new ZoneSet(zones), ALLOWED);
    const query = (apex: string) => dnsQuery({ name: apex, type: TYPE.AXFR });
    const alone = ['a.', 'b.'].map((apex) => [...(begun(transfers, query(apex)) as Iterable<Buffer>)]);
    const [a = [], b = []] = ['a.', 'b.'].map((apex) => begun(transfers, query(apex)) as Iterable<Buffer>);
    const inTurns: [Buffer[], Buffer[]] = [[], []];
    const other = b[Symbol.iterator]();
    for (const message of a) {
      inTurns[0].push(message);
      const next = other.next();
      if (!next.done) inTurns[1].push(next.value);
    }
    for (let next = other.next(); !next.done; next = other.next()) inTurns[1].push(next.value);
    expect(inTurns).toEqual(alone);
  });
});

describe('geographic names', () => {
  test('come over as a client has them of whom nothing is known', () => {
    const asked: string[] = [];
    const sets = geoRecord({
      [TYPE.A]: ['c0000201', 'c0000202', undefined],
      [TYPE.AAAA]: [undefined, '20010db8000000000000000000000001', undefined],
    });
    const record = {
      ...sets,
      choose({ address, prefix }: { readonly address: Uint8Array; readonly prefix: number }) {
        asked.push(`${Buffer.from(address).toString('hex')}/${prefix}`);
        return { datacenters: [1, 0], scope: 0 };
      },
    };
    const zone = zoneOf('example.com.', `$TTL 60\n${SOA}`, [
      { owner: name('www.example.com.'), record, where: 'zone' },
    ]);
    const [, , ...got] = transferred(messagesOf(zone));
    expect(got.slice(0, -1)).toEqual([
      'www.example.com. 1 1 30 c0000202',
      'www.example.com. 1 1 30 c0000201',
      'www.example.com. 28 1 30 20010db8000000000000000000000001',
    ]);
    expect(asked).toEqual(['00000000/0']);
  });
});

describe('IXFR', () => {
  /** A query of a client that has this serial. */
  const query = (serial: number, owner = 'c00c') => {
    const numbers = Buffer.alloc(20);
    numbers.writeUInt32BE(serial);
    const soa = `${owner}0006000100000000${(22).toString(16).padStart(4, '0')}0000${numbers.toString('hex')}`;
    return dnsQuery({ ...AXFR, type: TYPE.IXFR, counts: [1, 0, 1, 0], additional: [soa] });
  };
  const zone = (serial: number) =>
    zoneOf('example.com.', `$TTL 60\n${SOA.replace('100', String(serial))}a A 192.0.2.1`);
  const got = (ours: number, asked: Buffer) =>
    transferred((transferOf([zone(ours)], asked) as readonly Buffer[]).map(parseDnsMessage)).length;

  test.each([
    { name: 'the current serial gets the SOA', ours: 100, theirs: 100, records: 1 },
    { name: 'a later one gets the SOA', ours: 100, theirs: 101, records: 1 },
    { name: 'an older one gets the whole zone', ours: 100, theirs: 99, records: 4 },
    { name: 'a serial from before they went round gets the whole zone', ours: 5, theirs: 4_294_967_290, records: 4 },
    { name: 'a later one after they went round gets the SOA', ours: 4_294_967_290, theirs: 5, records: 1 },
    { name: 'a serial that is as far before as behind gets the whole zone', ours: 0, theirs: 2 ** 31, records: 4 },
  ])('$name', ({ ours, theirs, records }) => {
    expect(got(ours, query(theirs))).toBe(records);
    expect(got(ours, query(theirs, '076578616d706c6503636f6d00'))).toBe(records);
  });

  test('who does not say what it has gets the whole zone', () => {
    expect(got(100, dnsQuery({ ...AXFR, type: TYPE.IXFR }))).toBe(4);
    const other = dnsQuery({
      ...AXFR,
      type: TYPE.IXFR,
      counts: [1, 0, 1, 0],
      additional: ['c00c00010001000000000004c0000201'],
    });
    expect(got(100, other)).toBe(4);
  });
});

describe('what is no transfer', () => {
  const zones = [ZONE];

  test.each([
    { name: 'another type', query: dnsQuery({ name: 'example.com.', type: TYPE.SOA }) },
    { name: 'another class', query: dnsQuery({ ...AXFR, class: 3 }) },
    { name: 'a name in a zone', query: dnsQuery({ ...AXFR, name: 'www.example.com.' }) },
    { name: 'a zone that is not ours', query: dnsQuery({ ...AXFR, name: 'example.net.' }) },
    { name: 'a name above a zone', query: dnsQuery({ ...AXFR, name: 'com.' }) },
    { name: 'another opcode', query: dnsQuery({ ...AXFR, flags: 0x2000 }) },
    { name: 'a reply', query: dnsQuery({ ...AXFR, flags: 0x8000 }) },
    { name: 'two questions', query: dnsQuery({ ...AXFR, counts: [2, 0, 0, 0] }) },
    { name: 'an option that breaks off', query: dnsQuery({ ...AXFR, edns: { rdata: '000a0008' } }) },
    { name: 'a header', query: dnsQuery(AXFR).subarray(0, 12) },
    { name: 'a question that breaks off', query: dnsQuery(AXFR).subarray(0, 26) },
    { name: 'nothing', query: Buffer.alloc(0) },
  ])('$name is left to whoever answers questions', ({ query }) => {
    expect(transferOf(zones, query)).toBeUndefined();
  });

  test.each([
    { from: '192.0.2.255', has: true },
    { from: '192.0.3.1', has: false },
    { from: '::ffff:192.0.2.1', has: true },
    { from: '2001:db8::1', has: true },
    { from: '2001:db9::1', has: false },
  ])('who is not allowed to is left to it as well: $from $has', ({ from, has }) => {
    expect(transferOf(zones, dnsQuery(AXFR), from) !== undefined).toBe(has);
  });

  test('nobody is allowed to unless told otherwise', () => {
    const transfers = new Transfers(new ZoneSet(zones), { udpLength: 1232 });
    expect(begun(transfers, dnsQuery(AXFR))).toBeUndefined();
  });

  test('any bytes are left to it', () => {
    const transfers = new Transfers(new ZoneSet(zones), ALLOWED);
    const query = dnsQuery(AXFR);
    for (let at = 0; at < query.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const changed = Buffer.from(query);
        (changed[at] as number) ^= 1 << bit;
        for (const length of [changed.length, at]) begun(transfers, changed.subarray(0, length));
      }
    }
  });
});

describe('a question for a transfer that is none', () => {
  const responder = new TestResponder({ transferTo: ALLOWED.transferTo });
  const reply = (parts: DnsQueryParts, transport: 'udp' | 'tcp', from: string) => {
    const { rcode, aa, answers, opt } = responder.ask({ ...parts, edns: {} }, { transport, from });
    return { rcode, aa, answers: answers.map(({ type }) => type), why: opt?.options[EXTENDED_ERROR] };
  };
  const IXFR = { ...AXFR, type: TYPE.IXFR };
  const [friend, stranger] = ['c0000207', 'c6336401'];
  const refused = { rcode: 5, aa: false, answers: [] };
  const notAuth = { rcode: 9, aa: false, answers: [], why: '0014' };

  test.each([
    { who: 'a stranger', parts: AXFR, transport: 'tcp', from: stranger, expected: { ...refused, why: '0012' } },
    { who: 'a stranger', parts: IXFR, transport: 'udp', from: stranger, expected: { ...refused, why: '0012' } },
    {
      who: 'a friend, of another zone',
      parts: { ...AXFR, name: 'x.' },
      transport: 'tcp',
      from: friend,
      expected: notAuth,
    },
    {
      who: 'a friend, of no apex',
      parts: { ...IXFR, name: 'a.example.com.' },
      transport: 'udp',
      from: friend,
      expected: notAuth,
    },
    { who: 'a friend, by UDP', parts: AXFR, transport: 'udp', from: friend, expected: { ...refused, why: '0015' } },
    {
      who: 'a friend, by UDP (RFC 1995 §2)',
      parts: IXFR,
      transport: 'udp',
      from: friend,
      expected: { rcode: 0, aa: true, answers: [TYPE.SOA], why: undefined },
    },
  ] as const)('$who: rcode $expected.rcode', ({ parts, transport, from, expected }) => {
    expect(reply(parts, transport, from)).toEqual(expected);
  });

  test('is counted for its zone', () => {
    responder.counted.length = 0;
    responder.ask(IXFR, { from: friend });
    expect(responder.counted).toEqual(['udp zone 0 rcode 0 dc -1']);
  });
});
