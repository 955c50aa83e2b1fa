import { describe, expect, test } from 'vitest';
import { addressText } from '../../../src/vrrp/wire/address.ts';
import {
  claimInNeighbor,
  neighborProbe,
  probedInNeighbor,
  solicitedNode,
  unsolicitedAdvertisement,
} from '../../../src/vrrp/wire/neighbor.ts';
import { randomOf } from '../../sibling/icp/random.ts';
import { fromHex, ip, mac, NODE_MAC, patched, toHex } from './packets.ts';

const VIP = ip('fd99::100');

/** What Linux 6.18 answered to the probe below. */
const ANSWER = fromHex(`
  333300000001 020000000002 86dd 60000000 0020 3aff
  fd990000000000000000000000000100 ff020000000000000000000000000001
  8800 576a 20000000 fd990000000000000000000000000100 0201 020000000002`);

describe('an unsolicited advertisement', () => {
  test.each([
    {
      address: 'fd99::100',
      hex: `333300000001 020000000001 86dd 60000000 0020 3aff
        fd990000000000000000000000000100 ff020000000000000000000000000001
        8800 576b 20000000 fd990000000000000000000000000100 0201 020000000001`,
    },
    {
      address: 'fe80::100',
      hex: `333300000001 020000000001 86dd 60000000 0020 3aff
        fe800000000000000000000000000100 ff020000000000000000000000000001
        8800 559d 20000000 fe800000000000000000000000000100 0201 020000000001`,
    },
  ])('for $address is byte for byte what keepalived 2.2.7 sends', ({ address, hex }) => {
    expect(toHex(unsolicitedAdvertisement(ip(address), NODE_MAC, false))).toBe(toHex(fromHex(hex)));
  });

  test('says so where the host forwards packets', () => {
    const frame = unsolicitedAdvertisement(VIP, NODE_MAC, true);
    expect(frame[58]).toBe(0xa0);
    expect(claimInNeighbor(frame)).toBeDefined();
  });
});

test('a probe comes from no address, goes to the group of whoever has it, and does not tell who asks (RFC 4862 §5.4.2)', () => {
  expect(toHex(neighborProbe(ip('fd99::12:3456'), NODE_MAC))).toBe(
    toHex(
      withChecksum(
        fromHex(`3333ff123456 020000000001 86dd 60000000 0018 3aff
          00000000000000000000000000000000 ff0200000000000000000001ff123456
          8700 0000 00000000 fd990000000000000000000000123456`),
      ),
    ),
  );
});

test('the group of whoever has an address ends as it does', () => {
  expect(addressText(solicitedNode(ip('2001:db8::1:800:200e:8c6c')))).toBe('ff02::1:ff0e:8c6c'); // RFC 4291 §2.7.1
});

describe('a claim', () => {
  const claimed = unsolicitedAdvertisement(VIP, mac('02:00:00:00:00:02'), false);

  test.each([
    { name: 'the answer to a probe', frame: ANSWER },
    { name: 'an unsolicited advertisement', frame: claimed },
    { name: 'a frame that was padded', frame: Buffer.concat([claimed, Buffer.alloc(8)]) },
  ])('is in $name', ({ frame }) => {
    expect(claimInNeighbor(frame)).toEqual({
      by: 'neighbor-advertisement',
      address: VIP,
      mac: mac('02:00:00:00:00:02'),
    });
    expect(probedInNeighbor(frame)).toBeUndefined();
  });

  test('without its option is of whoever sent the frame', () => {
    const frame = withChecksum(patched(ANSWER.subarray(0, -8), 18, 0, 24));
    expect(claimInNeighbor(frame)).toMatchObject({ address: VIP, mac: mac('02:00:00:00:00:02') });
  });

  test('is in a solicitation that comes from an address', () => {
    // fd99::100 asks for fd99::1, with its MAC address.
    const frame = withChecksum(
      fromHex(`3333ff000001 020000000002 86dd 60000000 0020 3aff
        fd990000000000000000000000000100 ff0200000000000000000001ff000001
        8700 0000 00000000 fd990000000000000000000000000001 0101 020000000002`),
    );
    expect(claimInNeighbor(frame)).toEqual({
      by: 'neighbor-solicitation',
      address: VIP,
      mac: mac('02:00:00:00:00:02'),
    });
    expect(probedInNeighbor(frame)).toBeUndefined();
  });

  test('is not in a probe, which tells what it is after', () => {
    const probe = neighborProbe(VIP, NODE_MAC);
    expect(claimInNeighbor(probe)).toBeUndefined();
    expect(probedInNeighbor(probe)).toEqual({ address: VIP, mac: NODE_MAC });
  });

  test.each([
    { name: 'nothing', frame: Buffer.alloc(0) },
    { name: 'half a frame', frame: ANSWER.subarray(0, 40) },
    { name: 'a frame that is too short', frame: ANSWER.subarray(0, -1) },
    { name: 'IPv4', frame: patched(ANSWER, 12, 0x08, 0x00) },
    { name: 'another version of IP', frame: patched(ANSWER, 14, 0x40) },
    { name: 'UDP', frame: patched(ANSWER, 20, 17) },
    { name: 'what came through a router', frame: patched(ANSWER, 21, 254) },
    { name: 'an echo reply', frame: patched(ANSWER, 54, 129) },
    { name: 'another code', frame: patched(ANSWER, 55, 1) },
    { name: 'another checksum', frame: patched(ANSWER, 57, 0) },
    { name: 'a solicited one to all', frame: withChecksum(patched(ANSWER, 58, 0x60)) },
    { name: 'a group as its target', frame: withChecksum(patched(ANSWER, 62, 0xff)) },
    { name: 'an option without length', frame: withChecksum(patched(ANSWER, 79, 0)) },
    { name: 'an option longer than all', frame: withChecksum(patched(ANSWER, 79, 2)) },
  ])('is not in $name', ({ frame }) => {
    expect(claimInNeighbor(frame)).toBeUndefined();
    expect(probedInNeighbor(frame)).toBeUndefined();
  });
});

test('any bytes are a claim or none, and never an error (50,000 frames)', () => {
  const random = randomOf(4);
  const probe = neighborProbe(VIP, NODE_MAC);
  for (let i = 0; i < 50_000; i++) {
    const frame = random(8) === 0 ? Buffer.alloc(random(120), random(256)) : Buffer.from(random.of([ANSWER, probe]));
    for (let n = random(4); n > 0 && frame.length > 0; n--) frame[random(frame.length)] = random(256);
    if (frame.length >= 78 && random(2) === 0) withChecksum(frame);
    const claim = claimInNeighbor(frame);
    if (claim !== undefined) expect([claim.address.length, claim.mac.length]).toEqual([16, 6]);
    probedInNeighbor(frame);
  }
});

/** Makes the checksum right again: of the addresses, and of all behind the header, whose length and number count as well. */
function withChecksum(frame: Buffer): Buffer {
  frame.writeUInt16BE(0, 56);
  let sum = frame.length - 54 + 58;
  for (let i = 22; i + 1 < frame.length; i += 2) sum += frame.readUInt16BE(i);
  if (frame.length % 2 === 1) sum += (frame.at(-1) as number) << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  frame.writeUInt16BE(~sum & 0xffff, 56);
  return frame;
}
