import { describe, expect, test } from 'vitest';
import { decodeNetlink, FOREVER, IFA_F, type NetlinkMessage } from '../../../src/vrrp/wire/netlink.ts';
import { dumpAddresses, removeAddress, setAddress } from '../../../src/vrrp/wire/netlink-request.ts';
import { randomOf } from '../../sibling/icp/random.ts';
import { fromHex, ip, mac, patched, toHex } from './packets.ts';

const VIP = { interface: 3, address: ip('10.99.0.100') };
const VIP_6 = { interface: 3, address: ip('fd99::100') };
const LIFETIMES = { valid: 4, preferred: 0 };

/** Linux 6.18 did as it was told by each of these. */
describe('a request is byte for byte', () => {
  test.each([
    {
      name: 'an address to be set',
      message: setAddress(VIP, LIFETIMES, 1),
      hex: `44000000 1400 0505 01000000 00000000 02 20 02 00 03000000
        0800 0200 0a630064 0800 0100 0a630064
        1400 0600 00000000 04000000 00000000 00000000 0800 0800 02000000`,
    },
    {
      name: 'an address of IPv6 to be set, for ever',
      message: setAddress(VIP_6, { valid: FOREVER, preferred: 0 }, 2),
      hex: `5c000000 1400 0505 02000000 00000000 0a 80 02 00 03000000
        1400 0200 fd990000000000000000000000000100 1400 0100 fd990000000000000000000000000100
        1400 0600 00000000 ffffffff 00000000 00000000 0800 0800 02000000`,
    },
    {
      name: 'an address to be removed',
      message: removeAddress(VIP, 7),
      hex: '28000000 1500 0500 07000000 00000000 02 20 02 00 03000000 0800 0200 0a630064 0800 0100 0a630064',
    },
    {
      name: 'an address to be removed that another program set',
      message: removeAddress({ ...VIP, prefix: 24 }, 7),
      hex: '28000000 1500 0500 07000000 00000000 02 18 02 00 03000000 0800 0200 0a630064 0800 0100 0a630064',
    },
    {
      name: 'all addresses of IPv4',
      message: dumpAddresses(4, 5),
      hex: '18000000 1600 0103 05000000 00000000 02 00 00 00 00000000',
    },
    {
      name: 'all addresses of IPv6, with the greatest sequence',
      message: dumpAddresses(6, 0xffff_ffff),
      hex: '18000000 1600 0103 ffffffff 00000000 0a 00 00 00 00000000',
    },
  ])('$name', ({ message, hex }) => {
    expect(toHex(message)).toBe(toHex(fromHex(hex)));
  });
});

const ADDED = `50000000 1400 0000 01000000 f0140000 02 20 22 00 03000000 0800 0100 0a630064 0800 0200 0a630064
  0900 0300 65746830 00000000 0800 0800 20000000 1400 0600 00000000 04000000 fe094800 fe094800`;
const ADDED_6 = `48000000 1400 0000 00000000 00000000 0a 80 22 00 03000000 1400 0100 fd990000000000000000000000000100
  1400 0600 00000000 04000000 770a4800 770a4800 0800 0800 22000000`;
/** Without its statistics and others that nobody reads. */
const LINK = `38000000 1000 0000 00000000 00000000 00 00 0100 03000000 43100100 01000000
  0900 0300 65746830 00000000 0a00 0100 020000000001 0000`;

