import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { reasonOf, TlsError } from './error.ts';

/** Runs in the control plane: certificates are read and checked once, then sent to the workers as plain data. */

/** PEM files: the certificate followed by its chain, and its private key. They may be one and the same file. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateData {
  /** Where it was read from, for messages. */
  readonly file: string;
  /** The certificate, then its chain, and nothing else that stood in the file. */
  readonly certPem: string;
  readonly keyPem: string;
  /** `rsa`, `ec`, `ed25519`: a name may have one certificate of each. */
  readonly keyType: string;
  /** Whom it is for, lower case: DNS names and IP addresses, or the common name where it has neither. */
  readonly names: readonly string[];
  /** Epoch milliseconds, as is `notAfter`. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** SHA-256 of the certificate, without its chain: `AB:CD:…`. */
  readonly fingerprint: string;
}

/**
 * Throws a `TlsError` where no handshake could succeed. What clients may reject and OpenSSL serves all the same is left
 * to `certificateWarnings`: an expired certificate is better than a closed port.
 */
export function readCertificate({ cert, key }: CertificateFiles): CertificateData {
  const chain = readChain(cert);
  const [leaf] = chain;
  const keyPem = readKeyPem(key);
  const privateKey = parseKey(key, keyPem);
  if (!leaf.checkPrivateKey(privateKey)) throw mismatch({ cert, key }, chain, privateKey);
  return {
    file: cert,
    certPem: chain.join(''),
    keyPem,
    keyType: privateKey.asymmetricKeyType ?? 'unknown',
    names: subjectNames(leaf),
    notBefore: leaf.validFromDate.getTime(),
    notAfter: leaf.validToDate.getTime(),
    fingerprint: leaf.fingerprint256,
  };
}

/** What an operator should know of a certificate that is served, one line each. `now` in epoch milliseconds. */
export function certificateWarnings({ file, certPem, notBefore, notAfter }: CertificateData, now: number): string[] {
  const warnings: string[] = [];
  if (now > notAfter) warnings.push(`${file}: expired on ${new Date(notAfter).toISOString()}`);
  if (now < notBefore) warnings.push(`${file}: is not valid before ${new Date(notBefore).toISOString()}`);
  const chain = pemBlocks(certPem, 'CERTIFICATE').map((pem) => new X509Certificate(pem));
  for (const [index, issuer] of chain.slice(1).entries()) {
    const issued = chain[index] as X509Certificate;
    // Matching names alone would take a renewed CA for the old one.
    if (issued.checkIssued(issuer) && issued.verify(issuer.publicKey)) continue;
    warnings.push(`${file}: certificate ${index + 2} did not issue the one before it, clients may refuse the chain`);
  }
  return warnings;
}

function readChain(file: string): [X509Certificate, ...X509Certificate[]] {
  const [leaf, ...issuers] = pemBlocks(readText(file), 'CERTIFICATE').map((pem, index) => {
    try {
      return new X509Certificate(pem);
    } catch (cause) {
      const which = `certificate ${index + 1} in ${file}`;
      throw new TlsError('certificate_invalid', `${which} cannot be read: ${reasonOf(cause)}`, { cause });
    }
  });
  if (leaf === undefined) {
    throw new TlsError(
      'certificate_missing',
      `${file} has no certificate (expected PEM, "-----BEGIN CERTIFICATE-----")`,
    );
  }
  return [leaf, ...issuers];
}

function readKeyPem(file: string): string {
  const [pem] = pemBlocks(readText(file), '(?:[A-Z]+ )*PRIVATE KEY');
  if (pem === undefined) {
    throw new TlsError('key_missing', `${file} has no private key (expected PEM, "-----BEGIN PRIVATE KEY-----")`);
  }
  return pem;
}

function parseKey(file: string, pem: string): KeyObject {
  // Both ways to say so: PKCS #8, and the older headers of RFC 1421 inside the block.
  if (/^-----BEGIN ENCRYPTED |^Proc-Type: 4,ENCRYPTED/m.test(pem)) {
    throw new TlsError('key_encrypted', `${file} is encrypted: a key without a passphrase is needed`);
  }
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new TlsError('key_invalid', `the private key in ${file} cannot be read: ${reasonOf(cause)}`, { cause });
  }
}

/** The usual reason is the order: the certificate that the key is for stands after its issuer. */
function mismatch({ cert, key }: CertificateFiles, chain: readonly X509Certificate[], privateKey: KeyObject): TlsError {
  const place = chain.findIndex((certificate) => certificate.checkPrivateKey(privateKey)) + 1;
  const hint = place === 0 ? '' : `; it is the key of certificate ${place} there, which must come first`;
  return new TlsError('key_mismatch', `${key} is not the key of the certificate in ${cert}${hint}`);
}

/**
 * Reads `DNS:www.example.com, IP Address:10.0.0.1`. Node writes as a JSON string what could be mistaken for more than
 * one name; quoted, it is still one entry here. The common name counts for nothing once there are alternative names
 * (RFC 9525 §2).
 */
function subjectNames(certificate: X509Certificate): string[] {
  const names: string[] = [];
  const entries = (certificate.subjectAltName ?? '').matchAll(/(?:^|, )([^:]+):("(?:[^"\\]|\\.)*"|[^,]*)/g);
  for (const [, kind, text = ''] of entries) {
    const value = text.startsWith('"') ? String(JSON.parse(text)) : text;
    if (kind === 'DNS' || kind === 'IP Address') names.push(canonicalName(value.toLowerCase()));
  }
  if (names.length === 0) {
    const commonName = /^CN=(.+)$/m.exec(certificate.subject)?.[1];
    if (commonName !== undefined) names.push(commonName.toLowerCase());
  }
  return names;
}

/** OpenSSL writes `0:0:0:0:0:0:0:1` and others `::1`: an IPv6 address as URLs have it, anything else as it is. */
export function canonicalName(text: string): string {
  return isIP(text) === 6 && URL.canParse(`http://[${text}]`)
    ? new URL(`http://[${text}]`).hostname.slice(1, -1)
    : text;
}

function pemBlocks(text: string, label: string): string[] {
  const block = new RegExp(`^-----BEGIN ${label}-----$.*?^-----END ${label}-----$`, 'gms');
  return (text.replaceAll('\r\n', '\n').match(block) ?? []).map((pem) => `${pem}\n`);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch (cause) {
    throw new TlsError('file_unreadable', `cannot read ${file}: ${reasonOf(cause)}`, { cause });
  }
}
