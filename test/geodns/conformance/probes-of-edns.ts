import { expect } from 'vitest';
import { RCODE } from '../../../src/geodns/wire/types.ts';
import type { DnsMessage } from '../../support/dns-message.ts';
import { CLIENT_COOKIE, COOKIE, cookie, type Probe } from './probe.ts';
import { NSID as NAME, sizedName } from './site.ts';

const { NOERROR, FORMERR, BADVERS } = RCODE;

const NSID = 3;
const KEEPALIVE = 11;
const PADDING = 12;

const OPT_LENGTH = 11;

const EMPTY_OPT = '0000291000000000000000';

/** OPT (RFC 6891, RFC 8906 §8.2). */
export const EDNS: readonly Probe[] = [
  { name: 'no OPT', query: {}, expected: { rcode: NOERROR, answers: 1, opt: false } },
  { name: 'OPT', query: { edns: {} }, expected: { rcode: NOERROR, answers: 1, opt: true, scope: undefined } },
  {
    name: 'EDNS version 1',
    query: { edns: { version: 1 } },
    expected: { rcode: BADVERS, answers: 0, soa: false, opt: true },
  },
  {
    name: 'EDNS version 1 with an option (RFC 8906 §8.2.6)',
    query: { edns: { version: 1, options: [[100, '']] } },
    expected: { rcode: BADVERS, answers: 0, opt: true },
  },
  {
    name: 'EDNS version 255 with broken options',
    query: { edns: { version: 255, rdata: 'ff' } },
    expected: { rcode: BADVERS, opt: true },
  },
  {
    name: 'EDNS version 1 with DO',
    query: { edns: { version: 1, flags: 0x8000 } },
    expected: { rcode: BADVERS, opt: true, dnssecOk: true },
  },
  { name: 'two OPTs', query: { additional: [EMPTY_OPT], edns: {} }, expected: { rcode: FORMERR, opt: true } },
  {
    name: 'OPT with a name',
    query: { additional: ['01610000291000000000000000'] },
    expected: { rcode: FORMERR },
    gdnsd: { but: { rcode: NOERROR, answers: 1, opt: false }, why: 'it takes it for a record of another type' },
  },
  {
    name: 'OPT that is longer than the message',
    query: { counts: [1, 0, 0, 1], rest: '0000291000000000000004' },
    expected: { rcode: FORMERR },
  },
  {
    name: 'an option that is longer than OPT',
    query: { edns: { rdata: '0064000501' } },
    expected: { rcode: FORMERR, opt: true },
  },
  { name: 'an option that is cut off', query: { edns: { rdata: '006400' } }, expected: { rcode: FORMERR, opt: true } },
  {
    name: 'an unknown option (RFC 8906 §8.2.3)',
    query: { edns: { options: [[100, '00']] } },
    expected: { rcode: NOERROR, answers: 1, opt: true, more: (reply) => hasNo(reply, 100) },
  },
  {
    name: 'unknown options, one of them twice',
    query: {
      edns: {
        options: [
          [65_001, ''],
          [100, '00'],
          [100, '01'],
        ],
      },
    },
    expected: { rcode: NOERROR, answers: 1, opt: true, more: (reply) => hasNo(reply, 100, 65_001) },
  },
  {
    name: 'unknown flags (RFC 8906 §8.2.4)',
    query: { edns: { flags: 0x0040 } },
    expected: { rcode: NOERROR, answers: 1, opt: true, dnssecOk: false },
  },
  { name: 'all flags', query: { edns: { flags: 0xffff } }, expected: { rcode: NOERROR, answers: 1, dnssecOk: true } },
  { name: 'DO', query: { edns: { flags: 0x8000 } }, expected: { rcode: NOERROR, answers: 1, dnssecOk: true } },
  { name: 'no DO', query: { edns: {} }, expected: { rcode: NOERROR, answers: 1, dnssecOk: false } },
  {
    name: 'an upper byte of the rcode, which a query has none of',
    query: { counts: [1, 0, 0, 1], rest: '0000290400ff0000000000' },
    expected: { rcode: NOERROR, answers: 1, opt: true },
  },
  {
    name: 'padding (RFC 7830), where nothing is hidden',
    query: { edns: { options: [[PADDING, '00'.repeat(100)]] } },
    expected: { rcode: NOERROR, answers: 1, opt: true, more: (reply) => hasNo(reply, PADDING) },
  },
  {
    name: 'keepalive, which has no meaning by UDP (RFC 7828 §3.3.2)',
    query: { edns: { options: [[KEEPALIVE, '']] } },
    expected: { rcode: NOERROR, answers: 1, opt: true, more: (reply) => hasNo(reply, KEEPALIVE) },
    only: 'udp',
  },
  {
    name: 'keepalive by TCP: how long a connection may be idle (RFC 7828 §3.1)',
    query: { edns: { options: [[KEEPALIVE, '']] } },
    expected: { rcode: NOERROR, answers: 1, more: ({ opt }) => expect(opt?.options[KEEPALIVE]).toMatch(/^....$/) },
    only: 'tcp',
  },
  {
    name: 'OPT by TCP, but no keepalive',
    query: { edns: {} },
    expected: { rcode: NOERROR, answers: 1, more: (reply) => hasNo(reply, KEEPALIVE) },
    only: 'tcp',
    gdnsd: { but: { more: none }, why: 'it tells all who know EDNS, as it may (RFC 7828 §3.3.2)' },
  },
  ...(['udp', 'tcp'] as const).map(
    (only): Probe => ({
      name: 'padding up to the size that we say we take',
      query: { edns: { options: [[PADDING, '00'.repeat(1_232 - 12 - 21 - OPT_LENGTH - 4)]] } },
      expected: { rcode: NOERROR, answers: 1, opt: true },
      only,
      gdnsd: {
        but: only === 'tcp' ? 'silence' : { rcode: FORMERR, answers: 0 },
        why: 'it takes 1024 bytes, and says so: by UDP it sees no more, by TCP it closes',
      },
    }),
  ),
  {
    name: 'NSID (RFC 5001)',
    query: { edns: { options: [[NSID, '']] } },
    expected: { rcode: NOERROR, answers: 1, more: ({ opt }) => expect(opt?.options[NSID]).toBe(hex(NAME)) },
  },
  {
    name: 'NSID with data, which is ignored (RFC 5001 §2.3)',
    query: { edns: { options: [[NSID, '616263']] } },
    expected: { rcode: NOERROR, answers: 1, more: ({ opt }) => expect(opt?.options[NSID]).toBe(hex(NAME)) },
    gdnsd: { but: { rcode: FORMERR, answers: 0, more: none }, why: 'it holds the client to sending none' },
  },
  {
    name: 'no NSID',
    query: { edns: {} },
    expected: { rcode: NOERROR, answers: 1, more: (reply) => hasNo(reply, NSID) },
  },
];

