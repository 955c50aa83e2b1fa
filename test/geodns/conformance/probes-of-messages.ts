import { RCODE } from '../../../src/geodns/wire/types.ts';
import { dnsQuery } from '../../support/dns-message.ts';
import { CLIENT_COOKIE, cookie, MALFORMED, type Probe } from './probe.ts';

const { NOERROR, FORMERR, NXDOMAIN, NOTIMP, REFUSED } = RCODE;

/** The header (RFC 1035 §4.1.1). */
export const HEADERS: readonly Probe[] = [
  { name: 'QR set', query: { flags: 0x8100 }, expected: 'silence' },
  { name: 'QR set, with another opcode', query: { flags: 0x8000 | (5 << 11) }, expected: 'silence' },
  { name: 'QR set, and nothing in order behind it', query: { flags: 0x8000, question: 'c0' }, expected: 'silence' },
  { name: 'no bytes', query: Buffer.alloc(0), expected: 'silence' },
  { name: 'one byte', query: Buffer.alloc(1), expected: 'silence' },
  { name: '11 bytes', query: dnsQuery({}).subarray(0, 11), expected: 'silence' },
  { name: '12 bytes that announce a question', query: dnsQuery({}).subarray(0, 12), expected: MALFORMED },
  ...[1, 2, 3, 4, 5, 7, 15].map(
    (opcode): Probe => ({
      name: `opcode ${opcode}`,
      query: { flags: opcode << 11 },
      expected: { rcode: NOTIMP, question: false, opt: false },
      gdnsd: { but: { question: true }, why: 'it reads what is behind the header as if the opcode was QUERY' },
    }),
  ),
  {
    name: 'opcode 6, DSO',
    query: { flags: 6 << 11 },
    expected: { rcode: NOTIMP, question: false, opt: false },
    gdnsd: { but: { rcode: FORMERR }, why: 'it speaks DSO (RFC 8490), where a message has no question' },
  },
  {
    name: 'another opcode, and OPT',
    query: { flags: 4 << 11, edns: {} },
    expected: { rcode: NOTIMP, question: false, opt: false },
    gdnsd: { but: { question: true, opt: true }, why: 'likewise' },
  },
  { name: 'TC set', query: { flags: 0x0300 }, expected: { rcode: NOERROR, answers: 1, tc: false } },
  { name: 'AA and RA set', query: { flags: 0x0480 }, expected: { rcode: NOERROR, answers: 1, aa: true } },
  { name: 'an rcode', query: { flags: 0x0105 }, expected: { rcode: NOERROR, answers: 1 } },
  { name: 'AD set', query: { flags: 0x0120 }, expected: { rcode: NOERROR, answers: 1 } },
  { name: 'CD set', query: { flags: 0x0110 }, expected: { rcode: NOERROR, answers: 1 } },
  {
    name: 'the reserved flag, AD and CD (RFC 8906 §8.1.3)',
    query: { flags: 0x0070 },
    expected: { rcode: NOERROR, answers: 1 },
  },
  { name: 'no RD', query: { flags: 0 }, expected: { rcode: NOERROR, answers: 1 } },
  { name: 'an id of 0', query: { id: 0 }, expected: { rcode: NOERROR, answers: 1 } },
  { name: 'an id of 65535', query: { id: 65_535 }, expected: { rcode: NOERROR, answers: 1 } },
];

