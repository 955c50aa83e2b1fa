import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { ProxyErrorCode } from '../../../src/proxy/error.ts';
import type { Exchange } from '../../../src/proxy/exchange.ts';
import { Http1Front } from '../../../src/proxy/http1/front.ts';
import { LendingSocket } from '../../../src/proxy/http1/lending-socket.ts';
import type { ListenerPlan } from '../../../src/proxy/plan.ts';
import { Journal } from '../../support/journal.ts';
import { connectRaw, type RawClient } from '../../support/raw-client.ts';
import { atTeardown } from '../../support/teardown.ts';

export interface FrontOptions {
  /** Default: whoever asks gets "answer to METHOD TARGET". */
  readonly take?: (exchange: Exchange) => void;
  readonly timeouts?: Partial<ListenerPlan['timeouts']>;
  /** `lent`: as plain connections are read; `stream`: as those after a PROXY header. */
  readonly reads?: 'lent' | 'stream';
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** A front of HTTP/1.1 on a port of its own, with no pipeline behind it but `take`. */
export async function startFront({ take = echo, timeouts = {}, reads = 'lent', tls }: FrontOptions = {}) {
  const exchanges = new Journal<Exchange>('exchange');
  const unparsed: ProxyErrorCode[] = [];
  const sockets: Socket[] = [];
  const plan = {
    limits: { head: 32_768, fields: 100, uri: 8_192 },
    timeouts: { head: 10_000, body: 10_000, idle: 10_000, write: 10_000, ...timeouts },
  } as ListenerPlan;
  const front = new Http1Front(plan, {
    take: (exchange) => {
      exchanges.add(exchange);
      take(exchange);
    },
    hasSibling: () => false,
    refuse: (exchange, _plan, code) => exchange.reply({ status: 400, fields: [] }, Buffer.from(code)),
    unparsed: (_endpoints, _scheme, code) => unparsed.push(code),
  });
  const accept = (socket: Socket) => {
    sockets.push(socket.on('error', () => {}));
    front.accept(socket);
  };
  const server =
    tls === undefined
      ? createServer({ allowHalfOpen: true }, (socket) =>
          accept(reads === 'lent' ? LendingSocket.inPlaceOf(socket) : socket),
        )
      : createTlsServer(tls, accept);
  atTeardown(() => {
    for (const socket of sockets) socket.destroy();
    front.close();
    server.close();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const connect = (): Promise<RawClient> => connectRaw(port, tls === undefined ? {} : { tls: {} });
  return { front, port, exchanges, unparsed, sockets, connect };
}

export function echo(exchange: Exchange): void {
  const { method, target } = exchange.head;
  exchange.reply({ status: 200, fields: [] }, Buffer.from(`answer to ${method} ${target}`));
}

export function get(target: string, ...fields: readonly string[]): string {
  return [`GET ${target} HTTP/1.1`, 'Host: www.example.com', ...fields, '', ''].join('\r\n');
}
