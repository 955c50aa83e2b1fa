import { beforeAll, describe, expect, test } from 'vitest';
import { readCertificate } from '../../../src/proxy/tls/certificate.ts';
import { checkTlsSettings } from '../../../src/proxy/tls/settings.ts';
import { describeWithPeers } from '../../support/peers.ts';
import { Authority } from './authority.ts';
import { handshake, planOf, serveTls } from './handshake.ts';

describe('ciphers', () => {
  test.each([
    'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256',
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_128_GCM_SHA256:ECDHE+AESGCM:!aNULL',
    'HIGH:!aNULL:!RC4:!3DES:-PSK:+SHA1:@STRENGTH',
    'HIGH:@SECLEVEL=1',
    'ECDHE-RSA-AES128-GCM-SHA256 TLS_AES_128_GCM_SHA256, HIGH',
  ])('%j is a list', (ciphers) => {
    checkTlsSettings(planOf([], { ciphers }));
  });

  test.each([
    { ciphers: 'NONSENSE', message: 'ciphers: OpenSSL knows no "NONSENSE"' },
    { ciphers: 'HIGH:ECDHE-RSA-AES128-GCM-SHA265', message: 'ciphers: OpenSSL knows no "ECDHE-RSA-AES128-GCM-SHA265"' },
    { ciphers: 'TLS_AES_128_GCM_SHA256:TLS_AES_512', message: 'ciphers: OpenSSL knows no "TLS_AES_512"' },
    { ciphers: '!TLS_AES_128_GCM_SHA256', message: 'ciphers: OpenSSL knows no "!TLS_AES_128_GCM_SHA256"' },
    { ciphers: 'HIGH:RC4', message: 'ciphers: OpenSSL knows no "RC4"' },
    { ciphers: '', message: 'ciphers: the list is empty' },
    { ciphers: ' : ', message: 'ciphers: the list is empty' },
    { ciphers: 'HIGH:!ALL', message: 'ciphers: "HIGH:!ALL" is no list that OpenSSL takes, or leaves nothing' },
    {
      ciphers: 'HIGH:@SECLEVEL=9',
      message: 'ciphers: "HIGH:@SECLEVEL=9" is no list that OpenSSL takes, or leaves nothing',
    },
  ])('$ciphers is refused', ({ ciphers, message }) => {
    const refusal = expect.objectContaining({ code: 'ciphers_invalid', message });
    expect(() => checkTlsSettings(planOf([], { ciphers }))).toThrow(refusal);
  });

  test('for TLS 1.2 alone are refused where TLS 1.3 is the minimum', () => {
    const settings = planOf([], { ciphers: 'ECDHE-RSA-AES128-GCM-SHA256', minimumVersion: 'TLSv1.3' });
    const message = 'ciphers: none of them is for TLS 1.3, which minimum_version asks for';
    expect(() => checkTlsSettings(settings)).toThrow(expect.objectContaining({ message }));
  });
});

describeWithPeers(['openssl'], 'settings with a certificate', () => {
  let authority: Authority;
  beforeAll(async () => {
    authority = await Authority.open();
  });

  test('a key that is too weak is refused by the name of its file, unless the list lowers the bar', () => {
    const certificate = readCertificate(authority.issue({ key: 'weak rsa' }));
    const message = `${certificate.file}: OpenSSL refuses to serve it: ee key too small`;
    expect(() => checkTlsSettings(planOf([certificate]))).toThrow(
      expect.objectContaining({ code: 'certificate_refused', message }),
    );
    checkTlsSettings(planOf([certificate], { ciphers: 'DEFAULT:@SECLEVEL=0' }));
  });

  test('a pair that does not match is refused, not served', () => {
    const [one, two] = [readCertificate(authority.issue({})), readCertificate(authority.issue({}))];
    const message = `${one.file}: OpenSSL refuses to serve it: key values mismatch`;
    expect(() => checkTlsSettings(planOf([{ ...one, keyPem: two.keyPem }]))).toThrow(
      expect.objectContaining({ message }),
    );
  });

  test('a list for TLS 1.2 leaves TLS 1.3 alone', async () => {
    const { port } = await serveTls(
      planOf([authority.site(['a.example'])], { ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' }),
    );
    expect(await handshake(port)).toMatchObject({ protocol: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384' });
    expect(await handshake(port, { maxVersion: 'TLSv1.2' })).toMatchObject({ cipher: 'ECDHE-ECDSA-AES256-GCM-SHA384' });
    const other = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' } as const;
    await expect(handshake(port, other)).rejects.toThrow(/handshake failure/);
  });

  test('a list for TLS 1.3 leaves TLS 1.2 alone', async () => {
    const { port } = await serveTls(planOf([authority.site(['a.example'])], { ciphers: 'TLS_AES_128_GCM_SHA256' }));
    expect(await handshake(port)).toMatchObject({ protocol: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256' });
    expect(await handshake(port, { maxVersion: 'TLSv1.2' })).toMatchObject({ protocol: 'TLSv1.2' });
  });

  test('our order decides, save for a client that puts ChaCha20 first', async () => {
    const { port } = await serveTls(planOf([authority.site(['a.example'])]));
    const cipherOf = async (ciphers: string) => (await handshake(port, { maxVersion: 'TLSv1.2', ciphers })).cipher;
    const [cbc, gcm] = ['ECDHE-ECDSA-AES128-SHA256', 'ECDHE-ECDSA-AES128-GCM-SHA256'];
    expect(await cipherOf(`${cbc}:${gcm}`)).toBe(gcm);
    expect(await cipherOf(`ECDHE-ECDSA-CHACHA20-POLY1305:${gcm}`)).toBe('ECDHE-ECDSA-CHACHA20-POLY1305');
    expect(await cipherOf(`${gcm}:ECDHE-ECDSA-CHACHA20-POLY1305`)).toBe(gcm);
  });
});
