import { describe, expect, test } from 'vitest';
import type { Rdata, RecordSet, Resolution } from '../../../src/geodns/model.ts';
import { MessageRecords } from '../../../src/geodns/wire/message-records.ts';
import { nameToText } from '../../../src/geodns/wire/name.ts';
import { rdataFromText } from '../../../src/geodns/wire/rdata.ts';
import type { Word } from '../../../src/geodns/wire/rdata-text.ts';
import { typeFromText } from '../../../src/geodns/wire/types.ts';
import { wordsOf } from '../../../src/geodns/zone/lexer.ts';
import { dnsQuery, parseDnsMessage } from '../../support/dns-message.ts';
import { name, randomBytes } from '../names.ts';

describe('names in a reply', () => {
  test('an owner that was asked for is a pointer to the question, whatever its case', () => {
    const { bytes, at } = written('wWw.Example.com.', { answer: [set('www.eXample.com.', 'A', '192.0.2.1')] });
    expect(bytes.toString('hex', at)).toBe('c00c000100010000003c0004c0000201');
  });

  test('one that ends alike points to where that begins', () => {
    const { bytes, at } = written('www.example.com.', { answer: [set('mail.example.com.', 'A', '192.0.2.1')] });
    expect(bytes.toString('hex', at)).toMatch(/^046d61696cc0100001/);
  });

  test('one that ends in the middle of a label alike does not', () => {
    const { bytes, at } = written('www.example.com.', { answer: [set('www.ample.com.', 'A', '192.0.2.1')] });
    expect(bytes.toString('hex', at)).toMatch(/^0377777705616d706c65c0180001/);
  });

  test('the root is a byte', () => {
    const { bytes, at } = written('.', { answer: [set('.', 'NS', 'a.')] });
    expect(bytes.toString('hex', at)).toMatch(/^0000020001/);
  });

  test.each([
    { type: 'NS', data: 'ns.example.com.', rdata: '026e73c010' },
    { type: 'CNAME', data: 'www.example.com.', rdata: 'c00c' },
    { type: 'PTR', data: 'com.', rdata: 'c018' },
    { type: 'MX', data: '10 mail.example.com.', rdata: '000a046d61696cc010' },
    {
      type: 'SOA',
      data: 'ns.example.com. h.ns.example.com. 1 2 3 4 5',
      rdata: '026e73c0100168c02d0000000100000002000000030000000400000005',
    },
    { type: 'SRV', data: '1 2 3 mail.example.com.', rdata: '000100020003046d61696c076578616d706c6503636f6d00' },
    { type: 'DNAME', data: 'example.com.', rdata: '076578616d706c6503636f6d00' },
    { type: 'HTTPS', data: '1 example.com.', rdata: '0001076578616d706c6503636f6d00' },
    { type: 'NAPTR', data: '1 2 "" "" "" example.com.', rdata: '00010002000000076578616d706c6503636f6d00' },
  ])('in RDATA of $type are written as it may have them', ({ type, data, rdata }) => {
    const { bytes, at } = written('www.example.com.', { answer: [set('www.example.com.', type, data)] });
    expect(bytes.toString('hex', at + 12)).toBe(rdata);
    expect(bytes.readUInt16BE(at + 10)).toBe(rdata.length / 2);
  });

  test('are not pointed to where no pointer reaches', () => {
    const far = Array.from({ length: 70 }, (_, i) => set(`t${i}.x.`, 'TXT', `"${'y'.repeat(250)}"`));
    const { bytes } = written('q.', {
      answer: [...far, set('late.z.', 'A', '1.2.3.4'), set('later.late.z.', 'A', '1.2.3.4')],
    });
    expect(bytes.subarray(-31).toString('latin1')).toContain('later\x04late\x01z\0');
  });

  test('come back as they were, for any sets of names', () => {
    const random = randomBytes(11);
    const pick = () => {
      const labels = Array.from({ length: (random(1)[0] as number) % 6 }, () => 'aAbBcC'[(random(1)[0] as number) % 6]);
      return `${labels.join('.')}.`;
    };
    for (let i = 0; i < 300; i++) {
      const sets = Array.from({ length: 8 }, () => set(pick(), 'MX', `5 ${pick()}`));
      const question = pick();
      const { bytes } = written(question, { answer: sets });
      const parsed = parseDnsMessage(bytes).answers.map((record) => caseless(record.name, record.rdata));
      expect(parsed).toEqual(
        sets.map(({ owner, rdatas }) => caseless(nameToText(owner), (rdatas[0] as Rdata).bytes.toString('hex'))),
      );
    }
  });
});

