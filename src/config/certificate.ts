import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';

/** What is wrong with certificates and keys, found before TLS finds it. Faults are told as text. */

/** Reads a PEM file of certificates. Other text may stand between them, as may a key. */
export function readCertificates(pem: Buffer): readonly [X509Certificate, ...X509Certificate[]] | string {
  const blocks = pem.toString('latin1').match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  const certificates: X509Certificate[] = [];
  for (const block of blocks) {
    try {
      certificates.push(new X509Certificate(block));
    } catch {
      return `expected certificates in PEM form, got a damaged one (${certificates.length + 1} of ${blocks.length})`;
    }
  }
  const [first, ...chain] = certificates;
  return first === undefined ? 'expected a certificate in PEM form, got none' : [first, ...chain];
}

/** Reads a private key. It must not be encrypted: no one is there to give a passphrase when a machine restarts at night. */
export function readKey(pem: Buffer): KeyObject | string {
  const text = pem.toString('latin1');
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(text)) {
    return 'expected a private key without a passphrase, got an encrypted one';
  }
  try {
    return createPrivateKey(pem);
  } catch {
    return 'expected a private key in PEM form, got none';
  }
}

/** Why this key cannot be used with this certificate. */
export function mismatch(certificate: X509Certificate, key: KeyObject): string | undefined {
  return certificate.checkPrivateKey(key) ? undefined : 'is not the key of the certificate beside it';
}

/** Why TLS will not have them, though they belong together: a key that is too short, a signature that is too weak. */
export function refusal(cert: Buffer, key: Buffer): string | undefined {
  try {
    createSecureContext({ cert, key });
    return undefined;
  } catch (error) {
    const { reason, message } = error as Error & { reason?: string };
    return `is refused by TLS: ${reason ?? message}`;
  }
}

/** Whether a certificate is past its time, or before it. Not fatal: an expired one is better than no site at all. */
export function untimely(certificate: X509Certificate, now: Date): string | undefined {
  const { validFromDate, validToDate } = certificate;
  if (now > validToDate) return `expired on ${validToDate.toISOString()}`;
  if (now < validFromDate) return `is not valid before ${validFromDate.toISOString()}`;
  return undefined;
}
