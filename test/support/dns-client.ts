import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { HostPort } from '../../src/base/address.ts';
import type { Ms } from '../../src/base/units.ts';
import { type Net, parseNet } from '../../src/geodns/geo/net.ts';
import { type DnsMessage, type DnsQueryParts, dnsQuery, parseDnsMessage } from './dns-message.ts';
import { atTeardown } from './teardown.ts';
import { PATIENCE } from './wait.ts';

export interface DnsAsked extends DnsQueryParts {
  /** A client subnet such as `81.2.69.0/24` (RFC 7871); with it there is EDNS. */
  readonly subnet?: string;
}

/** Asks one server by UDP from one socket, any number of questions at once. */
export class DnsClient {
  readonly to: HostPort;
  readonly #socket: Socket;
  readonly #waiting = new Map<number, (reply: Buffer) => void>();
  #id = 0;
  #isClosed = false;

  /** `from`: the address that is asked from. */
  static async open(to: HostPort, from = isIPv6(to.host) ? '::1' : '127.0.0.1'): Promise<DnsClient> {
    const socket = createSocket({ type: isIPv6(to.host) ? 'udp6' : 'udp4', recvBufferSize: 4 * 1024 * 1024 });
    const client = new DnsClient(socket, to);
    const listening = once(socket, 'listening');
    socket.bind({ address: from });
    await listening;
    atTeardown(() => client.close());
    return client;
  }

  private constructor(socket: Socket, to: HostPort) {
    this.to = to;
    this.#socket = socket;
    // Nobody listens there yet, or any more: the question stays without an answer.
    socket.on('error', () => {});
    socket.on('message', (reply) => this.#waiting.get(reply.readUInt16BE(0))?.(reply));
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The answer; rejects when there is none within `limit`. */
  async ask(asked: DnsAsked, limit: Ms = PATIENCE): Promise<DnsMessage> {
    return parseDnsMessage(await this.askBytes(asked, limit));
  }

  askBytes({ subnet, ...parts }: DnsAsked, limit: Ms = PATIENCE): Promise<Buffer> {
    this.#id = (this.#id + 1) & 0xffff;
    const id = this.#id;
    const edns = subnet === undefined ? parts.edns : { ...parts.edns, options: [subnetOption(subnet)] };
    const query = dnsQuery({ ...parts, id, ...(edns !== undefined && { edns }) });
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    const what = () => `${parts.name} ${parts.type ?? 1} of ${this.to.host}:${this.to.port}`;
    const late = setTimeout(() => reject(new Error(`no answer to ${what()} within ${limit} ms`)), limit);
    this.#waiting.set(id, resolve);
    this.#socket.send(query, this.to.port, this.to.host);
    return promise.finally(() => {
      clearTimeout(late);
      this.#waiting.delete(id);
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.close();
  }
}

/** What a message says of its client subnet: `81.2.69.0/24`, and of a reply the scope as well: `81.2.69.0/24/20`. */
export function subnetOf({ opt, qr }: DnsMessage): string | undefined {
  const option = opt?.options[CLIENT_SUBNET];
  if (option === undefined) return undefined;
  const bytes = Buffer.from(option, 'hex');
  const [source, scope] = [bytes[2], bytes[3]];
  const address = Buffer.concat([bytes.subarray(4), Buffer.alloc(16)]);
  const text =
    bytes[1] === 1
      ? address.subarray(0, 4).join('.')
      : Array.from({ length: 8 }, (_, i) => address.readUInt16BE(2 * i).toString(16)).join(':');
  return qr ? `${text}/${source}/${scope}` : `${text}/${source}`;
}

const CLIENT_SUBNET = 8;

/**
 *      0        1        2        3        4
 *     +--------+--------+--------+--------+---- … ----+
 *     |      FAMILY     | SOURCE | SCOPE  |  ADDRESS  |   only so many bytes as SOURCE needs (RFC 7871 §6)
 *     +--------+--------+--------+--------+---- … ----+
 */
function subnetOption(text: string): readonly [code: number, data: string] {
  const { family, first, prefix } = parseNet(text) as Net;
  const words = Buffer.alloc(16);
  for (const [i, word] of first.entries()) words.writeUInt32BE(word >>> 0, 4 * i);
  const address = (family === 4 ? words.subarray(12) : words).subarray(0, Math.ceil(prefix / 8));
  const head = Buffer.from([0, family === 4 ? 1 : 2, prefix, 0]);
  return [CLIENT_SUBNET, Buffer.concat([head, address]).toString('hex')];
}
