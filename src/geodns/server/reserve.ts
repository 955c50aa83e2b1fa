import type { Socket } from 'node:dgram';
import { createServer, type Server } from 'node:net';
import type { HostPort } from '../../base/address.ts';
import { overlap } from '../../base/listen-address.ts';
import { listenProblem } from '../../base/listen-problem.ts';
import { bindUdp, closeUdp } from '../../base/udp-socket.ts';

/**
 * Finds out, before the DNS thread is told to listen, whether addresses can be had, by UDP and TCP. The thread shares them
 * by SO_REUSEPORT, so that a port that was found here can be held until the thread has it; with that a second Portico of the
 * same user would be let in without a word, and take half of the queries: so each address is first opened alone.
 */
export interface DnsReservation {
  /** In the order of the addresses; for port 0 a free one that was found, of UDP and TCP alike. */
  readonly addresses: readonly HostPort[];
  /** Call it when the thread listens: until then no other program can take a port that was found. */
  release(): void;
}

export type DnsReserveResult =
  | { readonly ok: true; readonly reservation: DnsReservation }
  /** The positions of addresses that cannot be had, and why. */
  | { readonly ok: false; readonly problems: readonly { readonly index: number; readonly reason: string }[] };

/** Ports that are free by TCP mostly are by UDP; else another one is tried. */
const TRIES = 20;

/**
 * `known`: the port, where our own thread listens on this address already. `ours`: all that it listens on; where one of the two
 * is a wildcard that stands for the other, opening alone would find nobody but ourselves.
 */
export async function reserveDns(
  wanted: readonly { readonly address: HostPort; readonly known: number | undefined }[],
  ours: readonly HostPort[] = [],
): Promise<DnsReserveResult> {
  const held: Held[] = [];
  const addresses: HostPort[] = [];
  const problems: { index: number; reason: string }[] = [];
  for (const [index, { address, known }] of wanted.entries()) {
    addresses[index] = { host: address.host, port: known ?? address.port };
    if (known !== undefined || ours.some((each) => overlap(each, address))) continue;
    try {
      if (address.port === 0) {
        const found = await find(address.host);
        addresses[index] = { host: address.host, port: found.port };
        held.push(found);
      } else {
        await tryAlone(address);
      }
    } catch (error) {
      problems.push({ index, reason: (error as Error).message });
    }
  }
  const release = () => {
    for (const each of held) each.close();
  };
  if (problems.length === 0) return { ok: true, reservation: { addresses, release } };
  release();
  return { ok: false, problems };
}

interface Held {
  readonly port: number;
  close(): void;
}

/** Holds a port that nobody has by either. */
async function find(host: string): Promise<Held> {
  for (let tries = 1; ; tries++) {
    const server = await openTcp({ host, port: 0 }, true);
    const { port } = server.address() as { port: number };
    try {
      const socket = await openUdp({ host, port }, true);
      return {
        port,
        close: () => {
          server.close();
          socket.close();
        },
      };
    } catch (error) {
      server.close();
      if (tries === TRIES) throw error;
    }
  }
}

async function tryAlone(address: HostPort): Promise<void> {
  const socket = await openUdp(address, false);
  try {
    const server = await openTcp(address, false);
    await new Promise((resolve) => server.close(resolve));
  } finally {
    await closeUdp(socket);
  }
}

/** Rejects with an `Error` that says which address, and why not. */
function openTcp({ host, port }: HostPort, reusePort: boolean): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    // Also while it is held, when an error (no file descriptors left) comes to nothing.
    server.on('error', (error) => reject(new Error(`${listenProblem(error, { host, port })} (TCP)`, { cause: error })));
    server.listen({ host, port, ipv6Only: true, reusePort }, () => resolve(server));
  });
}

async function openUdp(address: HostPort, reusePort: boolean): Promise<Socket> {
  try {
    const socket = await bindUdp(address, { reusePort });
    socket.on('error', () => {});
    return socket;
  } catch (error) {
    throw new Error(`${listenProblem(error, address)} (UDP)`, { cause: error });
  }
}
