import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';

export interface QuerySocketsOwner {
  heard(packet: Buffer, from: RemoteInfo): void;
  /** A socket could not be opened, for a reason other than the last time; `host`: where it was to be bound. */
  notOpened(host: string | undefined, error: Error): void;
}

/** The UDP socket that questions of one family leave from. Nothing that happens to it is thrown. */
export class QuerySocket {
  readonly family: 4 | 6;
  /** Where it is bound; `undefined`: anywhere. */
  readonly host: string | undefined;
  readonly #owner: QuerySocketsOwner;
  #socket: Socket | undefined;
  /** Why it could not be opened. */
  #trouble: string | undefined;
  #isClosed = false;

  constructor(family: 4 | 6, host: string | undefined, owner: QuerySocketsOwner) {
    this.family = family;
    this.host = host;
    this.#owner = owner;
    this.open();
  }

  /** Until then nothing must be sent: Node would bind it to any address at all. */
  get isOpen(): boolean {
    return this.#socket !== undefined;
  }

  /** Tries once more, if it is not open: an address may have come to this machine meanwhile. */
  open(): void {
    if (this.#socket !== undefined || this.#isClosed) return;
    const socket = createSocket({
      type: this.family === 4 ? 'udp4' : 'udp6',
      ipv6Only: this.family === 6,
      // Addresses all, so there is nothing to look up, and no turn to wait.
      lookup: (address, _options, done) => done(null, address, this.family),
    });
    // After the socket is bound it goes on, whatever the kernel says of a packet.
    socket.on('error', (error) => {
      if (this.#socket === socket) return;
      socket.close();
      const { code } = error as NodeJS.ErrnoException;
      if (code !== this.#trouble) this.#owner.notOpened(this.host, error);
      this.#trouble = code;
    });
    socket.on('listening', () => {
      this.#socket = socket;
      this.#trouble = undefined;
    });
    socket.on('message', (packet, from) => this.#owner.heard(packet, from));
    socket.unref();
    socket.bind({ port: 0, ...(this.host !== undefined && { address: this.host }) });
  }

  /** `failed` is told later, and only if the packet could not be sent. */
  send(packet: Buffer, port: number, host: string, failed: (code: string) => void): void {
    this.#socket?.send(packet, port, host, (error) => {
      if (error !== null) failed((error as NodeJS.ErrnoException).code ?? 'unknown');
    });
  }

  close(): void {
    this.#isClosed = true;
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.removeAllListeners('message');
    socket?.close();
  }
}
