import { createHash, constants as openssl } from 'node:crypto';
import { createSecureContext, DEFAULT_CIPHERS, type SecureContextOptions } from 'node:tls';
import type { TlsPlan } from '../plan.ts';
import type { CertificateData } from './certificate.ts';
import { reasonOf, TlsError } from './error.ts';

/** What a listener's handshakes are made with; without ticket keys, for these are no matter of configuration. */
export type TlsSettings = Omit<TlsPlan, 'ticketKeys'>;

/** How long a session may be resumed, in seconds. OpenSSL's own default for both versions; Node's manual says 300. */
const SESSION_LIFETIME = 7200;

/**
 * Throws a `TlsError` for what OpenSSL would refuse, or silently pass over. Runs in the control plane, so that a worker
 * is never handed settings that it cannot serve.
 */
export function checkTlsSettings(settings: TlsSettings): void {
  if (settings.ciphers !== undefined) checkCiphers(settings.ciphers, settings.minimumVersion);
  const shared = sharedOptions(settings);
  for (const certificate of settings.certificates) {
    try {
      createSecureContext(contextOptions([certificate], shared));
    } catch (cause) {
      // A key that is too weak for the security level, an algorithm that TLS does not know.
      const problem = `${certificate.file}: OpenSSL refuses to serve it: ${reasonOf(cause)}`;
      throw new TlsError('certificate_refused', problem, { cause });
    }
  }
}

/**
 * What `createSecureContext` and `createServer` take. `certificates` are for the same names and of different key types:
 * a client gets the one whose signatures it knows.
 */
export function contextOptions(certificates: readonly CertificateData[], shared: SecureContextOptions) {
  return {
    ...shared,
    cert: certificates.map(({ certPem }) => certPem),
    key: certificates.map(({ keyPem }) => keyPem),
  } satisfies SecureContextOptions;
}

/** What the contexts of a listener have in common. */
export function sharedOptions(settings: TlsSettings): SecureContextOptions {
  return {
    minVersion: settings.minimumVersion,
    ciphers: completeCiphers(settings.ciphers),
    // Our order, which keeps HTTP/2 away from the ciphers it forbids (RFC 9113 §9.2.2) whatever a client puts first;
    // but a phone without AES instructions, which puts ChaCha20 first, gets that.
    honorCipherOrder: true,
    secureOptions: openssl.SSL_OP_PRIORITIZE_CHACHA | openssl.SSL_OP_NO_RENEGOTIATION,
    sessionIdContext: sessionIdContext(settings),
    sessionTimeout: SESSION_LIFETIME,
  };
}

/**
 * A session is resumed without a look at certificates, version or ciphers, and all listeners share the ticket keys. So
 * everything that a full handshake would have decided by is in the session's context: what was made under other
 * settings, on another listener or before a reload, is not resumed here. 32 bytes at most.
 */
function sessionIdContext({ certificates, minimumVersion, ciphers }: TlsSettings): string {
  const decided = [minimumVersion, ciphers ?? '', ...certificates.map(({ fingerprint }) => fingerprint)];
  return createHash('sha256').update(decided.join('\n')).digest('hex').slice(0, 32);
}

/**
 * OpenSSL has a list for TLS 1.2 and another for 1.3, Node has one for both and turns a version off when nothing of it
 * is listed: a list written for TLS 1.2, as most are, would end TLS 1.3. What a list does not speak of stays at Node's
 * default; `minimum_version` alone decides about versions.
 */
function completeCiphers(ciphers: string | undefined): string {
  if (ciphers === undefined) return DEFAULT_CIPHERS;
  const listed = tokens(ciphers);
  const defaults = tokens(DEFAULT_CIPHERS);
  const suites = listed.some(isTls13) ? [] : defaults.filter(isTls13);
  const list = listed.every(isTls13) ? defaults.filter((token) => !isTls13(token)) : [];
  return [...suites, ...listed, ...list].join(':');
}

/** OpenSSL passes over a name that it does not know as long as it knows another: a typing error would go unnoticed. */
function checkCiphers(ciphers: string, minimumVersion: TlsPlan['minimumVersion']): void {
  const listed = tokens(ciphers);
  if (listed.length === 0) throw new TlsError('ciphers_invalid', 'ciphers: the list is empty');
  for (const token of listed) {
    // To exclude what does not exist does no harm, and a command such as @SECLEVEL=2 makes no list by itself.
    if (/^[!+@-]/.test(token) && !isTls13(token)) continue;
    // Whether the level of security lets it be used is another question than whether there is such a thing.
    if (!isCipherList(isTls13(token) ? token : `${token}:@SECLEVEL=0`)) {
      throw new TlsError('ciphers_invalid', `ciphers: OpenSSL knows no "${token}"`);
    }
  }
  if (!isCipherList(completeCiphers(ciphers))) {
    throw new TlsError('ciphers_invalid', `ciphers: "${ciphers}" is no list that OpenSSL takes, or leaves nothing`);
  }
  if (minimumVersion === 'TLSv1.3' && !listed.some(isTls13)) {
    throw new TlsError('ciphers_invalid', 'ciphers: none of them is for TLS 1.3, which minimum_version asks for');
  }
}

/** OpenSSL takes all of these between names, Node the colon alone. */
function tokens(ciphers: string): string[] {
  return ciphers.split(/[:;, ]+/).filter((token) => token !== '');
}

/** As Node tells the two kinds apart. */
function isTls13(token: string): boolean {
  return /^!?TLS_/.test(token);
}

function isCipherList(ciphers: string): boolean {
  try {
    createSecureContext({ ciphers });
    return true;
  } catch {
    return false;
  }
}
