import { describe, expect, test } from 'vitest';
import { ttlFromText } from '../../../src/geodns/wire/ttl.ts';
import {
  classFromText,
  classToText,
  isDataType,
  rcodeToText,
  typeFromText,
  typeToText,
} from '../../../src/geodns/wire/types.ts';

describe('types (RFC 3597 §5)', () => {
  test.each([
    { text: 'A', type: 1 },
    { text: 'aaaa', type: 28 },
    { text: 'HTTPS', type: 65 },
    { text: 'TYPE65', type: 65 },
    { text: 'type65280', type: 65280 },
    { text: 'TYPE65536', type: undefined },
    { text: 'TYPE', type: undefined },
    { text: 'TYPE-1', type: undefined },
    { text: 'constructor', type: undefined },
    { text: '1', type: undefined },
  ])('$text is $type', ({ text, type }) => {
    expect(typeFromText(text)).toBe(type);
  });

  test('are shown by their mnemonic, or their number', () => {
    expect([1, 64, 257, 65280].map(typeToText)).toEqual(['A', 'SVCB', 'CAA', 'TYPE65280']);
  });

  test.each([
    { type: 0, isData: false },
    { type: 1, isData: true },
    { type: 41, isData: false },
    { type: 252, isData: false },
    { type: 255, isData: false },
    { type: 256, isData: true },
  ])('$type is of records: $isData', ({ type, isData }) => {
    expect(isDataType(type)).toBe(isData);
  });
});

test('classes and response codes have names, too', () => {
  expect(['in', 'CH', 'CLASS1', 'CLASS65535', 'IS', 'CLASS65536'].map(classFromText)).toEqual([
    1,
    3,
    1,
    65535,
    undefined,
    undefined,
  ]);
  expect([1, 3, 7].map(classToText)).toEqual(['IN', 'CH', 'CLASS7']);
  expect([0, 3, 16, 4000].map(rcodeToText)).toEqual(['NOERROR', 'NXDOMAIN', 'BADVERS', 'RCODE4000']);
});

test.each([
  { text: '0', ttl: 0 },
  { text: '3600', ttl: 3600 },
  { text: '1h30m', ttl: 5400 },
  { text: '1W2D3H4M5S', ttl: 788_645 },
  { text: '2147483647', ttl: 2_147_483_647 },
  { text: '2147483648', ttl: undefined },
  { text: '99999w', ttl: undefined },
  { text: '1h30', ttl: undefined },
  { text: '-1', ttl: undefined },
  { text: '1.5h', ttl: undefined },
  { text: 'h', ttl: undefined },
  { text: '', ttl: undefined },
])('the time $text is $ttl', ({ text, ttl }) => {
  expect(ttlFromText(text)).toBe(ttl);
});
