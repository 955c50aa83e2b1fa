import { describe, expect, test } from 'vitest';
import { arpProbe, claimInArp, gratuitousArp, probedInArp } from '../../../src/vrrp/wire/arp.ts';
import { randomOf } from '../../sibling/icp/random.ts';
import { fromHex, ip, mac, NODE_MAC, patched, toHex } from './packets.ts';

const VIP = ip('10.99.0.100');

/** What Linux 6.18 answered to the probe below. */
const ANSWER = fromHex(
  '020000000001 020000000002 0806 0001 0800 0604 0002 020000000002 0a630064 020000000001 00000000',
);

test('a gratuitous ARP is byte for byte what keepalived 2.2.7 sends', () => {
  expect(toHex(gratuitousArp(VIP, NODE_MAC))).toBe(
    'ffffffffffff02000000000108060001080006040001' + '0200000000010a630064' + 'ffffffffffff0a630064',
  );
});

test('a probe comes from no address, and asks of no MAC address (RFC 5227 §2.1.1)', () => {
  expect(toHex(arpProbe(VIP, NODE_MAC))).toBe(
    'ffffffffffff02000000000108060001080006040001' + '02000000000100000000' + '0000000000000a630064',
  );
});

describe('a claim', () => {
  test.each([
    { name: 'the answer to a probe', frame: ANSWER, by: 'arp-reply', from: '02:00:00:00:00:02' },
    {
      name: 'a gratuitous ARP',
      frame: gratuitousArp(VIP, mac('02:00:00:00:00:03')),
      by: 'arp-request',
      from: '02:00:00:00:00:03',
    },
    {
      name: 'a question for another address',
      frame: patched(gratuitousArp(VIP, mac('02:00:00:00:00:03')), 41, 7),
      by: 'arp-request',
      from: '02:00:00:00:00:03',
    },
    {
      name: 'a frame that was padded',
      frame: Buffer.concat([ANSWER, Buffer.alloc(18)]),
      by: 'arp-reply',
      from: '02:00:00:00:00:02',
    },
  ])('is in $name', ({ frame, by, from }) => {
    expect(claimInArp(frame)).toEqual({ by, address: VIP, mac: mac(from) });
    expect(probedInArp(frame)).toBeUndefined();
  });

  test('is not in a probe, which tells what it is after', () => {
    const probe = arpProbe(VIP, NODE_MAC);
    expect(claimInArp(probe)).toBeUndefined();
    expect(probedInArp(probe)).toEqual({ address: VIP, mac: NODE_MAC });
  });

  test.each([
    { name: 'nothing', frame: Buffer.alloc(0) },
    { name: 'a frame that is too short', frame: ANSWER.subarray(0, -1) },
    { name: 'IPv4', frame: patched(ANSWER, 12, 0x08, 0x00) },
    { name: 'other hardware', frame: patched(ANSWER, 15, 6) },
    { name: 'another protocol', frame: patched(ANSWER, 16, 0x86, 0xdd) },
    { name: 'longer hardware addresses', frame: patched(ANSWER, 18, 8) },
    { name: 'longer addresses', frame: patched(ANSWER, 19, 16) },
    { name: 'RARP', frame: patched(ANSWER, 21, 3) },
  ])('is not in $name', ({ frame }) => {
    expect(claimInArp(frame)).toBeUndefined();
    expect(probedInArp(frame)).toBeUndefined();
  });
});

test('any bytes are a claim or none, and never an error (50,000 frames)', () => {
  const random = randomOf(3);
  for (let i = 0; i < 50_000; i++) {
    const frame = random(2) === 0 ? Buffer.from(ANSWER) : Buffer.alloc(random(64), random(256));
    for (let n = random(4); n > 0 && frame.length > 0; n--) frame[random(frame.length)] = random(256);
    const claim = claimInArp(frame);
    if (claim !== undefined) expect([claim.address.length, claim.mac.length]).toEqual([4, 6]);
    probedInArp(frame);
  }
});
