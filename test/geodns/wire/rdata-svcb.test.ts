import { describe, expect, test } from 'vitest';
import type { Rdata } from '../../../src/geodns/model.ts';
import { nameFromText, ROOT } from '../../../src/geodns/wire/name.ts';
import { Problem } from '../../../src/geodns/wire/problem.ts';
import { rdataFromBytes, rdataFromText, rdataToText } from '../../../src/geodns/wire/rdata.ts';
import { TYPE } from '../../../src/geodns/wire/types.ts';
import { wordsOf } from '../../../src/geodns/zone/lexer.ts';

const FOO = '03666f6f076578616d706c6503636f6d00'; // foo.example.com.

describe('SVCB and HTTPS (RFC 9460, with the vectors of its appendix D)', () => {
  test.each([
    { text: '0 foo.example.com.', hex: `0000 ${FOO}` },
    { text: '1 .', hex: '0001 00' },
    { text: '16 foo.example.com. port=53', hex: `0010 ${FOO} 0003 0002 0035` },
    { text: '1 foo.example.com. key667=hello', hex: `0001 ${FOO} 029b 0005 68656c6c6f` },
    { text: '1 foo.example.com. key667="hello\\210qoo"', hex: `0001 ${FOO} 029b 0009 68656c6c6fd2716f6f` },
    {
      text: '1 foo.example.com. ipv6hint="2001:db8::1,2001:db8::53:1"',
      shown: '1 foo.example.com. ipv6hint=2001:db8::1,2001:db8::53:1',
      hex: `0001 ${FOO} 0006 0020 20010db8000000000000000000000001 20010db8000000000000000000530001`,
    },
    {
      text: '1 . ipv6hint="2001:db8:122:344::192.0.2.33"',
      shown: '1 . ipv6hint=2001:db8:122:344::c000:221',
      hex: '0001 00 0006 0010 20010db80122034400000000c0000221',
    },
    {
      text: '16 . alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1',
      shown: '16 . mandatory=alpn,ipv4hint alpn=h2,h3-19 ipv4hint=192.0.2.1',
      hex: '0010 00 0000 0004 0001 0004 0001 0009 026832 0568332d3139 0004 0004 c0000201',
    },
    { text: '16 . alpn="f\\\\\\\\oo\\\\,bar,h2"', hex: '0010 00 0001 000c 08665c6f6f2c626172 026832' },
    {
      text: '16 . alpn=f\\\\\\092oo\\092,bar,h2',
      shown: '16 . alpn="f\\\\\\\\oo\\\\,bar,h2"',
      hex: '0010 00 0001 000c 08665c6f6f2c626172 026832',
    },
    { text: '1 . alpn=h2 no-default-alpn', hex: '0001 00 0001 0003 026832 0002 0000' },
    { text: '1 . ech=AQID', hex: '0001 00 0005 0003 010203' },
    { text: '1 . dohpath="/q{?dns}"', hex: '0001 00 0007 0008 2f717b3f646e737d' },
    { text: '1 . ohttp', hex: '0001 00 0008 0000' },
    { text: '1 . key9', hex: '0001 00 0009 0000' },
    { text: '1 . key3=\\000\\053', shown: '1 . port=53', hex: '0001 00 0003 0002 0035' },
  ])('$text', ({ text, shown = text, hex }) => {
    const rdata = read(text) as Rdata;
    expect(rdata).not.toBeInstanceOf(Problem);
    expect(rdata.bytes.toString('hex')).toBe(hex.replaceAll(' ', ''));
    expect(rdata.names).toEqual([]);
    expect(rdataToText(TYPE.HTTPS, rdata.bytes)).toBe(shown);
    expect(read(shown)).toEqual(rdata);
  });

  test.each([
    { text: '1 . key123=abc key123=def', words: 'the parameter key123 stands there twice' },
    { text: '1 . alpn=h2 key1=\\002h3', words: 'the parameter alpn stands there twice' },
    { text: '1 . mandatory', words: 'mandatory: expected a list without empty items' },
    { text: '1 . alpn', words: 'alpn: expected a list without empty items' },
    { text: '1 . port', words: 'port: expected a port from 0 to 65535, got ""' },
    { text: '1 . port=65536', words: 'port: expected a port from 0 to 65535, got "65536"' },
    { text: '1 . ipv4hint', words: 'ipv4hint: expected a list without empty items' },
    { text: '1 . ipv4hint=::1', words: 'ipv4hint: expected an IPv4 address, got "::1"' },
    { text: '1 . ipv6hint=', words: 'ipv6hint: expected a list without empty items' },
    { text: '1 . ech', words: 'ech: expected base64, got ""' },
    { text: '1 . alpn=h2 no-default-alpn=abc', words: 'no-default-alpn: expected no value' },
    { text: '1 . no-default-alpn', words: 'no-default-alpn: expected alpn as well' },
    { text: '1 . mandatory=key123', words: 'mandatory: expected the parameter key123 as well' },
    { text: '1 . mandatory=mandatory', words: 'mandatory: expected it not to name itself' },
    { text: '1 . mandatory=key123,key123 key123=abc', words: 'mandatory: key123 stands there twice' },
    { text: '1 . dohpath=/q', words: 'dohpath: expected a template with the variable dns, got "/q"' },
    { text: '1 . key65535=a', words: 'the key key65535 is reserved' },
    { text: '1 . key01=a', words: 'expected the key of a parameter, such as alpn or key65333, got "key01"' },
    { text: '1 . color=red', words: 'expected the key of a parameter, such as alpn or key65333, got "color"' },
    { text: '1 . key3=a', words: 'port: expected a port' },
    { text: '1 . alpn="h2"x', words: 'a quote in the middle of "\\"h2\\"x"' },
    { text: '1 . "alpn=h2"', words: 'expected a parameter such as alpn=h2, got "alpn=h2" in quotes' },
    { text: '0 a. alpn=h2', words: 'expected no parameters with priority 0, which is AliasMode (RFC 9460 §2.4.2)' },
  ])('refuses $text', ({ text, words }) => {
    expect((read(text) as Problem).message).toBe(words);
  });

  test.each([
    { hex: '0001 00 0003 0002 0035 0001 0003 026832', words: 'expected parameters in ascending order' },
    { hex: '0001 00 0003 0002 0035 0003 0002 0035', words: 'expected parameters in ascending order' },
    { hex: '0001 00 0003 0003 0035', words: 'expected more bytes' },
    { hex: '0001 00 0001 0003 036832', words: 'expected a list of protocols' },
    {
      hex: '0001 00 0000 0004 0004 0001 0001 0003 026832 0004 0004 01020304',
      words: 'mandatory: expected keys in ascending order',
    },
    { hex: '0001 00 0004 0003 010203', words: 'expected pieces of 4 bytes' },
  ])('refuses the bytes $hex', ({ hex, words }) => {
    const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
    expect((rdataFromBytes(TYPE.SVCB, bytes) as Problem).message).toBe(words);
  });
});

function read(text: string): Rdata | Problem {
  const words = wordsOf(text);
  if (typeof words === 'string') return new Problem(words);
  return rdataFromText(TYPE.HTTPS, words, (name) => nameFromText(name, ROOT));
}
