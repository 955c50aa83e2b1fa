import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Transport } from './works.ts';

/** One client that asks one question after the other. */
export interface Client {
  /** Rejects when there is no reply in time. */
  ask(query: Buffer): Promise<Buffer>;
  close(): void;
}

const TIMEOUT_MS = 2_000;

export function openClient(transport: Transport, port: number): Promise<Client> {
  return transport === 'udp' ? openUdp(port) : openTcp(port);
}

async function openUdp(port: number): Promise<Client> {
  const socket = createSocket('udp4');
  const connected = once(socket, 'connect');
  socket.connect(port, '127.0.0.1');
  await connected;
  return {
    async ask(query) {
      const reply = once(socket, 'message', { signal: AbortSignal.timeout(TIMEOUT_MS) });
      socket.send(query);
      const [message] = (await reply) as [Buffer];
      return message;
    },
    close: () => socket.close(),
  };
}

async function openTcp(port: number): Promise<Client> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect', { signal: AbortSignal.timeout(TIMEOUT_MS) });
  return {
    async ask(query) {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(query.length);
      socket.write(Buffer.concat([length, query]));
      let read: Buffer = Buffer.alloc(0);
      while (read.length < 2 || read.length < 2 + read.readUInt16BE(0)) {
        const [chunk] = (await once(socket, 'data', { signal })) as [Buffer];
        read = Buffer.concat([read, chunk]);
      }
      return read.subarray(2);
    },
    close: () => socket.destroy(),
  };
}
