import type { Socket } from 'node:net';
import { normalizeAddress } from '../base/address.ts';
import type { Endpoints } from './exchange.ts';

/** What is known of a client's connection, whatever stands on it. */
export interface Connection {
  readonly endpoints: Endpoints;
}

const connections = new WeakMap<object, Connection>();

/** Says what a PROXY header told of a connection, before anything is read from it. */
export function rememberConnection(socket: object, connection: Connection): void {
  connections.set(socket, connection);
}

/** The connection of a socket; looked at once, as addresses cost a system call and are gone when it is closed. */
export function connectionOf(socket: Socket): Connection {
  let connection = connections.get(socket);
  if (connection === undefined) {
    connection = {
      endpoints: {
        remoteAddress: plain(socket.remoteAddress),
        remotePort: socket.remotePort ?? 0,
        localAddress: plain(socket.localAddress),
        localPort: socket.localPort ?? 0,
      },
    };
    connections.set(socket, connection);
  }
  return connection;
}

function plain(address: string | undefined): string {
  return address === undefined ? '' : (normalizeAddress(address) ?? '');
}
