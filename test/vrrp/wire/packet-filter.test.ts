import { describe, expect, test } from 'vitest';
import { addressBytes } from '../../../src/vrrp/wire/address.ts';
import { messagesIn } from '../../../src/vrrp/wire/netlink.ts';
import { dropNothing, dropTcp, newTable } from '../../../src/vrrp/wire/packet-filter.ts';

/** The type of each message of a batch, and its flags. */
function kinds(batch: Buffer): string[] {
  return messagesIn(batch).map((message) => `${message.toString('hex', 4, 6)} ${message.toString('hex', 6, 8)}`);
}

const NAME = Buffer.from('portico front\0').toString('hex');

describe('rules that keep packets of TCP away', () => {
  test('are in a table that goes with its socket, before all others that look at what comes', () => {
    const batch = newTable('portico front', 9);
    // Begin, table, chain, end: the two in the middle are to be acknowledged.
    expect(kinds(batch)).toEqual(['1000 0100', '000a 0504', '030a 0504', '1100 0100']);
    const [, table = Buffer.of(), chain = Buffer.of()] = messagesIn(batch);
    expect(table.toString('hex', 16)).toBe(`01000000${'1200'}0100${NAME}0000${'08000200'}00000002`);
    // Of the chain's hook: prerouting, at priority -300.
    expect(chain.toString('hex')).toContain('1400' + '0480' + '0800010000000000' + '08000200fffffed4');
  });

  test.each([
    { address: '192.0.2.10', family: '02', offset: 16, bytes: 'c000020a' },
    { address: '2001:db8::10', family: '0a', offset: 24, bytes: '20010db8000000000000000000000010' },
  ])('are of an interface and an address: $address', ({ address, family, offset, bytes }) => {
    const drop = (which: 'opening' | 'all') =>
      dropTcp('portico front', { interface: 2, addresses: [addressBytes(address) as Uint8Array], which }, 9);
    expect(kinds(drop('all'))).toEqual(['1000 0100', '060a 050c', '1100 0100']);
    expect(kinds(dropNothing('portico front', 9))).toEqual(['1000 0100', '080a 0500', '1100 0100']);
    const values = (which: 'opening' | 'all') => comparedIn(drop(which).toString('hex'));
    expect(values('all')).toEqual(['02000000', family, '06', bytes]);
    // SYN, of SYN and ACK.
    expect(values('opening')).toEqual(['02000000', family, '06', bytes, '02']);
    const { length } = bytes;
    expect(drop('all').toString('hex')).toContain(`08000300${hex32(offset)}08000400${hex32(length / 2)}`);
  });
});

/** The values of all comparisons, one after the other: NFTA_CMP_DATA with NFTA_DATA_VALUE in it. */
function comparedIn(hex: string): string[] {
  const found: string[] = [];
  for (const { index } of hex.matchAll(/636d7000/g)) {
    const at = hex.indexOf('0380', index) + 4;
    const length = Buffer.from(hex.slice(at, at + 4), 'hex').readUInt16LE() - 4;
    found.push(hex.slice(at + 8, at + 8 + length * 2));
  }
  return found;
}

function hex32(value: number): string {
  return value.toString(16).padStart(8, '0');
}
