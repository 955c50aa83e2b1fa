import { isIPv6 } from 'node:net';
import { QuerySocket, type QuerySocketsOwner } from './query-socket.ts';

/** A socket for each family that a peer is of. */
export class QuerySockets {
  readonly #owner: QuerySocketsOwner;
  #sockets: readonly QuerySocket[] = [];

  constructor(owner: QuerySocketsOwner) {
    this.#owner = owner;
  }

  /** `host` is where the socket of its family is bound. Returns whether a socket was closed, with the answers to it. */
  update(families: ReadonlySet<4 | 6>, host: string | undefined): boolean {
    const wanted = [...families].map((family) => {
      return { family, host: host !== undefined && isIPv6(host) === (family === 6) ? host : undefined };
    });
    const before = this.#sockets;
    this.#sockets = wanted.map((each) => {
      const kept = before.find((socket) => socket.family === each.family && socket.host === each.host);
      return kept ?? new QuerySocket(each.family, each.host, this.#owner);
    });
    const left = before.filter((socket) => !this.#sockets.includes(socket));
    for (const socket of left) socket.close();
    return left.length > 0;
  }

  /** `undefined`: none is open. */
  of(family: 4 | 6): QuerySocket | undefined {
    const socket = this.#sockets.find((each) => each.family === family);
    return socket?.isOpen ? socket : undefined;
  }

  /** Opens what is not open, if that is possible by now. */
  retry(): void {
    for (const socket of this.#sockets) socket.open();
  }

  close(): void {
    this.update(new Set(), undefined);
  }
}
