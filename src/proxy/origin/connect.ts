import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Ms } from '../../base/units.ts';
import { ProxyError } from '../error.ts';
import type { OriginTlsPlan } from '../plan.ts';

/** Opens connections to one origin: TCP, or TLS with the origin's own name, within one limit for both. */
export class Connector {
  readonly #url: URL;
  readonly #host: string;
  readonly #tls: OriginTlsPlan;
  readonly #timeout: Ms;
  /** The newest session, so that the next handshake is a short one. */
  #session: Buffer | undefined;

  constructor(url: URL, tls: OriginTlsPlan, timeout: Ms) {
    this.#url = url;
    this.#host = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
    this.#tls = tls;
    this.#timeout = timeout;
  }

  /** `done` is called once: with nothing when the returned socket can be written to, else with what was wrong. */
  connect(done: (error: Error | undefined) => void): Socket {
    const socket = this.#url.protocol === 'https:' ? this.#openTls() : this.#openTcp();
    const timer = setTimeout(() => {
      socket.destroy(new ProxyError('connection_timeout', `no connection within ${this.#timeout} ms`));
    }, this.#timeout);
    const settle = (error: Error | undefined) => {
      clearTimeout(timer);
      socket.off(event, connected).off('error', settle).off('close', closed);
      done(error);
    };
    const connected = () => settle(undefined);
    const closed = () => settle(new ProxyError('connection_terminated', 'closed while connecting'));
    const event = this.#url.protocol === 'https:' ? 'secureConnect' : 'connect';
    socket.once(event, connected).once('error', settle).once('close', closed);
    return socket;
  }

  #openTcp(): Socket {
    const port = Number(this.#url.port || 80);
    // A tunnel passes each side's end on by itself.
    return connectTcp({ host: this.#host, port, noDelay: true, keepAlive: true, allowHalfOpen: true });
  }

  #openTls(): Socket {
    const { ca, cert, key, serverName, verify } = this.#tls;
    const servername = serverName ?? (isIP(this.#host) === 0 ? this.#host : '');
    const socket = connectTls({
      host: this.#host,
      port: Number(this.#url.port || 443),
      servername,
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: verify,
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(this.#session !== undefined && { session: this.#session }),
    });
    socket.setNoDelay(true).setKeepAlive(true);
    socket.on('session', (session) => {
      this.#session = session;
    });
    // Whoever uses it listens for errors too; a late one must not find nobody.
    socket.on('error', () => {});
    return socket;
  }
}
