import type { RemoteInfo } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { formatHostPort, type HostPort } from '../../base/address.ts';
import { isWildcard } from '../../base/listen-address.ts';
import { listenProblem } from '../../base/listen-problem.ts';
import type { Ms } from '../../base/units.ts';
import { CELL, type DnsCounts } from './counts.ts';
import { DgramSocket } from './dgram-socket.ts';
import { addressesFor } from './local-addresses.ts';
import { ReplyBuffers } from './reply-buffers.ts';
import { Seldom } from './seldom.ts';
import { emptySource, fillSource } from './source.ts';
import { RECEIVE_BUFFER, TRUNCATED, type UdpEngine, type UdpEngineOptions } from './udp-engine.ts';

export interface DgramEngineOptions extends UdpEngineOptions {
  /** What addresses the machine has. Default: as the system says. */
  readonly interfaces?: typeof networkInterfaces;
  /** How often that is looked at, where a wildcard is listened on. Default: 2 s. */
  readonly followEvery?: Ms;
}

const FOLLOW_EVERY: Ms = 2_000;
/** How often the log tells of what packets can cause. */
const TELL_EVERY: Ms = 60_000;

/**
 * UDP by node:dgram. It cannot say from which address a reply is to go out, and one that comes from another than was asked
 * is thrown away by the client: so for a wildcard each address of the machine has a socket of its own, and addresses that
 * come and go (a floating one, say) are followed.
 */
