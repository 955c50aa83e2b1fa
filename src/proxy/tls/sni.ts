import {
  createSecureContext,
  type SecureContext,
  type SecureContextOptions,
  type TLSSocket,
  type TlsOptions,
} from 'node:tls';
import type { Ms } from '../../base/units.ts';
import type { TlsPlan } from '../plan.ts';
import type { CertificateData } from './certificate.ts';
import { contextOptions, sharedOptions } from './settings.ts';

/** What a client has said so far, while SNI is looked at. */
export type ClientHello = Pick<TLSSocket, 'getProtocol' | 'getSharedSigalgs'>;

/** Certificates for the same names, by type of key. */
type Group = ReadonlyMap<string, SecureContext>;

/** How OpenSSL calls the signatures that a type of key makes. */
const SIGNATURES: Readonly<Record<string, readonly string[]>> = {
  ec: ['ECDSA'],
  rsa: ['RSA-PSS', 'RSA'],
  'rsa-pss': ['RSA-PSS'],
  ed25519: ['Ed25519'],
  ed448: ['Ed448'],
};

/**
 * A worker's certificates, by the name that a client asks for (SNI, RFC 6066 §3). Never changed: a reload makes a new
 * one. For plans that `checkTlsSettings` has passed.
 */
export class CertificateStore {
  /** `www.example.com`, and `*.example.com` as it is. */
  readonly #byName = new Map<string, Group | 'default'>();

  /**
   * For `createServer` and `setSecureContext`: what is served without SNI or for a name that no certificate has. It is
   * also the context that OpenSSL takes ticket keys and session id context from, whatever SNI has chosen. It must have
   * ticket keys: Node would bring those of the constructor back, not those that `setTicketKeys` has set since.
   */
  readonly defaultContext: SecureContextOptions;

  constructor(plan: TlsPlan) {
    const shared = sharedOptions(plan);
    const [first = [], ...others] = groupByNames(plan.certificates);
    this.defaultContext = { ...contextOptions(first, shared), ticketKeys: Buffer.from(plan.ticketKeys) };
    this.#add(first, 'default');
    for (const group of others) {
      const contexts = group.map((one) => [one.keyType, createSecureContext(contextOptions([one], shared))] as const);
      this.#add(group, new Map(contexts));
    }
  }

  /**
   * The exact name, else the wildcard of its parent domain, where `*` stands for one label (RFC 9525 §6.3).
   * `undefined`: the default context, also where that has the name.
   */
  select(serverName: string, hello: ClientHello): SecureContext | undefined {
    const name = serverName.toLowerCase().replace(/\.$/, '');
    const dot = name.indexOf('.');
    const parent = dot > 0 ? this.#byName.get(`*${name.slice(dot)}`) : undefined;
    const group = this.#byName.get(name) ?? parent ?? 'default';
    return group === 'default' ? undefined : selectByKeyType(group, hello);
  }

  #add(certificates: readonly CertificateData[], group: Group | 'default'): void {
    for (const name of certificates.flatMap(({ names }) => names)) {
      if (!this.#byName.has(name)) this.#byName.set(name, group);
    }
  }
}

/**
 * For `tls.createServer` or `http2.createSecureServer`. `certificates` is asked at each handshake, so that a server can
 * outlive a reload: hand the new store's `defaultContext` to `setSecureContext`. `handshakeTimeout` cannot be changed
 * that way.
 *
 * Who listens to `tlsClientError` must destroy the socket: Node leaves it open, even after `handshakeTimeout`, which is
 * counted from the start and not from the last byte. (HTTP servers do it, unless there is a listener to `clientError`.)
 *
 * To rotate ticket keys, send 48 new random bytes to all workers and let each call `setTicketKeys`. Node holds one set
 * at a time: tickets made before cost their holders one full handshake, and so do those that meet a worker which has
 * not heard yet. Doing so daily bounds what a stolen key can open of TLS 1.2; TLS 1.3 adds a fresh key exchange to
 * every resumption.
 */
export function tlsServerOptions(certificates: () => CertificateStore, handshakeTimeout: Ms): TlsOptions {
  return {
    ...certificates().defaultContext,
    // Whoever names none that we know is refused (RFC 7301 §3.2): `curl --http1.0` names but this one.
    ALPNProtocols: ['h2', 'http/1.1', 'http/1.0'],
    SNICallback(this: TLSSocket, serverName, done) {
      done(null, certificates().select(serverName, this));
    },
    handshakeTimeout,
  };
}

/**
 * One certificate for each type of key; of two with the same names and type the first listed is served, for OpenSSL
 * would take the last. The group of the first certificate comes first.
 */
function groupByNames(certificates: readonly CertificateData[]): CertificateData[][] {
  const groups = Map.groupBy(certificates, ({ names }) => [...names].sort().join('\n')).values();
  return [...groups].map((group) =>
    group.filter((one) => one === group.find(({ keyType }) => keyType === one.keyType)),
  );
}

/**
 * Of a context that SNI has chosen, Node takes over one certificate alone (the last that was set), and so we choose by
 * type of key, as OpenSSL does for the default context: the first signature, in our order, that both sides know. In TLS
 * 1.2 ciphers are tied to types as well, and which of them a client offers is not told; RSA is what all have.
 */
function selectByKeyType(group: Group, hello: ClientHello): SecureContext | undefined {
  const [first] = group.values();
  if (group.size === 1) return first;
  const signatures = hello.getSharedSigalgs().map((algorithm) => algorithm.split('+', 1)[0] ?? '');
  if (hello.getProtocol() === 'TLSv1.2' && group.has('rsa') && signatures.includes('RSA')) return group.get('rsa');
  for (const signature of signatures) {
    for (const [keyType, context] of group) {
      if (SIGNATURES[keyType]?.includes(signature)) return context;
    }
  }
  return first;
}
