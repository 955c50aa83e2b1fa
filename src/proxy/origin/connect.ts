import { connect as connectTcp, isIP, type OnReadOpts, type Socket } from 'node:net';
import {
  type ConnectionOptions,
  checkServerIdentity,
  connect as connectTls,
  createSecureContext,
  type SecureContext,
} from 'node:tls';
import type { Ms } from '../../base/units.ts';
import { ProxyError } from '../error.ts';
import type { OriginTlsPlan } from '../plan.ts';

interface Reading {
  readonly onread?: OnReadOpts;
}

/**
 * All connections of a thread are read into the same memory, one after the other, and what is kept is copied: a buffer
 * made for each read costs an exchange of 100 KiB two fifths of its time (`npm run bench -- --only uncached-100k`).
 */
const READ_BUFFER = Buffer.allocUnsafeSlow(65_536);

function readInto(onRead: (bytes: Buffer) => void): OnReadOpts {
  return {
    buffer: READ_BUFFER,
    callback: (length) => {
      onRead(READ_BUFFER.subarray(0, length));
      // Whoever has enough for now pauses the socket.
      return true;
    },
  };
}

/** Opens connections to one origin: TCP, or TLS with the origin's own name, within one limit for both. */
export class Connector {
  readonly #url: URL;
  readonly #host: string;
  /** Whom its certificate must be for. */
  readonly #name: string;
  readonly #verify: boolean;
  readonly #timeout: Ms;
  readonly #from: { readonly localAddress?: string };
  /** Made once: to read a bundle of authorities takes longer than a handshake. `undefined`: no TLS. */
  readonly #context: SecureContext | undefined;
  /** The newest session, so that the next handshake is a short one. */
  #session: Buffer | undefined;

  /**
   * `localAddress`: from where connections come; default: as the system picks it. Throws when the certificates or the key of
   * `tls` cannot be used.
   */
  constructor(url: URL, tls: OriginTlsPlan, timeout: Ms, localAddress?: string) {
    this.#url = url;
    this.#host = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
    this.#name = tls.serverName ?? this.#host;
    this.#verify = tls.verify;
    this.#timeout = timeout;
    this.#from = localAddress === undefined ? {} : { localAddress };
    if (url.protocol === 'https:') this.#context = secureContext(url, tls);
  }

  /**
   * `done` is called once, later: with nothing when the returned socket can be written to, else with what was wrong.
   * `onRead` gets what the origin sends, lent until it returns; without it the socket is read as any stream.
   */
  connect(done: (error: Error | undefined) => void, onRead?: (bytes: Buffer) => void): Socket {
    const reading = onRead === undefined ? {} : { onread: readInto(onRead) };
    const socket = this.#context === undefined ? this.#openTcp(reading) : this.#openTls(this.#context, reading);
    const timer = setTimeout(() => {
      socket.destroy(new ProxyError('connection_timeout', `no connection within ${this.#timeout} ms`));
    }, this.#timeout);
    const settle = (error: Error | undefined) => {
      clearTimeout(timer);
      socket.off(event, connected).off('error', failed).off('close', closed);
      done(error);
    };
    const connected = () => settle(undefined);
    const failed = (error: Error) => {
      // If it was the session that the origin could not bear, the next handshake goes without.
      this.#session = undefined;
      settle(error);
    };
    const closed = () => settle(new ProxyError('connection_terminated', 'closed while connecting'));
    const event = this.#context === undefined ? 'connect' : 'secureConnect';
    socket.once(event, connected).once('error', failed).once('close', closed);
    return socket;
  }

  #openTcp(reading: Reading): Socket {
    const port = Number(this.#url.port || 80);
    // A tunnel passes each side's end on by itself.
    return connectTcp({
      host: this.#host,
      port,
      noDelay: true,
      keepAlive: true,
      allowHalfOpen: true,
      ...this.#from,
      ...reading,
    });
  }

  #openTls(secureContext: SecureContext, reading: Reading): Socket {
    // Node's types do not know that it takes these, too.
    const options: ConnectionOptions & { readonly allowHalfOpen: boolean; readonly localAddress?: string } = {
      host: this.#host,
      port: Number(this.#url.port || 443),
      // There is no SNI for addresses (RFC 6066 §3).
      servername: isIP(this.#name) === 0 ? this.#name : '',
      checkServerIdentity: (_, certificate) => checkServerIdentity(this.#name, certificate),
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: this.#verify,
      allowHalfOpen: true,
      ...this.#from,
      secureContext,
      ...reading,
      ...(this.#session !== undefined && { session: this.#session }),
    };
    const socket = connectTls(options);
    socket.setNoDelay(true).setKeepAlive(true);
    // Comes after the certificate was checked: who resumes it need not be checked again.
    socket.on('session', (session) => {
      this.#session = session;
    });
    // Whoever uses it listens for errors too; a late one must not find nobody.
    socket.on('error', () => {});
    return socket;
  }
}

function secureContext(url: URL, { ca, cert, key }: OriginTlsPlan): SecureContext {
  try {
    return createSecureContext({
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
    });
  } catch (cause) {
    throw new Error(`cannot use the certificates or the key for ${url.origin}: ${(cause as Error).message}`, { cause });
  }
}
