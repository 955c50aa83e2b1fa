import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';
import forge from 'node-forge';

/** Writes a self-signed certificate, RFC 5280. */

const { asn1 } = forge;
type Asn1 = forge.asn1.Asn1;

/** Its parameters are absent, not NULL (RFC 5758 §3.2). */
const ECDSA_WITH_SHA256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'));

export interface SelfSigned {
  readonly certPem: string;
  readonly keyPem: string;
}

/**
 * EC P-256: every client takes it, and signing is some ten times cheaper than RSA. `names` are as `canonicalName` writes
 * them; `notBefore` and `notAfter` in epoch milliseconds.
 */
export function makeSelfSigned(names: readonly string[], notBefore: number, notAfter: number): SelfSigned {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const tbsCertificate = toBeSigned(names, publicKey, notBefore, notAfter);
  // node-forge signs with RSA alone: it writes the structure, OpenSSL signs it (a DER signature, as X.509 wants it).
  const signatureValue = sign('sha256', toDer(tbsCertificate), privateKey);
  const certificate = toDer(sequence(tbsCertificate, ECDSA_WITH_SHA256, bitString(signatureValue)));
  return {
    certPem: `-----BEGIN CERTIFICATE-----\n${base64Lines(certificate)}\n-----END CERTIFICATE-----\n`,
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/**
 * TBSCertificate of RFC 5280 §4.1, field by field. Issuer and subject are the same and tell nodes apart by key alone:
 * verifiers find the certificate by subject, then by key identifier.
 */
function toBeSigned(names: readonly string[], publicKey: KeyObject, notBefore: number, notAfter: number): Asn1 {
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const serialNumber = randomBytes(16);
  serialNumber[0] = ((serialNumber[0] as number) & 0x7f) | 0x40; // Positive, and without leading zeros.
  return sequence(
    explicit(0, integer(Buffer.of(2))), // version: v3
    integer(serialNumber),
    ECDSA_WITH_SHA256, // signature
    name('Portico self-signed'), // issuer
    sequence(utcTime(notBefore), utcTime(notAfter)), // validity
    name('Portico self-signed'), // subject
    asn1.fromDer(spki.toString('latin1')), // subjectPublicKeyInfo
    explicit(3, sequence(...extensions(names, spki))),
  );
}

/**
 * §4.2.1. No keyUsage: without keyCertSign, older OpenSSL does not take the certificate as its own issuer, and finds no
 * chain to it though it is trusted; with keyCertSign, it would contradict basicConstraints.
 */
function extensions(names: readonly string[], spki: Buffer): Asn1[] {
  const keyIdentifier = createHash('sha256').update(spki).digest().subarray(0, 20);
  return [
    extension('2.5.29.14', octetString(keyIdentifier)), // subjectKeyIdentifier
    extension('2.5.29.35', sequence(contextSpecific(0, keyIdentifier))), // authorityKeyIdentifier: itself
    extension('2.5.29.19', sequence(), 'critical'), // basicConstraints: cA FALSE, which DER leaves out
    extension('2.5.29.37', sequence(objectIdentifier('1.3.6.1.5.5.7.3.1'))), // extKeyUsage: serverAuth
    extension('2.5.29.17', sequence(...names.map(generalName))), // subjectAltName
  ];
}

/** GeneralName of §4.2.1.6: dNSName [2] or iPAddress [7]. */
function generalName(text: string): Asn1 {
  return isIP(text) === 0 ? contextSpecific(2, Buffer.from(text, 'latin1')) : contextSpecific(7, addressBytes(text));
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  // Eight groups of hexadecimal digits, one run of zeros left out.
  const [head = '', tail] = address.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const after = groups(tail ?? '');
  const zeros = tail === undefined ? 0 : 8 - groups(head).length - after.length;
  const all = [...groups(head), ...Array<string>(zeros).fill('0'), ...after];
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

// What DER is made of. node-forge holds bytes in strings, one character each.

function universal(type: forge.asn1.Type, bytes: string | Buffer): Asn1 {
  const value = typeof bytes === 'string' ? bytes : bytes.toString('latin1');
  return asn1.create(asn1.Class.UNIVERSAL, type, false, value);
}

function sequence(...parts: Asn1[]): Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, parts);
}

function set(part: Asn1): Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SET, true, [part]);
}

function explicit(tag: number, part: Asn1): Asn1 {
  return asn1.create(asn1.Class.CONTEXT_SPECIFIC, tag, true, [part]);
}

function contextSpecific(tag: number, bytes: Buffer): Asn1 {
  return asn1.create(asn1.Class.CONTEXT_SPECIFIC, tag, false, bytes.toString('latin1'));
}

function integer(bytes: Buffer): Asn1 {
  return universal(asn1.Type.INTEGER, bytes);
}

function octetString(bytes: Buffer): Asn1 {
  return universal(asn1.Type.OCTETSTRING, bytes);
}

/** Of whole bytes: none of the last one's bits are unused. */
function bitString(bytes: Buffer): Asn1 {
  return universal(asn1.Type.BITSTRING, Buffer.concat([Buffer.of(0), bytes]));
}

function objectIdentifier(oid: string): Asn1 {
  return universal(asn1.Type.OID, asn1.oidToDer(oid).getBytes());
}

/** Two digits of the year, good until 2049 (RFC 5280 §4.1.2.5). */
function utcTime(time: number): Asn1 {
  return universal(asn1.Type.UTCTIME, asn1.dateToUtcTime(new Date(time)));
}

function name(commonName: string): Asn1 {
  return sequence(set(sequence(objectIdentifier('2.5.4.3'), universal(asn1.Type.UTF8, commonName))));
}

function extension(oid: string, value: Asn1, critical?: 'critical'): Asn1 {
  const extnValue = octetString(toDer(value));
  if (critical === undefined) return sequence(objectIdentifier(oid), extnValue);
  return sequence(objectIdentifier(oid), universal(asn1.Type.BOOLEAN, Buffer.of(0xff)), extnValue);
}

function toDer(value: Asn1): Buffer {
  return Buffer.from(asn1.toDer(value).getBytes(), 'latin1');
}

function base64Lines(bytes: Buffer): string {
  return bytes.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
}