export class DgramEngine implements UdpEngine {
  readonly counts: DnsCounts;
  readonly #options: DgramEngineOptions;
  readonly #buffers = new ReplyBuffers((error) => this.#unsent(error));
  readonly #source = emptySource('udp');
  readonly #seldom: Seldom;
  /** By ADDRESS:PORT. */
  readonly #sockets = new Map<string, DgramSocket>();
  /** Which of them do not stand for a wildcard, and so stay. */
  readonly #fixed = new Set<string>();
  #wildcards: HostPort[] = [];
  /** Those of wildcards that could not be opened, and have been told. */
  readonly #missing = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #following: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: DgramEngineOptions) {
    this.#options = options;
    this.counts = options.counts;
    this.#seldom = new Seldom(options.log, TELL_EVERY);
  }

  get addresses(): readonly HostPort[] {
    return [...this.#sockets.values()].map(({ address }) => address);
  }

  async listen(): Promise<void> {
    const { listen, log, followEvery = FOLLOW_EVERY } = this.#options;
    try {
      for (const address of listen) {
        if (isWildcard(address.host)) await this.#openAll(address);
        else this.#fixed.add(keyOf((await this.#open(address)).address));
      }
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#tellOfSmallBuffer();
    if (this.#wildcards.length === 0) return;
    log.info('dns answers by UDP on each address that the machine has', { addresses: [...this.#sockets.keys()] });
    this.#timer = setInterval(() => {
      this.#following = this.#following.then(() => this.#follow());
    }, followEvery).unref();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.#following;
    const sockets = [...this.#sockets.values()];
    this.#sockets.clear();
    await Promise.all(sockets.map((socket) => socket.close()));
  }

  /** Rejects with an `Error` that says which address, and why not. */
  async #open(address: HostPort): Promise<DgramSocket> {
    try {
      const socket = await DgramSocket.open(address, this.#events);
      this.#sockets.set(keyOf(socket.address), socket);
      return socket;
    } catch (error) {
      throw new Error(`${listenProblem(error, address)} (UDP)`, { cause: error });
    }
  }

  /** All that the wildcard stands for; for port 0 the first one finds it for the others. */
  async #openAll({ host, port }: HostPort): Promise<void> {
    let found = port;
    for (const local of this.#localOf(host)) {
      const address = { host: local, port: found };
      const socket = this.#sockets.get(keyOf(address)) ?? (await this.#openIfThere(address));
      if (socket !== undefined) found = socket.address.port;
    }
    this.#wildcards.push({ host, port: found });
  }

  /** What has gone since the system named it, or is not to be used yet (RFC 4862 §5.4), is tried again later. */
  async #openIfThere(address: HostPort): Promise<DgramSocket | undefined> {
    const key = keyOf(address);
    try {
      const socket = await this.#open(address);
      this.#missing.delete(key);
      return socket;
    } catch (error) {
      const { code } = (error as Error).cause as NodeJS.ErrnoException;
      if (code === 'EADDRINUSE' || code === 'EACCES') throw error;
      if (!this.#missing.has(key))
        this.#options.log.warn('dns cannot answer yet on an address of the machine', { error });
      this.#missing.add(key);
      return undefined;
    }
  }

  /** Opens what has come and closes what has gone. Never rejects. */
  async #follow(): Promise<void> {
    const wanted = new Map<string, HostPort>();
    for (const { host, port } of this.#wildcards) {
      for (const local of this.#localOf(host)) wanted.set(keyOf({ host: local, port }), { host: local, port });
    }
    for (const [key, address] of wanted) {
      if (this.#isClosed || this.#sockets.has(key)) continue;
      await this.#comes(address);
    }
    for (const [key, socket] of this.#sockets) {
      if (this.#isClosed || this.#fixed.has(key) || wanted.has(key)) continue;
      this.#sockets.delete(key);
      await socket.close();
      this.#options.log.info('dns has left an address that the machine no longer has', { address: key });
    }
    for (const key of this.#missing) if (!wanted.has(key)) this.#missing.delete(key);
  }

  async #comes(address: HostPort): Promise<void> {
    const key = keyOf(address);
    try {
      const socket = await this.#openIfThere(address);
      if (socket !== undefined)
        this.#options.log.info('dns answers on an address that the machine has now', { address: key });
    } catch (error) {
      if (!this.#missing.has(key)) this.#options.log.error('dns cannot answer on an address of the machine', { error });
      this.#missing.add(key);
    }
  }

  #localOf(wildcard: string): string[] {
    const { interfaces = networkInterfaces } = this.#options;
    return addressesFor(wildcard, interfaces());
  }

  readonly #events = {
    packet: (socket: DgramSocket, query: Buffer, from: RemoteInfo) => this.#answer(socket, query, from),
    trouble: (error: Error) => {
      this.counts.add(CELL.udp.socketErrors);
      this.#seldom.warn('a UDP socket of the DNS server is in trouble', { error });
    },
  };

  #answer(socket: DgramSocket, query: Buffer, from: RemoteInfo): void {
    const { counts } = this;
    counts.add(CELL.udp.queries);
    if (from.port === 0) {
      counts.add(CELL.udp.portless);
      return;
    }
    const buffer = this.#buffers.take();
    if (buffer === undefined) {
      counts.add(CELL.udp.dropped);
      return;
    }
    fillSource(this.#source, from.address, from.port);
    const length = this.#options.responder.respond(query, query.length, this.#source, buffer.bytes);
    if (length === 0) {
      counts.add(CELL.udp.silent);
      this.#buffers.giveBack(buffer);
      return;
    }
    counts.add(CELL.udp.replies);
    if (((buffer.bytes[2] as number) & TRUNCATED) !== 0) counts.add(CELL.udp.truncated);
    try {
      socket.send(buffer.bytes, length, from, buffer.sent);
    } catch (error) {
      buffer.sent(error as Error);
    }
  }

  #unsent(error: Error): void {
    this.counts.add(CELL.udp.unsent);
    this.#seldom.warn('a DNS reply was not sent', { error });
  }

  #tellOfSmallBuffer(): void {
    const given = Math.min(...[...this.#sockets.values()].map(({ receiveBuffer }) => receiveBuffer));
    if (given >= RECEIVE_BUFFER) return;
    this.#options.log.warn('the system lets few DNS queries wait: net.core.rmem_max is small', {
      wanted: RECEIVE_BUFFER,
      given,
    });
  }
}

function keyOf({ host, port }: HostPort): string {
  return formatHostPort(host, port);
}
