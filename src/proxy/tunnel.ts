import type { Duplex } from 'node:stream';
import type { Ms } from '../base/units.ts';

/** What a tunnel carried, told at its end. */
export interface TunnelEnd {
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Nothing passed for too long. */
  readonly idle: boolean;
}

/**
 * The bytes of an upgraded connection, both ways, until both sides have ended: each at the pace of its reader, an end
 * on one side passed on as an end, a break as a break.
 */
export class Tunnel {
  readonly #client: Duplex;
  readonly #origin: Duplex;
  readonly #idle: Ms;
  readonly #onEnd: (end: TunnelEnd) => void;
  #timer: NodeJS.Timeout;
  #activeAt = performance.now();
  #sent = 0;
  #received = 0;
  #open = 2;
  #wasIdle = false;

  constructor(client: Duplex, origin: Duplex, idle: Ms, onEnd: (end: TunnelEnd) => void) {
    this.#client = client;
    this.#origin = origin;
    this.#idle = idle;
    this.#onEnd = onEnd;
    this.#timer = setTimeout(() => this.#checkIdle(), idle);
    client.on('data', (chunk: Buffer) => this.#passed(chunk.length, 0));
    origin.on('data', (chunk: Buffer) => this.#passed(0, chunk.length));
    for (const [side, other] of [
      [client, origin],
      [origin, client],
    ] as const) {
      side.on('error', () => other.destroy());
      side.on('close', () => this.#closed(side, other));
    }
    client.pipe(origin);
    origin.pipe(client);
  }

  /** Cuts both sides. */
  cut(): void {
    this.#client.destroy();
    this.#origin.destroy();
  }

  #passed(received: number, sent: number): void {
    this.#received += received;
    this.#sent += sent;
    this.#activeAt = performance.now();
  }

  #closed(side: Duplex, other: Duplex): void {
    // A side that closed without its end having been read was broken, and so is the other then.
    if (!side.readableEnded || !side.writableFinished) other.destroy();
    this.#open -= 1;
    if (this.#open > 0) return;
    clearTimeout(this.#timer);
    this.#onEnd({ bytesSent: this.#sent, bytesReceived: this.#received, idle: this.#wasIdle });
  }

  #checkIdle(): void {
    const left = this.#activeAt + this.#idle - performance.now();
    if (left > 0) {
      this.#timer = setTimeout(() => this.#checkIdle(), left);
      return;
    }
    this.#wasIdle = true;
    this.cut();
  }
}
