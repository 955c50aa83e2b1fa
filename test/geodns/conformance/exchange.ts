import type { HostPort } from '../../../src/base/address.ts';
import type { Transport } from '../../../src/geodns/answer/source.ts';
import { dnsQuery } from '../../support/dns-message.ts';
import { frame, TcpClient } from '../server/tcp-client.ts';
import { UdpClient } from '../server/udp-client.ts';

/** Sent behind each probe. Its reply shows that nothing else comes, and that the server is there still. */
const LAST = dnsQuery({ id: 0xfeed, name: 'static.example.com.' });

/** What comes back for one message. `undefined`: nothing does. Rejects if it is more than one. */
export function exchange(query: Buffer, transport: Transport, to: HostPort): Promise<Buffer | undefined> {
  return transport === 'udp' ? overUdp(query, to) : overTcp(query, to);
}

async function overUdp(query: Buffer, to: HostPort): Promise<Buffer | undefined> {
  const client = await UdpClient.open();
  try {
    client.send(query, to);
    client.send(LAST, to);
    for (let seen = 0; ; seen++) {
      if (isLast((await client.next(seen)).bytes)) break;
    }
    return theOne(client.all.map(({ bytes }) => bytes));
  } finally {
    client.close();
  }
}

/** A server may end the connection in place of a reply. */
async function overTcp(query: Buffer, to: HostPort): Promise<Buffer | undefined> {
  const client = await TcpClient.open(to);
  let hasEnded = false;
  void client.ended.then(() => {
    hasEnded = true;
    client.end();
  });
  client.send(Buffer.concat([frame(query), frame(LAST)]));
  try {
    for (let seen = 0; ; seen++) {
      await client.next(seen);
      if (isLast(bytesOf(client.all[seen] as string))) break;
    }
  } catch (error) {
    if (!hasEnded) throw error;
  } finally {
    client.socket.destroy();
  }
  return theOne(client.all.map(bytesOf));
}

function theOne(messages: readonly Buffer[]): Buffer | undefined {
  const replies = messages.filter((bytes) => !isLast(bytes));
  if (replies.length > 1) throw new Error(`${replies.length} replies to one message`);
  return replies[0];
}

function isLast(reply: Buffer): boolean {
  return reply.readUInt16BE(0) === LAST.readUInt16BE(0);
}

function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
