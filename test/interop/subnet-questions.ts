import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Ms } from '../../src/base/units.ts';
import type { Net } from '../../src/geodns/geo/net.ts';
import { parseDnsMessage } from '../support/dns-message.ts';

/** Questions with a client subnet, and what is answered to them, by the hundred thousand. */

/** What comes before the options of a query: its header, question, and OPT. */
export function queryHead(name: string): Buffer {
  const labels = name.split('.').flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, 'latin1')]);
  return Buffer.concat([
    Buffer.from([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1]),
    ...labels,
    Buffer.from([0, 0, 1, 0, 1]), // A, IN
    Buffer.from([0, 0, 41, 1232 >>> 8, 1232 & 255, 0, 0, 0, 0]),
  ]);
}

/**
 * The whole query (RFC 7871 §6):
 *
 *     | head | option's length + 4 | 8 | length | family: 1, 2 | source prefix | scope: 0 | as many bytes as the prefix needs |
 *     |      |         2           | 2 |   2    |      2       |       1       |    1     |                                   |
 */
export function subnetQuery(head: Buffer, { family, first, prefix }: Net): Buffer {
  const known = (prefix + 7) >>> 3;
  const query = Buffer.allocUnsafe(head.length + 10 + known);
  let at = head.copy(query);
  at = query.writeUInt16BE(8 + known, at);
  at = query.writeUInt16BE(8, at);
  at = query.writeUInt16BE(4 + known, at);
  at = query.writeUInt16BE(family === 4 ? 1 : 2, at);
  at = query.writeUInt16BE(prefix << 8, at);
  const from = family === 4 ? 12 : 0;
  for (let i = from; i < from + known; i++) query[at++] = (first[i >>> 2] as number) >>> (24 - 8 * (i & 3));
  return query;
}

export interface SubnetAnswer {
  /** The last number of the address; 0: there is none. */
  readonly host: number;
  readonly scope: number;
}

/**
 * Reads the reply to such a query. The usual one, with one A record and the option, by its place in the bytes; of any other it
 * is an error if it does not say that there is no such record.
 */
export function readSubnetAnswer(reply: Buffer, head: Buffer): SubnetAnswer {
  const answer = head.length - 9;
  const opt = answer + 16;
  const isUsual =
    reply.readUInt16BE(2) === 0x8400 &&
    reply.readUInt32BE(4) === 0x0001_0001 &&
    reply.readUInt32BE(8) === 1 &&
    reply.readUInt32BE(answer) === 0xc00c_0001 &&
    reply.readUInt32BE(opt) === 0x0000_2904 &&
    reply.readUInt16BE(opt + 11) === 8;
  if (isUsual) return { host: reply[opt - 1] as number, scope: reply[opt + 18] as number };
  const { rcode, aa, answers, opt: options } = parseDnsMessage(reply);
  const option = options?.options[8];
  if (rcode !== 0 || !aa || answers.length > 0 || option === undefined) {
    throw new Error(`an unexpected reply: ${reply.toString('hex')}`);
  }
  return { host: 0, scope: Number.parseInt(option.slice(6, 8), 16) };
}

/** So many queries are under way; the replies have room in a socket's buffer of the usual size. */
const WINDOW = 128;

/** On loopback a reply that is not there by then is lost. */
const LOST: Ms = 500;

/** Asks by UDP; resolves with the number that were lost and asked again when there is a reply to each. */
export async function askByUdp(
  port: number,
  queries: Iterator<Buffer>,
  onReply: (reply: Buffer, index: number) => void,
): Promise<number> {
  const socket = createSocket('udp4');
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const pending = new Map<number, { readonly query: Buffer; readonly index: number; sentAt: Ms }>();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let id = 0;
  let asked = 0;
  let lost = 0;
  const fill = () => {
    const sentAt = performance.now();
    while (pending.size < WINDOW) {
      const { value: query, done } = queries.next();
      if (done === true) {
        if (pending.size === 0) resolve();
        return;
      }
      while (pending.has(id)) id = (id + 1) & 0xffff;
      query.writeUInt16BE(id, 0);
      pending.set(id, { query, index: asked++, sentAt });
      socket.send(query);
    }
  };
  socket.on('error', reject);
  socket.on('message', (reply) => {
    const answered = reply.readUInt16BE(0);
    const found = pending.get(answered);
    if (found === undefined) return; // It came late, and was asked again.
    pending.delete(answered);
    onReply(reply, found.index);
    if (pending.size < WINDOW / 2 || pending.size === 0) fill();
  });
  const timer = setInterval(() => {
    const now = performance.now();
    for (const waiting of pending.values()) {
      if (now - waiting.sentAt < LOST) continue;
      waiting.sentAt = now;
      lost++;
      socket.send(waiting.query);
    }
  }, LOST);
  fill();
  await promise.finally(() => {
    clearInterval(timer);
    socket.close();
  });
  return lost;
}
