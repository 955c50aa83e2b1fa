import { describe, expect, test } from 'vitest';
import { emptySource, fillSource } from '../../../src/geodns/server/source.ts';

describe('where a query comes from', () => {
  test.each([
    { text: '192.0.2.255', family: 4, bytes: 'c00002ff' },
    { text: '0.0.0.0', family: 4, bytes: '00000000' },
    { text: '255.255.255.255', family: 4, bytes: 'ffffffff' },
    { text: '::', family: 6, bytes: '00000000000000000000000000000000' },
    { text: '::1', family: 6, bytes: '00000000000000000000000000000001' },
    { text: '2001:db8::', family: 6, bytes: '20010db8000000000000000000000000' },
    { text: '2001:db8::a:0:f', family: 6, bytes: '20010db8000000000000000a0000000f' },
    { text: '1:2:3:4:5:6:7:8', family: 6, bytes: '00010002000300040005000600070008' },
    { text: 'FE80::ABCD%eth0', family: 6, bytes: 'fe80000000000000000000000000abcd' },
    { text: '::ffff:192.0.2.1', family: 4, bytes: 'c0000201' },
    { text: '::ffff:c000:201', family: 4, bytes: 'c0000201' },
    { text: '64:ff9b::192.0.2.1', family: 6, bytes: '0064ff9b0000000000000000c0000201' },
    { text: '::192.0.2.1', family: 6, bytes: '000000000000000000000000c0000201' },
  ] as const)('$text is IPv$family $bytes', ({ text, family, bytes }) => {
    const source = emptySource('udp');
    source.address.fill(0x55);
    fillSource(source, text, 53);
    expect(source).toMatchObject({ family, port: 53 });
    expect(Buffer.from(source.address.subarray(0, family === 4 ? 4 : 16)).toString('hex')).toBe(bytes);
  });
});
