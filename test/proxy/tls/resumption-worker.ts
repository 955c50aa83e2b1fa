import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { parentPort, workerData } from 'node:worker_threads';
import type { TlsPlan } from '../../../src/proxy/plan.ts';
import { CertificateStore, tlsServerOptions } from '../../../src/proxy/tls/sni.ts';

/** A worker thread with a listener of its own. It is told a reload or new ticket keys, and answers when it is done. */

let certificates = new CertificateStore(workerData as TlsPlan);
const server = createServer(
  tlsServerOptions(() => certificates, 5000),
  (socket) => {
    socket.on('error', () => {});
    socket.end('hello');
  },
);

export type Order = { readonly reload: TlsPlan } | { readonly ticketKeys: Uint8Array };

parentPort?.on('message', (order: Order) => {
  if ('reload' in order) {
    certificates = new CertificateStore(order.reload);
    server.setSecureContext(certificates.defaultContext);
  } else {
    server.setTicketKeys(Buffer.from(order.ticketKeys));
  }
  parentPort?.postMessage('done');
});

server.listen(0, '127.0.0.1', () => parentPort?.postMessage((server.address() as AddressInfo).port));
