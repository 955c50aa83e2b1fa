import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { arpProbe, gratuitousArp } from '../../../src/vrrp/wire/arp.ts';
import { type Outgoing, passwordBytes } from '../../../src/vrrp/wire/encode.ts';
import { sequenceAt } from '../../../src/vrrp/wire/hmac-sequence.ts';
import { neighborProbe, unsolicitedAdvertisement } from '../../../src/vrrp/wire/neighbor.ts';
import { describeWithPeers } from '../../support/peers.ts';
import { ADVERTISED, ADVERTISED_6, encoded, ip, ipv4Datagram, NODE_MAC, PEER } from './packets.ts';

const V2: Outgoing = { ...ADVERTISED, version: 2, interval: 1000 };
const SIGNATURE = { key: { id: 1, secret: new Uint8Array(32) }, sequence: sequenceAt(0) };

describeWithPeers(['tcpdump'], 'tcpdump reads', () => {
  test.each<{ name: string; outgoing: Outgoing; says: string }>([
    {
      name: 'version 2',
      outgoing: V2,
      says: '10.99.0.1 > 224.0.0.18: VRRPv2, Advertisement, vrid 51, prio 254, authtype none, intvl 1s, length 20, addrs: 10.99.0.100',
    },
    {
      name: 'version 2 with a password',
      outgoing: { ...V2, password: passwordBytes('secret12') },
      says: 'authtype simple, intvl 1s, length 20, addrs: 10.99.0.100 auth "secret12"',
    },
    {
      name: 'version 3',
      outgoing: ADVERTISED,
      says: 'VRRPv3, Advertisement, vrid 51, prio 254, intvl 10cs, length 12, addrs: 10.99.0.100',
    },
    {
      name: 'version 3 to a peer',
      outgoing: { ...ADVERTISED, destination: PEER, addresses: [ip('10.99.0.100'), ip('10.99.0.101')] },
      says: 'VRRPv3, Advertisement, vrid 51, prio 254, intvl 10cs, length 16, addrs(2): 10.99.0.100,10.99.0.101',
    },
    {
      name: 'version 3 over IPv6',
      outgoing: ADVERTISED_6,
      says: 'VRRPv3, Advertisement, vrid 51, prio 254, intvl 10cs, length 40, addrs(2): fe80::100,fd99::100',
    },
    {
      name: 'version 3 over IPv6, signed: its checksum covers the trailer',
      outgoing: { ...ADVERTISED_6, signature: SIGNATURE },
      says: 'VRRPv3, Advertisement, vrid 51, prio 254, intvl 10cs, length 68, addrs(2): fe80::100,fd99::100',
    },
  ])('an advertisement of $name', ({ outgoing, says }) => {
    const said = tcpdump(frameOf(outgoing));
    expect(said).toContain(says);
    expect(said).not.toContain('bad');
  });

  test('a checksum of RFC 9568 as a bad one, as it knows the other form only', () => {
    expect(tcpdump(frameOf({ ...ADVERTISED, checksum: 'rfc9568' }))).toContain('(bad vrrp cksum');
  });

  test.each([
    {
      name: 'a gratuitous ARP',
      frame: gratuitousArp(ip('10.99.0.100'), NODE_MAC),
      says: 'Request who-has 10.99.0.100 (ff:ff:ff:ff:ff:ff) tell 10.99.0.100, length 28',
    },
    {
      name: 'an ARP probe',
      frame: arpProbe(ip('10.99.0.100'), NODE_MAC),
      says: 'Request who-has 10.99.0.100 tell 0.0.0.0, length 28',
    },
    {
      name: 'an unsolicited neighbour advertisement',
      frame: unsolicitedAdvertisement(ip('fd99::100'), NODE_MAC, false),
      says: '[icmp6 sum ok] ICMP6, neighbor advertisement, length 32, tgt is fd99::100, Flags [override]',
    },
    {
      name: 'one of a router',
      frame: unsolicitedAdvertisement(ip('fd99::100'), NODE_MAC, true),
      says: 'Flags [router, override]',
    },
    {
      name: 'a neighbour probe',
      frame: neighborProbe(ip('fd99::100'), NODE_MAC),
      says: ':: > ff02::1:ff00:100: [icmp6 sum ok] ICMP6, neighbor solicitation, length 24, who has fd99::100',
    },
  ])('$name', ({ frame, says }) => {
    expect(tcpdump(frame)).toContain(says);
  });
});

/** What it says of one frame, on one line. */
function tcpdump(frame: Uint8Array): string {
  const said = execFileSync('tcpdump', ['-nn', '-vvv', '-e', '-r', '-'], {
    input: pcapOf(frame),
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: 10_000,
  });
  return said.replaceAll(/\s+/g, ' ');
}

/** A capture file of one packet: its header (magic, version 2.4, longest packet, Ethernet), and that of the packet. */
function pcapOf(frame: Uint8Array): Buffer {
  const header = Buffer.alloc(40);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65_535, 16);
  header.writeUInt32LE(1, 20);
  header.writeUInt32LE(frame.length, 32);
  header.writeUInt32LE(frame.length, 36);
  return Buffer.concat([header, frame]);
}

/** In an Ethernet frame, with the header that the kernel would give it. */
function frameOf(outgoing: Outgoing): Buffer {
  const { source, destination } = outgoing;
  const message = encoded(outgoing);
  const isIPv4 = source.length === 4;
  const ethernet = Buffer.from([...new Uint8Array(6), ...NODE_MAC, ...(isIPv4 ? [0x08, 0x00] : [0x86, 0xdd])]);
  if (isIPv4) return Buffer.concat([ethernet, ipv4Datagram(message, { source, destination })]);
  const header = Buffer.from([0x60, 0, 0, 0, 0, message.length, 112, 255, ...source, ...destination]);
  return Buffer.concat([ethernet, header, message]);
}
