import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Ms } from '../base/units.ts';
import { acceptEcho } from './echo.ts';
import { createSite } from './sample-site.ts';

/** Two origins to put in front of a first Portico: small sites in this process, told apart by name and colour. */
export interface SampleOrigins {
  /** Where they listen, in order: `http://127.0.0.1:8081`. */
  readonly urls: readonly string[];
  close(): Promise<void>;
}

export interface SampleOptions {
  /** As `config/quickstart.yaml` names them; 0: any free one. */
  readonly ports?: readonly [number, number];
  /** Between two chunks of `/stream`. */
  readonly pace?: Ms;
}

const HOST = '127.0.0.1';
const LOOKS = [
  { name: 'north', colour: '#2563eb' },
  { name: 'south', colour: '#c2410c' },
] as const;

/** Throws, with nothing left running, an error whose message is one line for the user when a port cannot be had. */
export async function startSampleOrigins({
  ports = [8081, 8082],
  pace = 400,
}: SampleOptions = {}): Promise<SampleOrigins> {
  const origins = LOOKS.map((look) => new SampleOrigin(look.name, look.colour, pace));
  const close = async () => {
    await Promise.all(origins.map((origin) => origin.close()));
  };
  try {
    const urls: string[] = [];
    for (const [index, origin] of origins.entries()) urls.push(await origin.listen(ports[index] as number));
    return { urls, close };
  } catch (error) {
    await close();
    throw error;
  }
}

class SampleOrigin {
  readonly #name: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(name: string, colour: string, pace: Ms) {
    this.#name = name;
    this.#server = createServer(createSite({ name, colour, pace }));
    this.#server.on('upgrade', (request, socket: Socket, head) => acceptEcho(request, socket, head));
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  async listen(port: number): Promise<string> {
    try {
      this.#server.listen(port, HOST);
      await once(this.#server, 'listening');
    } catch (error) {
      throw new Error(`the sample origin "${this.#name}" cannot listen on ${HOST}:${port}: ${reasonOf(error)}`, {
        cause: error,
      });
    }
    return `http://${HOST}:${(this.#server.address() as AddressInfo).port}`;
  }

  /** At once: some answers (`/slow`, `/ws`) would never end. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'EADDRINUSE' ? 'another program has this port' : message;
}
