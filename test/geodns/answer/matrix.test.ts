import { describe, expect, test } from 'vitest';
import type { Transport } from '../../../src/geodns/answer/source.ts';
import { RCODE, TYPE } from '../../../src/geodns/wire/types.ts';
import { type DnsMessage, type DnsQueryParts, dnsQuery, parseDnsMessage } from '../../support/dns-message.ts';
import { TestResponder } from './responders.ts';

const { NOERROR, FORMERR, NXDOMAIN, NOTIMP, REFUSED, BADVERS } = RCODE;

const COOKIE = 10;
const SUBNET = 8;
const CLIENT_COOKIE = '0102030405060708';
const SOA_TTL = 60;

/** What is expected of a reply. What is not told is not looked at, but for what is true of all (`checkAlways`). */
interface Expected {
  readonly rcode: number;
  readonly aa?: boolean;
  readonly tc?: boolean;
  /** Whether the question comes back; it does unless told otherwise. */
  readonly question?: boolean;
  readonly answers?: number;
  /** Whether the authority section is one SOA with the TTL of a negative answer. */
  readonly soa?: boolean;
  readonly opt?: boolean;
  /** Of the client subnet that comes back. */
  readonly scope?: number;
  readonly more?: (reply: DnsMessage) => void;
}

interface Probe {
  readonly name: string;
  readonly query: DnsQueryParts | Buffer;
  readonly expected: Expected | 'silence';
  readonly only?: Transport;
}

const ecs = (data: string): DnsQueryParts => ({ edns: { options: [[SUBNET, data]] } });
const cookie = (data: string): DnsQueryParts => ({ edns: { options: [[COOKIE, data]] } });
const labels = (...lengths: number[]) =>
  `${lengths.map((length) => length.toString(16).padStart(2, '0') + '61'.repeat(length)).join('')}00`;
const hasFreshCookie = ({ opt }: DnsMessage) => {
  expect(opt?.options[COOKIE]).toMatch(new RegExp(`^${CLIENT_COOKIE}01000000[0-9a-f]{24}$`));
};

