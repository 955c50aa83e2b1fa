import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { AdvertSender } from '../../src/vrrp/net/advert-socket.ts';
import { openVrrpSystem } from '../../src/vrrp/net/system.ts';
import { type AddressBytes, addressBytes, VRRP_GROUP_IPV4 } from '../../src/vrrp/wire/address.ts';
import { encode, type Outgoing } from '../../src/vrrp/wire/encode.ts';
import { randomOf } from '../sibling/icp/random.ts';

/**
 * `vrrp-flood-process.ts COUNT SEED`: sends so many packets of protocol 112 to the group: one half random, the other a good advertisement
 * of VRID 51 with one byte changed, which its checksum tells. Not faster than receivers can read them: what a socket has no
 * room for takes good ones with it.
 */

const [count = '', seed = ''] = process.argv.slice(2);
const random = randomOf(Number(seed));
const own = (networkInterfaces().eth0 ?? []).find(({ family }) => family === 'IPv4')?.address ?? '';
const index = Number(readFileSync('/sys/class/net/eth0/ifindex', 'utf8'));
const source = addressBytes(own) as AddressBytes;
const sender = new AdvertSender(openVrrpSystem(), { name: 'eth0', index }, source);

const advertised: Outgoing = {
  version: 3,
  vrid: 51,
  priority: 255,
  interval: 100,
  addresses: [addressBytes('10.99.0.100') as AddressBytes],
  source,
  destination: VRRP_GROUP_IPV4,
  checksum: 'pseudo',
  password: undefined,
  signature: undefined,
};
const good = Buffer.from(sender.room.subarray(0, encode(advertised, sender.room)));

const BATCH = 40;

for (let sent = 0; sent < Number(count); sent += BATCH) {
  for (let i = 0; i < BATCH; i++) sender.send(i % 2 === 0 ? anything() : spoiled(), VRRP_GROUP_IPV4);
  await sleep(1);
}
sender.close();
console.log('done');

function anything(): number {
  const length = random(64);
  for (let i = 0; i < length; i++) sender.room[i] = random(256);
  return length;
}

function spoiled(): number {
  sender.room.set(good);
  const at = random(good.length);
  sender.room[at] = ((good[at] as number) + 1 + random(254)) & 0xff;
  return good.length;
}
