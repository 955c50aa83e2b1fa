import { createServer, type Server } from 'node:net';
import { type HostPort, parseListenAddress } from '../base/address.ts';
import { listenProblem } from '../base/listen-problem.ts';

/**
 * Finds out, before any worker is told to listen, whether addresses can be had. Workers share theirs by SO_REUSEPORT,
 * with which a second Portico of the same user would be let in without a word and take half of the connections: so
 * each address is first opened alone.
 */
export interface Reservation {
  /** In the order of the addresses; for port 0 the free one that was found. */
  readonly ports: readonly number[];
  /** Call it when the workers listen: until then no other program can take a port that was found. */
  release(): void;
}

export type ReserveResult =
  | { readonly ok: true; readonly reservation: Reservation }
  /** The positions of addresses that cannot be had, and why. */
  | { readonly ok: false; readonly problems: readonly { readonly index: number; readonly reason: string }[] };

/** `known`: the port, where our own workers listen already. */
export async function reserve(
  addresses: readonly { readonly address: string; readonly known: number | undefined }[],
): Promise<ReserveResult> {
  const held: Server[] = [];
  const ports: number[] = [];
  const problems: { index: number; reason: string }[] = [];
  for (const [index, { address, known }] of addresses.entries()) {
    const { host, port } = parseListenAddress(address) as HostPort;
    ports[index] = known ?? port;
    if (known !== undefined) continue;
    try {
      const server = await open(host, port);
      ports[index] = portOf(server);
      if (port === 0) held.push(server);
      else await closed(server);
    } catch (error) {
      problems.push({ index, reason: listenProblem(error, { host, port }) });
    }
  }
  const release = () => {
    for (const server of held) server.close();
  };
  if (problems.length === 0) return { ok: true, reservation: { ports, release } };
  release();
  return { ok: false, problems };
}

/** A fixed port is opened alone, to see that it is free; a found one is shared, to be kept until workers have it too. */
function open(host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    // Also while it is held, when an error (no file descriptors left) comes to nothing.
    server.on('error', reject);
    server.listen({ host, port, ipv6Only: true, reusePort: port === 0 }, () => resolve(server));
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function portOf(server: Server): number {
  return (server.address() as { port: number }).port;
}