describe('what Linux 6.18 told is read', () => {
  test.each<{ name: string; hex: string; messages: NetlinkMessage[] }>([
    {
      name: 'an address that was added by ourselves',
      hex: ADDED,
      messages: [
        {
          kind: 'address-added',
          sequence: 1,
          port: 0x14f0,
          family: 4,
          interface: 3,
          address: ip('10.99.0.100'),
          prefix: 32,
          flags: IFA_F.DEPRECATED,
          scope: 0,
          valid: 4,
          preferred: 0,
        },
      ],
    },
    {
      name: 'an address of IPv6, which does not tell by whom',
      hex: ADDED_6,
      messages: [
        {
          kind: 'address-added',
          sequence: 0,
          port: 0,
          family: 6,
          interface: 3,
          address: ip('fd99::100'),
          prefix: 128,
          flags: IFA_F.DEPRECATED | IFA_F.NODAD,
          scope: 0,
          valid: 4,
          preferred: 0,
        },
      ],
    },
    {
      name: 'an address that was removed',
      hex: ADDED.replace('1400', '1500'),
      messages: [{ ...only(ADDED), kind: 'address-removed' } as NetlinkMessage],
    },
    {
      name: 'an interface that is up, and has a carrier',
      hex: LINK,
      messages: [
        {
          kind: 'link-changed',
          sequence: 0,
          port: 0,
          interface: 3,
          name: 'eth0',
          mac: mac('02:00:00:00:00:01'),
          isUp: true,
          hasCarrier: true,
        },
      ],
    },
    {
      name: 'an interface that has lost its carrier',
      hex: LINK.replace('43100100', '03100000'),
      messages: [{ ...only(LINK), hasCarrier: false } as NetlinkMessage],
    },
    {
      name: 'an interface that was set down',
      hex: LINK.replace('43100100', '02100000'),
      messages: [{ ...only(LINK), isUp: false, hasCarrier: false } as NetlinkMessage],
    },
    {
      name: 'an interface that is gone',
      hex: LINK.replace('1000', '1100'),
      messages: [{ ...only(LINK), kind: 'link-removed' } as NetlinkMessage],
    },
    {
      name: 'a request that was done',
      hex: '24000000 0200 0001 01000000 f0140000 00000000 44000000 1400 0505 01000000 00000000',
      messages: [{ kind: 'acknowledged', sequence: 1, port: 0x14f0, errno: 0 }],
    },
    {
      name: 'a request for what is not there: EADDRNOTAVAIL',
      hex: '24000000 0200 0000 09000000 f0140000 9dffffff 40000000 1500 0500 09000000 00000000',
      messages: [{ kind: 'acknowledged', sequence: 9, port: 0x14f0, errno: 99 }],
    },
    {
      name: 'the end of a dump',
      hex: '14000000 0300 0200 05000000 f0140000 00000000',
      messages: [{ kind: 'dump-done', sequence: 5, port: 0x14f0, errno: 0 }],
    },
    {
      name: 'that something was lost',
      hex: '10000000 0400 0000 00000000 00000000',
      messages: [{ kind: 'overrun' }],
    },
  ])('$name', ({ hex, messages }) => {
    expect(decodeNetlink(fromHex(hex))).toEqual(messages);
  });

  test('the local end of a point-to-point link', () => {
    const hex = '28000000 1400 0000 01000000 00000000 02 20 80 00 03000000 0800 0100 0a000002 0800 0200 0a000001';
    expect(decodeNetlink(fromHex(hex))).toMatchObject([{ address: ip('10.0.0.1'), valid: FOREVER, flags: 0x80 }]);
  });

  test('an interface of no Ethernet, without its address', () => {
    const hex = LINK.replace('0a00 0100 020000000001 0000', '0800 0100 02000000 00000000');
    expect(decodeNetlink(fromHex(hex))).toMatchObject([{ name: 'eth0', mac: undefined }]);
  });

  test('one message after the other', () => {
    const datagram = fromHex(ADDED + LINK + ADDED_6);
    expect(decodeNetlink(datagram).map(({ kind }) => kind)).toEqual(['address-added', 'link-changed', 'address-added']);
  });
});

describe('what is not known, or broken, is left out', () => {
  test.each([
    { name: 'nothing', bytes: Buffer.alloc(0), count: 0 },
    { name: 'half a header', bytes: fromHex(ADDED).subarray(0, 15), count: 0 },
    { name: 'a length of 0', bytes: patched(fromHex(ADDED), 0, 0), count: 0 },
    { name: 'a length of more than came', bytes: patched(fromHex(ADDED), 0, 0x54), count: 0 },
    {
      name: 'a neighbour between two others',
      bytes: fromHex(ADDED + ADDED.replace('1400', '1c00') + LINK),
      count: 2,
    },
    { name: 'an address of another family', bytes: patched(fromHex(ADDED), 16, 7), count: 0 },
    { name: 'an attribute without length', bytes: patched(fromHex(ADDED), 24, 0), count: 0 },
    { name: 'an attribute of more than there is', bytes: patched(fromHex(ADDED), 25, 1), count: 0 },
    { name: 'an address of 3 bytes', bytes: fromHex(ADDED.replaceAll('0800 0', '0700 0')), count: 0 },
  ])('$name', ({ bytes, count }) => {
    expect(decodeNetlink(bytes)).toHaveLength(count);
  });

  test('any bytes are messages or none, and never an error (50,000 datagrams)', () => {
    const random = randomOf(5);
    for (let i = 0; i < 50_000; i++) {
      const datagram =
        random(8) === 0 ? Buffer.alloc(random(99), random(256)) : fromHex(random.of([ADDED + LINK, ADDED_6]));
      for (let n = random(5); n > 0 && datagram.length > 0; n--) datagram[random(datagram.length)] = random(256);
      expect(decodeNetlink(datagram).length).toBeLessThanOrEqual(7);
    }
  });
});

function only(hex: string): NetlinkMessage | undefined {
  return decodeNetlink(fromHex(hex))[0];
}
