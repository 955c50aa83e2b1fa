import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type ConnectionOptions, createServer as createTlsServer, type Server, connect as tlsConnect } from 'node:tls';
import { promisify } from 'node:util';
import type { Ms } from '../../../src/base/units.ts';
import type { TlsPlan } from '../../../src/proxy/plan.ts';
import type { CertificateData } from '../../../src/proxy/tls/certificate.ts';
import { CertificateStore, tlsServerOptions } from '../../../src/proxy/tls/sni.ts';
import { atTeardown } from '../../support/teardown.ts';
import { PATIENCE, within } from '../../support/wait.ts';

export const GREETING = 'hello';

export interface TlsFront {
  readonly port: number;
  readonly server: Server;
  /** Connections whose handshake failed. */
  readonly failures: Error[];
  /** As a reload does it. */
  reload(plan: TlsPlan): void;
}

export function planOf(certificates: readonly CertificateData[], settings: Partial<TlsPlan> = {}): TlsPlan {
  return { certificates, minimumVersion: 'TLSv1.2', ciphers: undefined, ticketKeys: Buffer.alloc(48, 7), ...settings };
}

/**
 * A TLS server as a listener runs it: a `net.Server` of its own accepts, and hands connections over. Greets and closes.
 * `before` may read from a connection first, as who expects a PROXY header does.
 */
export async function serveTls(
  plan: TlsPlan,
  {
    handshakeTimeout = PATIENCE,
    before = async () => {},
  }: { handshakeTimeout?: Ms; before?: (socket: Socket) => Promise<void> } = {},
): Promise<TlsFront> {
  let certificates = new CertificateStore(plan);
  const server = createTlsServer(
    tlsServerOptions(() => certificates, handshakeTimeout),
    (socket) => {
      socket.on('error', () => {});
      socket.end(GREETING);
    },
  );
  const failures: Error[] = [];
  server.on('tlsClientError', (error, socket) => {
    failures.push(error);
    socket.destroy();
  });
  const sockets = new Set<Socket>();
  const listener = createServer({ pauseOnConnect: true }, async (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    await before(socket);
    server.emit('connection', socket);
  });
  atTeardown(() => {
    for (const socket of sockets) socket.destroy();
    listener.close();
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    port: (listener.address() as AddressInfo).port,
    server,
    failures,
    reload(next) {
      certificates = new CertificateStore(next);
      server.setSecureContext(certificates.defaultContext);
    },
  };
}

export interface Handshake {
  readonly resumed: boolean;
  /** SHA-256 of the certificate that was shown; `undefined` when a session was resumed. */
  readonly fingerprint: string | undefined;
  readonly protocol: string | null;
  readonly cipher: string;
  readonly alpn: string | false | null;
  readonly session: Buffer | undefined;
  readonly greeting: string;
}

/** One handshake, a greeting and the close. Rejects when the handshake fails. */
export async function handshake(port: number, options: ConnectionOptions = {}): Promise<Handshake> {
  const socket = tlsConnect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options });
  let session: Buffer | undefined;
  let greeting = '';
  socket.on('session', (ticket) => {
    session = ticket;
  });
  socket.on('data', (bytes) => {
    greeting += bytes;
  });
  try {
    await within(once(socket, 'secureConnect'), 'a handshake');
    const resumed = socket.isSessionReused();
    const fingerprint = resumed ? undefined : socket.getPeerX509Certificate()?.fingerprint256;
    const shown = { resumed, fingerprint, protocol: socket.getProtocol(), alpn: socket.alpnProtocol };
    const cipher = socket.getCipher().name;
    await within(once(socket, 'close'), 'the close');
    return { ...shown, cipher, session, greeting };
  } finally {
    socket.destroy();
  }
}

/** What `openssl s_client` says. It fails where the handshake does: then `ok` is false. */
export async function sClient(port: number, ...args: string[]): Promise<{ ok: boolean; said: string }> {
  const running = run('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-ign_eof', ...args]);
  running.child.stdin?.end();
  try {
    const { stdout, stderr } = await running;
    return { ok: true, said: stdout + stderr };
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return { ok: false, said: stdout + stderr };
  }
}

export const run = promisify(execFile);