describe('a reply that does not fit', () => {
  const a = set('www.example.com.', 'A', '192.0.2.1', '192.0.2.2'); // 32 bytes
  const b = set('www.example.com.', 'TXT', '"0123456789"'); // 23 bytes
  const c = set('www.example.com.', 'AAAA', '::1'); // 28 bytes

  test.each([
    { name: 'is whole if it fits exactly', room: 32 + 23, sets: { answer: [a, b] }, counts: [3, 0, 0], tc: false },
    { name: 'has no part of a set', room: 32 + 22, sets: { answer: [a, b] }, counts: [2, 0, 0], tc: true },
    {
      name: 'has nothing behind a set that is missing',
      room: 31,
      sets: { answer: [a, b] },
      counts: [0, 0, 0],
      tc: true,
    },
    {
      name: 'is truncated where the authority section is',
      room: 54,
      sets: { answer: [a], authority: [b] },
      counts: [2, 0, 0],
      tc: true,
    },
    {
      name: 'is not where an additional set is missing',
      room: 54,
      sets: { answer: [a], additional: [b] },
      counts: [2, 0, 0],
      tc: false,
    },
    {
      name: 'has another additional set in its place',
      room: 60,
      sets: { answer: [a], additional: [a, b] },
      counts: [2, 0, 1],
      tc: false,
    },
    {
      name: 'is truncated where glue is missing',
      room: 54,
      sets: { authority: [a], additional: [c], glue: 1 },
      counts: [0, 2, 0],
      tc: true,
    },
    {
      name: 'is not where only other addresses are',
      room: 88,
      sets: { authority: [a], additional: [c, c], glue: 1 },
      counts: [0, 2, 2],
      tc: false,
    },
    {
      name: 'is not where the second of them is',
      room: 87,
      sets: { authority: [a], additional: [c, c], glue: 1 },
      counts: [0, 2, 1],
      tc: false,
    },
  ])('$name', ({ room, sets, counts, tc }) => {
    const { bytes, at, records } = written('www.example.com.', sets, room);
    expect([records.answers, records.authorities, records.additionals]).toEqual(counts);
    expect(records.isTruncated).toBe(tc);
    expect(bytes.length).toBeLessThanOrEqual(at + room);
    parseDnsMessage(bytes);
  });

  test('points to no name that was left out', () => {
    const big = set('gone.example.com.', 'TXT', `"${'x'.repeat(200)}"`);
    const { bytes } = written(
      'www.example.com.',
      { answer: [a], additional: [big, set('gone.example.com.', 'A', '192.0.2.3')] },
      100,
    );
    expect(parseDnsMessage(bytes).additionals.map((record) => record.name)).toEqual(['gone.example.com.']);
  });
});

function written(question: string, sets: Partial<Resolution>, room = 65_000) {
  const records = new MessageRecords();
  const query = dnsQuery({ name: question, flags: 0x8000 });
  const message = Buffer.alloc(65_535);
  query.copy(message);
  const resolution = {
    rcode: 0,
    authoritative: true,
    answer: [],
    authority: [],
    additional: [],
    glue: 0,
    scope: 0,
    ...sets,
  };
  const end = records.write(message, query.length, resolution, query.length + room);
  message.writeUInt16BE(records.answers, 6);
  message.writeUInt16BE(records.authorities, 8);
  message.writeUInt16BE(records.additionals, 10);
  return { bytes: Buffer.from(message.subarray(0, end)), at: query.length, records };
}

function caseless(owner: string, rdata: string): string {
  return `${owner} ${Buffer.from(rdata, 'hex').toString('latin1')}`.toLowerCase();
}

function set(owner: string, type: string, ...data: string[]): RecordSet {
  const number = typeFromText(type) as number;
  const rdatas = data.map((text) => rdataFromText(number, wordsOf(text) as readonly Word[], name) as Rdata);
  return { owner: name(owner), type: number, ttl: 60, rdatas };
}
