import { expect, test } from 'vitest';
import { decodeFields, encodeFields } from './hpack.ts';
import type { Field } from './http1-parser.ts';

test('reads the first response of RFC 7541, appendix C.6.1', () => {
  const block = Buffer.from(
    '488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff' + '6e919d29ad171863c78f0b97c8e9ae82ae43d3',
    'hex',
  );
  expect(decodeFields(block)).toEqual([
    [':status', '302'],
    ['cache-control', 'private'],
    ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
    ['location', 'https://www.example.com'],
  ]);
});

test('writes any bytes, so that they can be read again', () => {
  const fields: Field[] = [
    ['X\r\nY', 'a\0b'],
    ['', '\xff'.repeat(300)],
    [':path', '/'],
  ];
  expect(decodeFields(encodeFields(fields))).toEqual(fields);
});
