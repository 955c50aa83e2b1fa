import { createHash } from 'node:crypto';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls, createSecureContext, type SecureContext } from 'node:tls';
import type { TlsSettings } from './settings.ts';

/** What the connections of all checks of a pool share. */
export class CheckTls {
  readonly settings: TlsSettings;
  /** What tells it from others: certificates are long, and origins many. */
  readonly identity: string;
  /** Made once, when it is needed: to read a bundle of authorities takes longer than a handshake, and much memory. */
  #context: SecureContext | undefined;

  constructor(settings: TlsSettings) {
    const { ca, cert, key, serverName, verify } = settings;
    this.settings = settings;
    this.identity = createHash('sha256')
      .update(JSON.stringify([ca, cert, key, serverName, verify]))
      .digest('hex');
  }

  /** Throws when the certificates or the key cannot be used. */
  get context(): SecureContext {
    const { ca, cert, key } = this.settings;
    this.#context ??= createSecureContext({
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
    });
    return this.#context;
  }
}

/** Opens the connections of checks: each is a new one, made as requests make theirs. */
export class Connector {
  readonly #host: string;
  readonly #port: number;
  readonly #tls: CheckTls | undefined;

  /** `tls`: `undefined` for a connection without. */
  constructor(url: URL, port: number | undefined, tls: CheckTls | undefined) {
    this.#host = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
    this.#port = port ?? Number(url.port || (url.protocol === 'https:' ? 443 : 80));
    this.#tls = tls;
  }

  /** What it emits when it can be written to. */
  get ready(): 'connect' | 'secureConnect' {
    return this.#tls === undefined ? 'connect' : 'secureConnect';
  }

  /** Throws when the certificates or the key cannot be used. */
  open(): Socket {
    const target = { host: this.#host, port: this.#port };
    if (this.#tls === undefined) return connectTcp({ ...target, noDelay: true });
    const { serverName, verify } = this.#tls.settings;
    const name = serverName ?? this.#host;
    return connectTls({
      ...target,
      secureContext: this.#tls.context,
      // There is no SNI for addresses (RFC 6066 §3).
      servername: isIP(name) === 0 ? name : '',
      checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
      rejectUnauthorized: verify,
      ALPNProtocols: ['http/1.1'],
    });
  }
}
