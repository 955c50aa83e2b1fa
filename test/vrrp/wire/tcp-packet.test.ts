import { describe, expect, test } from 'vitest';
import { addressText } from '../../../src/vrrp/wire/address.ts';
import { endsOf, wholePacket } from '../../../src/vrrp/wire/tcp-packet.ts';

/** SYNs of Linux to port 80, as tcpdump shows them to be right. */
const BY_IPV4 =
  '4500003c1c4640004006090d0a6300030a630064' +
  'c0de005000bc614e00000000a002faf0' +
  '6d1e' +
  '0000020405b40402080a0000000100000000' +
  '01030307';
const BY_IPV6 =
  '60000000002806400000'.slice(0, 16) +
  'fd990000000000000000000000000003' +
  'fd990000000000000000000000000100' +
  'c0de005000bc614e00000000a002fd20' +
  '0000' +
  '0000020405a00402080a000000010000000001030307';

describe('a packet of TCP', () => {
  test.each([
    { family: 4, hex: BY_IPV4, from: '10.99.0.3', to: '10.99.0.100' },
    { family: 6, hex: BY_IPV6, from: 'fd99::3', to: 'fd99::100' },
  ] as const)('tells who sent it and to whom, by IPv$family', ({ family, hex, from, to }) => {
    const ends = endsOf(Buffer.from(hex, 'hex'), family);
    expect([addressText(ends.from.address), ends.from.port, addressText(ends.to)]).toEqual([from, 0xc0de, to]);
    expect(ends.isOpening).toBe(true);
  });

  test.each([
    { name: 'SYN and ACK', flags: 0x12, isOpening: false },
    { name: 'ACK', flags: 0x10, isOpening: false },
    { name: 'SYN with ECN', flags: 0xc2, isOpening: true },
  ])('opens a connection by its flags: $name', ({ flags, isOpening }) => {
    const packet = Buffer.from(BY_IPV4, 'hex');
    packet[20 + 13] = flags;
    expect(endsOf(packet, 4).isOpening).toBe(isOpening);
  });

  test('has its checksum when it is whole, and nothing behind it', () => {
    const right = wholePacket(Buffer.from(BY_IPV4, 'hex'), 4);
    const padded = Buffer.concat([right, Buffer.alloc(6, 0xee)]);
    padded[20 + 16] = 0;
    expect(wholePacket(padded, 4)).toEqual(right);
    // Of the header with an option of 4 bytes before it.
    const longer = Buffer.concat([right.subarray(0, 20), Buffer.from('01010100', 'hex'), right.subarray(20)]);
    longer[0] = 0x46;
    longer.writeUInt16BE(longer.length, 2);
    expect(wholePacket(longer, 4).subarray(24)).toEqual(right.subarray(20));
  });
});
