import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { createInterface } from 'node:readline';
import { AdvertReceiver, AdvertSender } from '../../../src/vrrp/net/advert-socket.ts';
import { Connections } from '../../../src/vrrp/net/connections.ts';
import { ClaimReceiver, FrameSender } from '../../../src/vrrp/net/frame-socket.ts';
import { HeldConnections } from '../../../src/vrrp/net/held-connections.ts';
import { RouteEvents, RouteRequests } from '../../../src/vrrp/net/netlink-socket.ts';
import { proveNet } from '../../../src/vrrp/net/self-test.ts';
import { openVrrpSystem } from '../../../src/vrrp/net/system.ts';
import { addressBytes, addressText, macText } from '../../../src/vrrp/wire/address.ts';
import { arpProbe, claimInArp, gratuitousArp } from '../../../src/vrrp/wire/arp.ts';
import { decodeIPv4, decodeIPv6 } from '../../../src/vrrp/wire/decode.ts';
import { claimInNeighbor, neighborProbe, unsolicitedAdvertisement } from '../../../src/vrrp/wire/neighbor.ts';
import { dumpAddresses, removeAddress, setAddress } from '../../../src/vrrp/wire/netlink-request.ts';

/**
 * Does on a host what it is told, a line each, and says what it sees:
 *
 *     send TO HEX · garp ADDRESS · probe ADDRESS · add ADDRESS SECONDS · remove ADDRESS · dump FAMILY · end
 *     hold ADDRESS… · pass MAC · serve · count ADDRESS
 */
const system = openVrrpSystem();
await proveNet(system);
const index = Number(readFileSync('/sys/class/net/eth0/ifindex', 'utf8'));
const eth0 = { name: 'eth0', index };
const own = networkInterfaces().eth0 ?? [];
const macOf = (text: string) => Uint8Array.from(text.split(':').map((byte) => Number.parseInt(byte, 16)));
const mac = macOf(own[0]?.mac ?? '');
const say = (type: string, what: object) => console.log(JSON.stringify({ type, ...what }));

const receivers = [
  new AdvertReceiver(system, eth0, 4, (datagram) => sayAdvert(decodeIPv4(datagram))),
  new AdvertReceiver(system, eth0, 6, (datagram, arrival) => {
    if (arrival !== undefined) sayAdvert(decodeIPv6(datagram, arrival));
  }),
  new ClaimReceiver(system, index, 4, (frame) => sayClaim(claimInArp(frame))),
  new ClaimReceiver(system, index, 6, (frame) => sayClaim(claimInNeighbor(frame))),
  new RouteEvents(system, (message) => {
    if (message.kind === 'address-added' || message.kind === 'address-removed') {
      say(message.kind, { address: addressText(message.address), prefix: message.prefix, valid: message.valid });
    } else if (message.kind === 'link-changed') say(message.kind, { carrier: message.hasCarrier });
  }),
];
const requests = new RouteRequests(system);
const frames = new FrameSender(system, index);
const connections = new Connections(system);
let held: HeldConnections | undefined;

function sayAdvert(advert: ReturnType<typeof decodeIPv4>): void {
  if (advert.kind === 'drop') say('drop', { reason: advert.reason });
  else say('advert', { from: addressText(advert.source), to: addressText(advert.destination), ttl: advert.hopLimit });
}

function sayClaim(claim: ReturnType<typeof claimInArp>): void {
  if (claim !== undefined) say('claim', { by: claim.by, address: addressText(claim.address), mac: macText(claim.mac) });
}

function bytesOf(text: string): Uint8Array {
  const bytes = addressBytes(text);
  if (bytes === undefined) throw new Error(`${text} is no address`);
  return bytes;
}

function sourceFor(to: Uint8Array): Uint8Array {
  const found = own.find(({ family, address }) =>
    to.length === 4 ? family === 'IPv4' : family === 'IPv6' && address.startsWith('fe80'),
  );
  return bytesOf(found?.address ?? '');
}

const COMMANDS: Readonly<Record<string, (...words: string[]) => void>> = {
  send(to = '', hex = '') {
    const destination = bytesOf(to);
    const sender = new AdvertSender(system, eth0, sourceFor(destination));
    const bytes = Buffer.from(hex, 'hex');
    sender.room.set(bytes);
    say('sent', { errno: sender.send(bytes.length, destination) });
    sender.close();
  },
  garp(text = '') {
    const address = bytesOf(text);
    frames.send(address.length === 4 ? gratuitousArp(address, mac) : unsolicitedAdvertisement(address, mac, false));
  },
  probe(text = '') {
    const address = bytesOf(text);
    frames.send(address.length === 4 ? arpProbe(address, mac) : neighborProbe(address, mac));
  },
  add(text = '', seconds = '') {
    const address = bytesOf(text);
    const errno = requests.change((n) =>
      setAddress({ interface: index, address }, { valid: Number(seconds), preferred: 0 }, n),
    );
    say('added', { errno });
  },
  remove(text = '') {
    const address = bytesOf(text);
    say('removed', {
      errno: requests.change((n) => removeAddress({ interface: index, address }, n)),
    });
  },
  dump(family = '') {
    const there = requests.dump((n) => dumpAddresses(family === '4' ? 4 : 6, n));
    const addresses = there.flatMap((each) => (each.kind === 'address-added' ? [addressText(each.address)] : []));
    say('there', { addresses });
  },
  hold(...texts) {
    held = new HeldConnections(system, connections, 'portico test', { index, mac, addresses: texts.map(bytesOf) });
    say('holds', {});
  },
  pass(to = '') {
    held?.passOn(macOf(to));
  },
  serve() {
    held?.close();
    held = undefined;
  },
  count(text = '') {
    say('counted', { open: connections.open([bytesOf(text)]), held: held?.count });
  },
  end() {
    held?.close();
    for (const each of [...receivers, requests, frames, connections]) each.close();
    process.stdin.destroy();
  },
};

const input = createInterface({ input: process.stdin });
input.on('line', (line) => {
  const [command = '', ...words] = line.split(' ');
  COMMANDS[command]?.(...words);
});
say('ready', {});
