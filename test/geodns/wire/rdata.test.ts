import { describe, expect, test } from 'vitest';
import type { Rdata } from '../../../src/geodns/model.ts';
import { nameFromText } from '../../../src/geodns/wire/name.ts';
import { Problem } from '../../../src/geodns/wire/problem.ts';
import { rdataFromBytes, rdataFromText, rdataToText } from '../../../src/geodns/wire/rdata.ts';
import { TYPE, typeFromText } from '../../../src/geodns/wire/types.ts';
import { wordsOf } from '../../../src/geodns/zone/lexer.ts';
import { name, randomBytes } from '../names.ts';

const EXAMPLE = name('example.');

describe('RDATA', () => {
  test.each([
    { type: 'A', text: '192.0.2.1', hex: 'c0000201' },
    { type: 'AAAA', text: '2001:db8::1', hex: '20010db8000000000000000000000001' },
    { type: 'AAAA', text: '::ffff:192.0.2.1', hex: '00000000000000000000ffffc0000201' },
    { type: 'NS', text: 'ns1', shown: 'ns1.example.', hex: '036e7331076578616d706c6500', names: [0] },
    { type: 'CNAME', text: '@', shown: 'example.', hex: '076578616d706c6500', names: [0] },
    { type: 'PTR', text: 'A.b.', hex: '0141016200', names: [0] },
    {
      type: 'SOA',
      text: 'a. b\\.c.d. 2026010100 1h 15m 1w 60',
      shown: 'a. b\\.c.d. 2026010100 3600 900 604800 60',
      hex: '016100 03622e63016400 78c275f4 00000e10 00000384 00093a80 0000003c',
      names: [0, 3],
    },
    { type: 'MX', text: '10 mail', shown: '10 mail.example.', hex: '000a046d61696c076578616d706c6500', names: [2] },
    { type: 'MX', text: '0 .', hex: '000000', names: [2] },
    { type: 'TXT', text: '"a b" c', shown: '"a b" "c"', hex: '03612062 0163' },
    { type: 'TXT', text: '""', hex: '00' },
    { type: 'TXT', text: '"say \\"hi\\" \\\\ \\000\\255"', hex: '0d736179202268692220 5c2000ff' },
    { type: 'TXT', text: 'a\\"b', shown: '"a\\"b"', hex: '03612262' },
    { type: 'TXT', text: `"${'x'.repeat(255)}"`, hex: `ff${'78'.repeat(255)}` },
    { type: 'SPF', text: '"v=spf1 -all"', hex: '0b763d73706631202d616c6c' },
    { type: 'HINFO', text: '"RFC8482" ""', hex: '0752464338343832 00' },
    { type: 'RP', text: 'a. .', hex: '016100 00' },
    { type: 'AFSDB', text: '1 a.', hex: '0001016100' },
    { type: 'SRV', text: '1 2 443 a.', hex: '0001 0002 01bb 016100' },
    {
      type: 'NAPTR',
      text: '1 2 "u" "E2U+sip" "!^.*$!sip:a@b!" .',
      hex: '0001 0002 0175 074532552b736970 0e215e2e2a24217369703a61406221 00',
    },
    { type: 'DNAME', text: 'a.', hex: '016100' },
    { type: 'DS', text: '60485 5 1 2BB1 83AF', shown: '60485 5 1 2BB183AF', hex: 'ec45 05 01 2bb183af' },
    { type: 'DS', text: '1 ECDSAP256SHA256 2 00', shown: '1 13 2 00', hex: '0001 0d 02 00' },
    { type: 'DNSKEY', text: '257 3 13 AQID BA==', shown: '257 3 13 AQIDBA==', hex: '0101 03 0d 01020304' },
    { type: 'TLSA', text: '3 1 1 abcd', shown: '3 1 1 ABCD', hex: '03 01 01 abcd' },
    { type: 'SSHFP', text: '4 2 0102', hex: '04 02 0102' },
    {
      type: 'CAA',
      text: '0 issue "letsencrypt.org; a=b"',
      hex: '00 056973737565 6c657473656e63727970742e6f72673b20613d62',
    },
    { type: 'CAA', text: '128 issuewild ";"', hex: '80 09697373756577696c64 3b' },
    { type: 'CAA', text: '0 issue ""', hex: '00 056973737565' },
    { type: 'CAA', text: `0 iodef "${'x'.repeat(300)}"`, hex: `00 05696f646566 ${'78'.repeat(300)}` },
    { type: 'URI', text: '10 1 "ftp://a/b"', hex: '000a 0001 6674703a2f2f612f62' },
    {
      type: 'LOC',
      text: '42 21 54 N 71 06 18 W -24m 30m',
      shown: '42 21 54.000 N 71 6 18.000 W -24.00m 30.00m 10000.00m 10.00m',
      hex: '00 33 16 13 89172dd0 70be15f0 00988d20',
    },
    { type: 'TYPE65280', text: '\\# 3 0102 03', shown: '\\# 3 010203', hex: '010203' },
    { type: 'TYPE65280', text: '\\# 0', hex: '' },
    { type: 'NSEC', text: '\\# 4 00010101', hex: '00010101' },
    { type: 'A', text: '\\# 4 C0000201', shown: '192.0.2.1', hex: 'c0000201' },
    { type: 'MX', text: '\\# 5 000A 016100', shown: '10 a.', hex: '000a016100', names: [2] },
  ])('$type $text', ({ type, text, shown = text, hex, names = [] }) => {
    const rdata = read(type, text) as Rdata;
    expect(rdata).not.toBeInstanceOf(Problem);
    expect(rdata.bytes.toString('hex')).toBe(hex.replaceAll(' ', ''));
    expect(rdata.names).toEqual(names);
    expect(rdataToText(typeOf(type), rdata.bytes)).toBe(shown);
    expect(rdataFromBytes(typeOf(type), rdata.bytes)).toEqual(rdata);
  });

  test.each([
    { type: 'A', text: '', words: 'expected an IPv4 address, got nothing' },
    { type: 'A', text: '192.0.2.256', words: 'expected an IPv4 address, got "192.0.2.256"' },
    { type: 'A', text: '192.0.2', words: 'expected an IPv4 address, got "192.0.2"' },
    { type: 'A', text: '"192.0.2.1"', words: 'expected an IPv4 address, got "192.0.2.1" in quotes' },
    { type: 'A', text: '192.0.2.1 192.0.2.2', words: 'expected no more, got "192.0.2.2"' },
    { type: 'AAAA', text: '192.0.2.1', words: 'expected an IPv6 address, got "192.0.2.1"' },
    { type: 'AAAA', text: 'fe80::1%eth0', words: 'expected an IPv6 address, got "fe80::1%eth0"' },
    { type: 'NS', text: 'a..b', words: 'an empty label in the name "a..b"' },
    { type: 'MX', text: 'mail', words: 'expected a number from 0 to 65535, got "mail"' },
    { type: 'MX', text: '65536 mail', words: 'expected a number from 0 to 65535, got "65536"' },
    { type: 'SOA', text: 'a. b. 1 1 1 x 1', words: 'expected a time such as 3600 or 1h30m, got "x"' },
    { type: 'TXT', text: '', words: 'expected a string, got nothing' },
    { type: 'TXT', text: `"${'x'.repeat(256)}"`, words: 'expected a string of at most 255 bytes, got 256' },
    { type: 'TXT', text: '\\300', words: 'no such escape in "\\\\300"' },
    { type: 'TXT', text: 'a="b"', words: 'a quote in the middle of "a=\\"b\\""' },
    { type: 'DS', text: '1 RSA 1 00', words: 'expected an algorithm, got "RSA"' },
    { type: 'DS', text: '1 8 1 0', words: 'expected hexadecimal bytes, got "0"' },
    { type: 'DNSKEY', text: '257 3 13 A', words: 'expected base64, got "A"' },
    { type: 'CAA', text: '0 is-sue "a"', words: 'expected a tag of letters and digits, got "is-sue"' },
    { type: 'LOC', text: '91 N 0 E 0m', words: 'expected degrees, minutes and seconds up to N or S' },
    { type: 'RRSIG', text: 'A 8 2', words: 'expected \\# and bytes (RFC 3597), as there is no text for this type' },
    { type: 'TYPE65280', text: '\\# 3 0102', words: 'expected 3 bytes, got 2' },
    { type: 'TYPE65280', text: '\\#', words: 'expected a number of bytes, got nothing' },
    { type: 'A', text: '\\# 3 010203', words: 'expected more bytes' },
    { type: 'A', text: '\\# 5 0102030405', words: 'expected fewer bytes' },
    { type: 'NS', text: '\\# 2 C00C', words: 'expected a name' },
  ])('refuses $type $text', ({ type, text, words }) => {
    const rdata = read(type, text);
    expect(rdata).toBeInstanceOf(Problem);
    expect((rdata as Problem).message).toBe(words);
  });

  test('that no longer fits its type is shown as bytes', () => {
    expect(rdataToText(TYPE.A, Buffer.from([1, 2, 3]))).toBe('\\# 3 010203');
  });

  test('is the same after it was shown and read again, whatever its bytes are', () => {
    const random = randomBytes(7);
    let known = 0;
    for (let i = 0; i < 20_000; i++) {
      const type = Object.values(TYPE)[i % Object.values(TYPE).length] as number;
      const bytes = random((random(1)[0] as number) % 24).map((byte) => (byte & 3 ? byte & 7 : byte));
      const rdata = rdataFromBytes(type, Buffer.from(bytes));
      if (rdata instanceof Problem) continue;
      known++;
      const words = wordsOf(rdataToText(type, rdata.bytes));
      expect(typeof words).not.toBe('string');
      if (typeof words !== 'string') expect(rdataFromText(type, words, inExample)).toEqual(rdata);
    }
    expect(known).toBeGreaterThan(5000);
  });
});

function read(type: string, text: string): Rdata | Problem {
  const words = wordsOf(text);
  return typeof words === 'string' ? new Problem(words) : rdataFromText(typeOf(type), words, inExample);
}

function inExample(text: string) {
  return nameFromText(text, EXAMPLE);
}

function typeOf(text: string): number {
  return typeFromText(text) as number;
}