/** The question (RFC 1035 §4.1.2, RFC 9619). */
export const QUESTIONS: readonly Probe[] = [
  { name: 'no question', query: { question: '' }, expected: MALFORMED },
  { name: 'no question, but OPT', query: { question: '', edns: {} }, expected: { ...MALFORMED, opt: true } },
  {
    name: 'no question, but a client cookie (RFC 7873 §5.4)',
    query: { question: '', ...cookie(CLIENT_COOKIE) },
    expected: { rcode: NOERROR, question: false, answers: 0, opt: true, cookie: true },
  },
  {
    name: 'no question, but a malformed cookie',
    query: { question: '', ...cookie('01020304050607') },
    expected: { ...MALFORMED, opt: true },
  },
  {
    name: 'two questions, of which one is there',
    query: { counts: [2, 0, 0, 0] },
    expected: MALFORMED,
    gdnsd: { but: { question: true }, why: 'it repeats the first one, which is no more the question than the other' },
  },
  {
    name: 'two questions',
    query: { counts: [2, 0, 0, 0], rest: '0000010001' },
    expected: MALFORMED,
    gdnsd: { but: { question: true }, why: 'likewise' },
  },
  { name: '65535 questions', query: { counts: [65_535, 0, 0, 0], question: '' }, expected: MALFORMED },
  { name: 'a question that ends in its name', query: { question: '03777777' }, expected: MALFORMED },
  { name: 'a question that ends in a label', query: { question: '3f777777' }, expected: MALFORMED },
  { name: 'a question without its type', query: { question: '0377777700' }, expected: MALFORMED },
  { name: 'a question without its class', query: { question: '03777777000001' }, expected: MALFORMED },
  { name: 'a label of 64 bytes', query: { question: `40${'61'.repeat(64)}0000010001` }, expected: MALFORMED },
  { name: 'a label of type 01 (RFC 6891 §5)', query: { question: '41610000010001' }, expected: MALFORMED },
  { name: 'a label of type 10', query: { question: '81610000010001' }, expected: MALFORMED },
  { name: 'a name that points to itself', query: { question: 'c00c00010001' }, expected: MALFORMED },
  { name: 'a name that points to the header', query: { question: '0161c00000010001' }, expected: MALFORMED },
  { name: 'a name that points behind it', query: { question: '0161c01400010001000000' }, expected: MALFORMED },
  { name: 'a name that points out of the message', query: { question: 'ffff00010001' }, expected: MALFORMED },
  { name: 'half a pointer', query: { question: '0161c0' }, expected: MALFORMED },
  {
    name: 'a name of 255 bytes',
    query: { question: `${labels(63, 63, 63, 61)}00010001` },
    expected: { rcode: REFUSED, aa: false },
  },
  {
    name: 'a name of 255 bytes in labels of one',
    query: { question: `${'0161'.repeat(127)}0000010001` },
    expected: { rcode: REFUSED, aa: false },
  },
  { name: 'a name of 256 bytes', query: { question: `${labels(63, 63, 63, 62)}00010001` }, expected: MALFORMED },
  { name: 'a name of 900 bytes', query: { question: `${'0161'.repeat(450)}0000010001` }, expected: MALFORMED },
  {
    name: 'a label of 63 bytes',
    query: { name: `${'a'.repeat(63)}.example.com.` },
    expected: { rcode: NXDOMAIN, aa: true },
  },
  { name: 'the label FF', query: { name: '\xff.example.com.' }, expected: { rcode: NXDOMAIN, aa: true, soa: true } },
  { name: 'a label with a zero', query: { name: 'a\0b.example.com.' }, expected: { rcode: NXDOMAIN, aa: true } },
  {
    name: 'a label with a dot in it, which separates nothing',
    query: { question: '05612e656e74076578616d706c6503636f6d0000010001' },
    expected: { rcode: NXDOMAIN, aa: true },
  },
  { name: 'the root', query: { name: '.' }, expected: { rcode: REFUSED, aa: false } },
  {
    name: 'letters of both cases, which come back as they were asked (RFC 4343 §4.1)',
    query: { name: 'StAtIc.eXaMpLe.CoM.' },
    expected: { rcode: NOERROR, answers: 1, more: ({ answers }) => isNamed(answers, 'StAtIc.eXaMpLe.CoM.') },
  },
  {
    name: 'letters of other cases than the zone has',
    query: { name: 'mIxEd.example.com.' },
    expected: { rcode: NOERROR, answers: 1, more: ({ answers }) => isNamed(answers, 'mIxEd.example.com.') },
  },
];

const A_RECORD = '0161000001000100000000000401020304';

/** Records that a query has behind its question. */
export const RECORDS: readonly Probe[] = [
  {
    name: 'an answer',
    query: { counts: [1, 1, 0, 0], rest: '0000010001000000000000' },
    expected: { rcode: FORMERR },
    gdnsd: { but: { rcode: NOERROR, answers: 1 }, why: 'it ignores records, of whatever section, if they are whole' },
  },
  {
    name: 'OPT as an answer',
    query: { counts: [1, 1, 0, 0], rest: '0000291000000000000000' },
    expected: { rcode: FORMERR },
    gdnsd: { but: { rcode: NOERROR, answers: 1, opt: false }, why: 'likewise' },
  },
  { name: 'an answer that is announced only', query: { counts: [1, 1, 0, 0] }, expected: { rcode: FORMERR } },
  {
    name: 'an authority record, as of IXFR (RFC 1995 §3)',
    query: { counts: [1, 0, 1, 0], rest: '0000010001000000000000' },
    expected: { rcode: NOERROR, answers: 1 },
  },
  { name: 'an authority record that is announced only', query: { counts: [1, 0, 1, 0] }, expected: { rcode: FORMERR } },
  {
    name: 'OPT as an authority record',
    query: { counts: [1, 0, 1, 0], rest: '0000291000000000000000' },
    expected: { rcode: FORMERR },
    gdnsd: { but: { rcode: NOERROR, answers: 1, opt: false }, why: 'it ignores records of that section, OPT too' },
  },
  {
    name: 'an additional record',
    query: { additional: [A_RECORD] },
    expected: { rcode: NOERROR, answers: 1, opt: false },
  },
  {
    name: 'an additional record with OPT behind it',
    query: { additional: [A_RECORD], edns: {} },
    expected: { rcode: NOERROR, answers: 1, opt: true },
  },
  {
    name: 'an additional record with OPT in front of it',
    query: { counts: [1, 0, 0, 2], rest: `0000291000000000000000${A_RECORD}` },
    expected: { rcode: NOERROR, answers: 1, opt: true },
  },
  {
    name: 'an additional record whose name points to itself',
    query: { additional: ['c021000100010000000000000'.slice(0, 24)] },
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
    name: 'a TSIG record: an answer without a signature tells that we have no keys',
    query: { additional: ['0000fa00ff000000000000'] },
    expected: { rcode: NOERROR, answers: 1 },
  },
  { name: 'bytes behind it all', query: { rest: 'ffff' }, expected: { rcode: NOERROR, answers: 1 } },
];

/** A name of labels of so many bytes, in hexadecimal. */
function labels(...lengths: number[]): string {
  return `${lengths.map((length) => length.toString(16).padStart(2, '0') + '61'.repeat(length)).join('')}00`;
}

function isNamed(answers: readonly { readonly name: string }[], name: string): void {
  if (answers[0]?.name !== name) throw new Error(`the answer is of ${answers[0]?.name}`);
}
