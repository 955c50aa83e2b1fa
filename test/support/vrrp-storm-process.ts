import { readFileSync } from 'node:fs';
import { FrameSender } from '../../src/vrrp/net/frame-socket.ts';
import { openVrrpSystem } from '../../src/vrrp/net/system.ts';
import { type AddressBytes, addressBytes, VRRP_GROUP_IPV4, VRRP_GROUP_IPV6 } from '../../src/vrrp/wire/address.ts';
import { VRRP_PROTOCOL } from '../../src/vrrp/wire/advertisement.ts';
import { putU16 } from '../../src/vrrp/wire/bytes.ts';
import { checksumOf, sumOf, sumOfPseudoHeader } from '../../src/vrrp/wire/checksum.ts';
import { ETHERNET_HEADER, ETHERTYPE, putEthernetHeader } from '../../src/vrrp/wire/ethernet.ts';
import { randomOf } from '../sibling/icp/random.ts';

/**
 * `vrrp-storm-process.ts COUNT SEED`: sends so many packets of protocol 112, of both families, as fast as it can, from hosts that there are
 * and that there are not: noise, and advertisements with some bytes changed, half of them with a right checksum. What is good of them in
 * the end is a router of VRID 51 with a priority of 60 or less, which nobody has to yield to.
 */

const [count = '', seed = ''] = process.argv.slice(2);
const random = randomOf(Number(seed));
const sender = new FrameSender(openVrrpSystem(), Number(readFileSync('/sys/class/net/eth0/ifindex', 'utf8')));

/** As keepalived sends them: version 2 without and with a password, 3 with its checksum and with that of RFC 9568, 3 of IPv6. */
const ADVERTISED = [
  '2133fe010001d6020a6300640000000000000000',
  '2133fe01010167840a6300647365637265743132',
  '3133fe01000adb060a630064',
  '3133fe01000ac5f90a630064',
  '3133fe02000a0000fe800000000000000000000000000100fd990000000000000000000000000100',
].map((hex) => Buffer.from(hex, 'hex'));

const IPV4 = 0x0800;
const HOST = Uint8Array.of(2, 0, 0, 0, 0, 9);
const TO_GROUP_4 = Uint8Array.of(1, 0, 0x5e, 0, 0, 0x12);
const TO_GROUP_6 = Uint8Array.of(0x33, 0x33, 0, 0, 0, 0x12);
const TO_ALL = new Uint8Array(6).fill(0xff);

const frame = Buffer.alloc(1500);

for (let sent = 0; sent < Number(count); sent++) sender.send(frame.subarray(0, writeFrame(random(2) === 0 ? 4 : 6)));
sender.close();
console.log('done');

function writeFrame(family: 4 | 6): number {
  const isUnicast = random(8) === 0;
  const source = address(family, random(16) === 0 ? 1 + random(3) : 50 + random(200));
  const group = family === 4 ? VRRP_GROUP_IPV4 : VRRP_GROUP_IPV6;
  const destination = isUnicast ? address(family, 1 + random(2), 'fd99') : group;
  const hopLimit = random(8) === 0 ? random(256) : 255;
  const message = random(4) === 0 ? noise() : mutated();
  if (message.length > 2) message[2] = (message[2] as number) % 61;
  if (message.length >= 8 && random(2) === 0) right(message, source, destination);
  const toGroup = family === 4 ? TO_GROUP_4 : TO_GROUP_6;
  putEthernetHeader(frame, isUnicast ? TO_ALL : toGroup, HOST, family === 4 ? IPV4 : ETHERTYPE.IPV6);
  const at = family === 4 ? header4(message.length, hopLimit) : header6(message.length, hopLimit);
  frame.set(source, at - 2 * source.length);
  frame.set(destination, at - source.length);
  if (family === 4) putU16(frame, at - 10, checksumOf(sumOf(frame, ETHERNET_HEADER, at)));
  frame.set(message, at);
  return at + message.length;
}

function address(family: 4 | 6, host: number, prefix = 'fe80'): AddressBytes {
  return addressBytes(family === 4 ? `10.99.0.${host}` : `${prefix}::${host}`) as AddressBytes;
}

function noise(): Buffer {
  const message = Buffer.from(Array.from({ length: random(80) }, () => random(256)));
  if (message.length > 1 && random(2) === 0) message[1] = 51;
  return message;
}

function mutated(): Buffer {
  const message = Buffer.from(random.of(ADVERTISED));
  for (let changes = random(4); changes > 0; changes--) message[random(message.length)] = random(256);
  if (random(2) === 0) message[1] = 51;
  return message;
}

function right(message: Buffer, source: AddressBytes, destination: AddressBytes): void {
  const hasPseudoHeader = source.length === 16 || (message[0] as number) >>> 4 === 3;
  putU16(message, 6, 0);
  const before = hasPseudoHeader ? sumOfPseudoHeader(source, destination, VRRP_PROTOCOL, message.length) : 0;
  putU16(message, 6, checksumOf(sumOf(message, 0, message.length, before)));
}

/** Where the message begins. */
function header4(length: number, ttl: number): number {
  frame.fill(0, ETHERNET_HEADER, ETHERNET_HEADER + 20);
  frame[ETHERNET_HEADER] = 0x45;
  putU16(frame, ETHERNET_HEADER + 2, 20 + length);
  frame[ETHERNET_HEADER + 8] = ttl;
  frame[ETHERNET_HEADER + 9] = VRRP_PROTOCOL;
  return ETHERNET_HEADER + 20;
}

function header6(length: number, hopLimit: number): number {
  frame.fill(0, ETHERNET_HEADER, ETHERNET_HEADER + 40);
  frame[ETHERNET_HEADER] = 0x60;
  putU16(frame, ETHERNET_HEADER + 4, length);
  frame[ETHERNET_HEADER + 6] = VRRP_PROTOCOL;
  frame[ETHERNET_HEADER + 7] = hopLimit;
  return ETHERNET_HEADER + 40;
}