/** Cookies (RFC 7873 §4, §5.2). How they are used again is told in `dialogues.ts`. */
export const COOKIES: readonly Probe[] = [
  { name: 'a client cookie', query: cookie(CLIENT_COOKIE), expected: { rcode: NOERROR, answers: 1, cookie: true } },
  ...[0, 1, 7, 9, 15, 41, 48].map(
    (length): Probe => ({
      name: `a cookie of ${length} bytes`,
      query: cookie('01'.repeat(length)),
      expected: { rcode: FORMERR, opt: true, answers: 0, cookie: false },
    }),
  ),
  ...[8, 9, 16, 31, 32].map(
    (length): Probe => ({
      name: `a server cookie of ${length} bytes that nobody made`,
      query: cookie(`${CLIENT_COOKIE}${'00'.repeat(length)}`),
      expected: { rcode: NOERROR, answers: 1, cookie: true },
    }),
  ),
  {
    name: 'two cookies, of which the first counts (RFC 7873 §5.2)',
    query: {
      edns: {
        options: [
          [COOKIE, CLIENT_COOKIE],
          [COOKIE, '00'],
        ],
      },
    },
    expected: { rcode: NOERROR, answers: 1, cookie: true },
  },
  { name: 'no cookie', query: { edns: {} }, expected: { rcode: NOERROR, answers: 1, cookie: false } },
];

interface Fit {
  /** Of the reply without OPT. */
  readonly length: number;
  /** What the client says that it takes; absent: no OPT. */
  readonly takes?: number;
  readonly isWhole: boolean;
}

const FITS: readonly Fit[] = [
  { length: 512, isWhole: true },
  { length: 513, isWhole: false },
  { length: 12_000, isWhole: false },
  { length: 501, takes: 0, isWhole: true },
  { length: 502, takes: 0, isWhole: false },
  { length: 501, takes: 511, isWhole: true },
  { length: 502, takes: 511, isWhole: false },
  { length: 501, takes: 512, isWhole: true },
  { length: 502, takes: 512, isWhole: false },
  { length: 502, takes: 513, isWhole: true },
  { length: 1_221, takes: 1_231, isWhole: false },
  { length: 1_221, takes: 1_232, isWhole: true },
  { length: 1_222, takes: 1_232, isWhole: false },
  { length: 1_221, takes: 4_096, isWhole: true },
  { length: 1_222, takes: 4_096, isWhole: false },
  { length: 4_096, takes: 65_535, isWhole: false },
];

/** How long a reply by UDP may be (RFC 6891 §6.2.3 to §6.2.5): what the client says, 512 bytes at least, 1232 at most. */
export const SIZES: readonly Probe[] = FITS.map(({ length, takes, isWhole }) => ({
  name: `${length} bytes${takes === undefined ? '' : ` and OPT for a client that takes ${takes}`}`,
  query: {
    name: `${sizedName(length)}.example.com.`,
    type: 16,
    ...(takes !== undefined && { edns: { udpLength: takes } }),
  },
  expected: {
    rcode: NOERROR,
    aa: true,
    tc: !isWhole,
    answers: isWhole ? 1 : 0,
    opt: takes !== undefined,
    ...(isWhole && { length: takes === undefined ? length : length + OPT_LENGTH }),
  },
  only: 'udp',
}));

/** By TCP it is whole, whatever the client takes by UDP. */
export const SIZES_BY_TCP: readonly Probe[] = [...new Set(FITS.map(({ length }) => length))].flatMap((length) => {
  const question = { name: `${sizedName(length)}.example.com.`, type: 16 };
  const expected = { rcode: NOERROR, aa: true, tc: false, answers: 1 };
  return [
    { name: `${length} bytes`, query: question, expected: { ...expected, length }, only: 'tcp' },
    {
      name: `${length} bytes and OPT for a client that takes 512 by UDP`,
      query: { ...question, edns: { udpLength: 512 } },
      expected: { ...expected, opt: true },
      only: 'tcp',
    },
  ] as const;
});

function hasNo({ opt }: DnsMessage, ...codes: readonly number[]): void {
  for (const code of codes) expect(opt?.options[code]).toBeUndefined();
}

function hex(text: string): string {
  return Buffer.from(text).toString('hex');
}

function none(): void {}