const PROBES: readonly Probe[] = [
  // Header
  { name: 'QR set', query: { flags: 0x8100 }, expected: 'silence' },
  { name: 'QR set, with another opcode', query: { flags: 0x8000 | (5 << 11) }, expected: 'silence' },
  { name: 'no bytes', query: Buffer.alloc(0), expected: 'silence' },
  { name: '11 bytes', query: dnsQuery({}).subarray(0, 11), expected: 'silence' },
  { name: '12 bytes that announce a question', query: dnsQuery({}).subarray(0, 12), expected: malformed() },
  ...[1, 2, 3, 4, 5, 6, 7, 15].map(
    (opcode): Probe => ({
      name: `opcode ${opcode}`,
      query: { flags: opcode << 11 },
      expected: { rcode: NOTIMP, question: false, opt: false },
    }),
  ),
  { name: 'TC set', query: { flags: 0x0300 }, expected: { rcode: NOERROR, answers: 1, tc: false } },
  { name: 'AA and RA set', query: { flags: 0x0480 }, expected: { rcode: NOERROR, answers: 1, aa: true } },
  { name: 'an rcode', query: { flags: 0x0105 }, expected: { rcode: NOERROR, answers: 1 } },
  {
    name: 'the reserved flag, AD and CD (RFC 8906 §8.1.3)',
    query: { flags: 0x0070 },
    expected: { rcode: NOERROR, answers: 1 },
  },
  { name: 'no RD', query: { flags: 0 }, expected: { rcode: NOERROR, answers: 1 } },

  // Question
  { name: 'no question', query: { question: '' }, expected: malformed() },
  { name: 'no question, but OPT', query: { question: '', edns: {} }, expected: { ...malformed(), opt: true } },
  {
    name: 'no question, but a client cookie',
    query: { question: '', ...cookie(CLIENT_COOKIE) },
    expected: { rcode: NOERROR, question: false, answers: 0, opt: true, more: hasFreshCookie },
  },
  {
    name: 'no question, but a malformed cookie',
    query: { question: '', ...cookie('01020304050607') },
    expected: { ...malformed(), opt: true },
  },
  { name: 'two questions', query: { counts: [2, 0, 0, 0] }, expected: malformed() },
  {
    name: 'two questions that are there',
    query: { counts: [2, 0, 0, 0], rest: '00 0001 0001'.replaceAll(' ', '') },
    expected: malformed(),
  },
  { name: 'a question that ends in its name', query: { question: '03777777' }, expected: malformed() },
  { name: 'a question without its class', query: { question: '03777777000001' }, expected: malformed() },
  { name: 'a label of type 01', query: { question: '4161000001 0001'.replace(' ', '') }, expected: malformed() },
  { name: 'a label of type 10', query: { question: '8161000001 0001'.replace(' ', '') }, expected: malformed() },
  { name: 'a name that points to itself', query: { question: 'c00c00010001' }, expected: malformed() },
  { name: 'a name that points to the header', query: { question: '0161c00000010001' }, expected: malformed() },
  {
    name: 'a name of 255 bytes',
    query: { question: `${labels(63, 63, 63, 61)}00010001` },
    expected: { rcode: REFUSED, aa: false },
  },
  { name: 'a name of 256 bytes', query: { question: `${labels(63, 63, 63, 62)}00010001` }, expected: malformed() },
  { name: 'a name of 64 KB', query: { question: `${'0161'.repeat(32_000)}0000010001` }, expected: malformed() },
  { name: 'the label FF', query: { name: '\xff.example.com.' }, expected: { rcode: NXDOMAIN, aa: true, soa: true } },
  { name: 'the root', query: { name: '.' }, expected: { rcode: REFUSED, aa: false } },

  // Other records
  { name: 'an answer', query: { counts: [1, 1, 0, 0], rest: '0000010001000000000000' }, expected: { rcode: FORMERR } },
  { name: 'an answer that is announced only', query: { counts: [1, 1, 0, 0] }, expected: { rcode: FORMERR } },
  {
    name: 'an authority record',
    query: { counts: [1, 0, 1, 0], rest: '0000010001000000000000' },
    expected: { rcode: NOERROR, answers: 1 },
  },
  {
    name: 'OPT as an authority record',
    query: { counts: [1, 0, 1, 0], rest: '0000291000000000000000' },
    expected: { rcode: FORMERR },
  },
  {
    name: 'an additional record',
    query: { additional: ['0161000010000100000000000401020304'] },
    expected: { rcode: NOERROR, answers: 1, opt: false },
  },
  {
    name: 'an additional record with OPT behind it',
    query: { additional: ['0161000010000100000000000401020304'], edns: {} },
    expected: { rcode: NOERROR, answers: 1, opt: true },
  },
  {
    name: 'an additional record whose name points to itself',
    query: { additional: ['c02100010001000000000000'.slice(0, 24)] },
    expected: { rcode: NOERROR, answers: 1 },
  },
  {
    name: 'an additional record that is announced only',
    query: { counts: [1, 0, 0, 1] },
    expected: { rcode: FORMERR },
  },
  {
    name: 'an additional record that is cut off',
    query: { counts: [1, 0, 0, 1], rest: '00000100010000' },
    expected: { rcode: FORMERR },
  },
  {
    name: 'an additional record with too much RDLENGTH',
    query: { counts: [1, 0, 0, 1], rest: '0000010001000000000001' },
    expected: { rcode: FORMERR },
  },
  {
    name: '65535 additional records that are announced only',
    query: { counts: [1, 0, 0, 65_535] },
    expected: { rcode: FORMERR },
  },
  {
    name: 'a TSIG record',
    query: { additional: ['0000fa00ff000000000000'] },
    expected: { rcode: NOERROR, answers: 1 },
  },
  { name: 'bytes behind it all', query: { rest: 'ffff' }, expected: { rcode: NOERROR, answers: 1 } },

  // EDNS
  { name: 'no OPT', query: {}, expected: { rcode: NOERROR, answers: 1, opt: false } },
  {
    name: 'EDNS version 1',
    query: { edns: { version: 1 } },
    expected: { rcode: BADVERS, answers: 0, soa: false, opt: true },
  },
  {
    name: 'EDNS version 1 with an option (RFC 8906 §8.2.7)',
    query: { edns: { version: 1, options: [[100, '']] } },
    expected: { rcode: BADVERS, answers: 0, opt: true },
  },
  {
    name: 'EDNS version 255 with broken options',
    query: { edns: { version: 255, rdata: 'ff' } },
    expected: { rcode: BADVERS, opt: true },
  },
  { name: 'two OPTs', query: { additional: ['0000291000000000000000'], edns: {} }, expected: { rcode: FORMERR } },
  { name: 'OPT with a name', query: { additional: ['01610000291000000000000000'] }, expected: { rcode: FORMERR } },
  {
    name: 'an option that is longer than OPT',
    query: { edns: { rdata: '0064000501' } },
    expected: { rcode: FORMERR, opt: true },
  },
  { name: 'an option that is cut off', query: { edns: { rdata: '006400' } }, expected: { rcode: FORMERR, opt: true } },
  {
    name: 'an unknown option (RFC 8906 §8.2.2)',
    query: { edns: { options: [[100, '00']] } },
    expected: { rcode: NOERROR, answers: 1, opt: true, more: ({ opt }) => expect(opt?.options).toEqual({}) },
  },
  {
    name: 'unknown flags (RFC 8906 §8.2.3)',
    query: { edns: { flags: 0x0040 } },
    expected: { rcode: NOERROR, answers: 1, opt: true },
  },
  {
    name: 'all flags',
    query: { edns: { flags: 0xffff } },
    expected: { rcode: NOERROR, answers: 1, more: ({ opt }) => expect(opt?.dnssecOk).toBe(true) },
  },
  {
    name: 'DO',
    query: { edns: { flags: 0x8000 } },
    expected: { rcode: NOERROR, answers: 1, more: ({ opt }) => expect(opt?.dnssecOk).toBe(true) },
  },
  {
    name: 'no DO',
    query: { edns: {} },
    expected: { rcode: NOERROR, more: ({ opt }) => expect(opt?.dnssecOk).toBe(false) },
  },
  { name: 'a size of 0', query: { edns: { udpLength: 0 } }, expected: { rcode: NOERROR, answers: 1, opt: true } },
  {
    name: 'padding',
    query: { edns: { options: [[12, '00'.repeat(100)]] } },
    expected: { rcode: NOERROR, answers: 1, more: ({ opt }) => expect(opt?.options).toEqual({}) },
  },

  // Cookies
  {
    name: 'a client cookie',
    query: cookie(CLIENT_COOKIE),
    expected: { rcode: NOERROR, answers: 1, more: hasFreshCookie },
  },
  { name: 'a cookie of 7 bytes', query: cookie('01020304050607'), expected: { rcode: FORMERR, opt: true } },
  { name: 'no bytes of a cookie', query: cookie(''), expected: { rcode: FORMERR, opt: true } },
  { name: 'a cookie of 9 bytes', query: cookie(`${CLIENT_COOKIE}00`), expected: { rcode: FORMERR, opt: true } },
  { name: 'a cookie of 15 bytes', query: cookie('00'.repeat(15)), expected: { rcode: FORMERR, opt: true } },
  { name: 'a cookie of 41 bytes', query: cookie('00'.repeat(41)), expected: { rcode: FORMERR, opt: true } },
  {
    name: 'a bad server cookie',
    query: cookie(`${CLIENT_COOKIE}${'00'.repeat(16)}`),
    expected: { rcode: NOERROR, answers: 1, more: hasFreshCookie },
  },
  {
    name: 'a server cookie of 32 bytes',
    query: cookie(`${CLIENT_COOKIE}${'00'.repeat(32)}`),
    expected: { rcode: NOERROR, answers: 1, more: hasFreshCookie },
  },
  {
    name: 'two cookies, of which the first counts',
    query: {
      edns: {
        options: [
          [COOKIE, CLIENT_COOKIE],
          [COOKIE, '00'],
        ],
      },
    },
    expected: { rcode: NOERROR, answers: 1, more: hasFreshCookie },
  },

  // Client subnet
  { name: 'a client subnet', query: ecs('00011800010203'), expected: { rcode: NOERROR, answers: 1, scope: 8 } },
  {
    name: 'a client subnet of IPv6, of an odd number of bytes',
    query: ecs('0002380002000000000000'),
    expected: { rcode: NOERROR, answers: 1, scope: 20 },
  },
  { name: 'a client subnet of all bits', query: ecs('0001200001020304'), expected: { rcode: NOERROR, scope: 8 } },
  {
    name: 'a client subnet with a byte too many',
    query: ecs('0001180001020300'),
    expected: { rcode: FORMERR, opt: true },
  },
  { name: 'a client subnet with a byte too few', query: ecs('000118000102'), expected: { rcode: FORMERR, opt: true } },
  { name: 'a client subnet of 33 bits', query: ecs('000121000102030400'), expected: { rcode: FORMERR } },
  { name: 'a client subnet of 129 bits', query: ecs(`00028100${'00'.repeat(17)}`), expected: { rcode: FORMERR } },
  { name: 'a client subnet with a scope', query: ecs('00011808010203'), expected: { rcode: FORMERR } },
  { name: 'a client subnet with bits beyond the prefix', query: ecs('00011700010203'), expected: { rcode: FORMERR } },
  {
    name: 'a client subnet without bits beyond the prefix',
    query: ecs('00011700010202'),
    expected: { rcode: NOERROR, scope: 8 },
  },
  { name: 'a client subnet of family 7', query: ecs('00071800010203'), expected: { rcode: FORMERR } },
  { name: 'a client subnet of family 0', query: ecs('00000000'), expected: { rcode: FORMERR } },
  { name: 'a client subnet of 3 bytes', query: ecs('000100'), expected: { rcode: FORMERR } },
  { name: 'a client subnet of /0', query: ecs('00010000'), expected: { rcode: NOERROR, answers: 1, scope: 0 } },
  { name: 'a client subnet of ::/0', query: ecs('00020000'), expected: { rcode: NOERROR, answers: 1, scope: 0 } },
  {
    name: 'two client subnets',
    query: {
      edns: {
        options: [
          [SUBNET, '00011800010203'],
          [SUBNET, '00011800010203'],
        ],
      },
    },
    expected: { rcode: FORMERR },
  },
  {
    name: 'a client subnet for a static name',
    query: { name: 'static.example.com.', ...ecs('00011800010203') },
    expected: { rcode: NOERROR, answers: 1, scope: 0 },
  },
  {
    name: 'a client subnet for no name',
    query: { name: 'no.example.com.', ...ecs('00011800010203') },
    expected: { rcode: NXDOMAIN, soa: true, scope: 0 },
  },
  {
    name: 'a client subnet where it has no data',
    query: { type: TYPE.AAAA, ...ecs('00011800010203') },
    expected: { rcode: NOERROR, soa: true, scope: 0 },
  },
  {
    name: 'a client subnet out of zone',
    query: { name: 'example.org.', ...ecs('00011800010203') },
    expected: { rcode: REFUSED, scope: 0 },
  },
  {
    name: 'no client subnet',
    query: { edns: {} },
    expected: { rcode: NOERROR, answers: 1, more: ({ opt }) => expect(opt?.options[SUBNET]).toBeUndefined() },
  },

  // Types and names
  {
    name: 'ANY',
    query: { name: 'static.example.com.', type: TYPE.ANY },
    expected: {
      rcode: NOERROR,
      aa: true,
      answers: 1,
      more: ({ answers }) => expect(answers[0]?.type).toBe(TYPE.HINFO),
    },
  },
  { name: 'AXFR', query: { name: 'example.com.', type: TYPE.AXFR }, expected: { rcode: REFUSED, answers: 0 } },
  { name: 'IXFR', query: { name: 'example.com.', type: TYPE.IXFR }, expected: { rcode: REFUSED, answers: 0 } },
  { name: 'MAILB', query: { name: 'example.com.', type: TYPE.MAILB }, expected: { rcode: NOTIMP, answers: 0 } },
  { name: 'OPT as a type', query: { name: 'example.com.', type: TYPE.OPT }, expected: { rcode: FORMERR, answers: 0 } },
  {
    name: 'type 1000 (RFC 8906 §8.1.2)',
    query: { name: 'example.com.', type: 1000 },
    expected: { rcode: NOERROR, aa: true, soa: true },
  },
  { name: 'type 0', query: { name: 'example.com.', type: 0 }, expected: { rcode: NOERROR, aa: true, soa: true } },
  {
    name: 'SOA (RFC 8906 §8.1.1)',
    query: { name: 'example.com.', type: TYPE.SOA },
    expected: { rcode: NOERROR, aa: true, answers: 1 },
  },
  {
    name: 'class CH',
    query: { name: 'version.bind.', type: TYPE.TXT, class: 3 },
    expected: { rcode: REFUSED, aa: false, answers: 0 },
  },
  { name: 'class HS', query: { class: 4 }, expected: { rcode: REFUSED, aa: false } },
  { name: 'class 0', query: { class: 0 }, expected: { rcode: REFUSED, aa: false } },
  { name: 'class ANY', query: { class: 255 }, expected: { rcode: REFUSED, aa: false } },
  {
    name: 'out of zone',
    query: { name: 'www.example.org.' },
    expected: { rcode: REFUSED, aa: false, answers: 0, soa: false },
  },
  {
    name: 'NODATA',
    query: { name: 'static.example.com.', type: TYPE.AAAA },
    expected: { rcode: NOERROR, aa: true, soa: true },
  },
  { name: 'NXDOMAIN', query: { name: 'no.example.com.' }, expected: { rcode: NXDOMAIN, aa: true, soa: true } },
  {
    name: 'an empty non-terminal',
    query: { name: 'ent.example.com.' },
    expected: { rcode: NOERROR, aa: true, soa: true },
  },
  { name: 'a static CNAME', query: { name: 'alias.example.com.' }, expected: { rcode: NOERROR, aa: true, answers: 2 } },
  {
    name: 'a CNAME to a geographic name',
    query: { name: 'to-geo.example.com.' },
    expected: { rcode: NOERROR, aa: true, answers: 1 },
  },
  {
    name: 'a wildcard',
    query: { name: 'any.wild.example.com.', type: TYPE.TXT },
    expected: { rcode: NOERROR, aa: true, answers: 1 },
  },
  { name: 'a DNAME', query: { name: 'x.dn.example.com.' }, expected: { rcode: NOERROR, aa: true, answers: 3 } },
  {
    name: 'a delegation',
    query: { name: 'www.sub.example.com.' },
    expected: {
      rcode: NOERROR,
      aa: false,
      answers: 0,
      soa: false,
      more: ({ additionals }) => expect(additionals).toHaveLength(1),
    },
  },
];

