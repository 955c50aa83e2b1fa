import { FrameSender } from '../../src/vrrp/net/frame-socket.ts';
import { openVrrpSystem } from '../../src/vrrp/net/system.ts';
import { addressBytes, type MacBytes } from '../../src/vrrp/wire/address.ts';
import { gratuitousArp } from '../../src/vrrp/wire/arp.ts';
import { unsolicitedAdvertisement } from '../../src/vrrp/wire/neighbor.ts';

/** `claim-process.ts ADDRESS MAC INDEX COUNT`: tells all hosts, so many times, that this MAC address has it. */

const [text = '', mac = '', index = '', count = ''] = process.argv.slice(2);
const address = addressBytes(text);
if (address === undefined) throw new Error(`${text} is no address`);
const by: MacBytes = Uint8Array.from(mac.split(':'), (byte) => Number.parseInt(byte, 16));

const sender = new FrameSender(openVrrpSystem(), Number(index));
for (let i = 0; i < Number(count); i++) {
  sender.send(address.length === 4 ? gratuitousArp(address, by) : unsolicitedAdvertisement(address, by, false));
}
sender.close();