function malformed(): Expected {
  return { rcode: FORMERR, question: false, answers: 0, soa: false };
}

describe.each<Transport>(['udp', 'tcp'])('over %s', (transport) => {
  test.each(PROBES.filter(({ only }) => only === undefined || only === transport))(
    '$name',
    ({ query: parts, expected }) => {
      const responder = new TestResponder();
      const query = Buffer.isBuffer(parts) ? parts : dnsQuery(parts);
      // The first time by way of the zones, the second by what is compiled, the third from the cache.
      const replies = [1, 2, 3].map(() => responder.send(query, { transport, from: '01020304' }));
      expect(responder.failures).toEqual([]);
      if (expected === 'silence') {
        expect(replies).toEqual([undefined, undefined, undefined]);
        return;
      }
      const [reply] = replies as [Buffer, Buffer, Buffer];
      expect(replies[1]).toEqual(reply);
      expect(replies[2]).toEqual(reply);
      const message = parseDnsMessage(reply);
      checkAlways(query, reply, message);
      check(message, query, expected);
    },
  );

  test('source port 0: silence', () => {
    expect(new TestResponder().send(dnsQuery({}), { transport, port: 0 })).toBeUndefined();
  });
});

/** What holds for each reply. */
function checkAlways(query: Buffer, reply: Buffer, message: DnsMessage): void {
  expect(message).toMatchObject({ id: query.readUInt16BE(0), qr: true, ra: false, ad: false, cd: false });
  expect(message.opcode).toBe((query.readUInt16BE(2) >>> 11) & 15);
  expect(message.rd).toBe((query.readUInt16BE(2) & 0x0100) !== 0);
  expect(reply.readUInt16BE(2) & 0x0040).toBe(0);
  if (message.opt !== undefined) expect(message.opt).toMatchObject({ udpLength: 1232, version: 0 });
}

function check(message: DnsMessage, query: Buffer, expected: Expected): void {
  expect(message.rcode).toBe(expected.rcode);
  expect(message.questions).toHaveLength(expected.question === false ? 0 : 1);
  expect(message.tc).toBe(expected.tc ?? false);
  if (expected.aa !== undefined) expect(message.aa).toBe(expected.aa);
  if (expected.answers !== undefined) expect(message.answers).toHaveLength(expected.answers);
  if (expected.opt !== undefined) expect(message.opt !== undefined).toBe(expected.opt);
  if (expected.soa !== undefined) {
    const soas = message.authorities.filter(({ type }) => type === TYPE.SOA);
    expect(soas.map(({ name, ttl }) => ({ name, ttl }))).toEqual(
      expected.soa ? [{ name: 'example.com.', ttl: SOA_TTL }] : [],
    );
  }
  if (expected.scope !== undefined) {
    const sent = parseDnsMessage(query).opt?.options[SUBNET] as string;
    const scope = expected.scope.toString(16).padStart(2, '0');
    expect(message.opt?.options[SUBNET]).toBe(sent.slice(0, 6) + scope + sent.slice(8));
  }
  expected.more?.(message);
}
