import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readCertificate } from '../../../src/proxy/tls/certificate.ts';
import { ensureSelfSigned } from '../../../src/proxy/tls/self-signed.ts';
import { CertificateStore, tlsServerOptions } from '../../../src/proxy/tls/sni.ts';
import { describeWithPeers } from '../../support/peers.ts';
import { atTeardown } from '../../support/teardown.ts';
import { tempDir } from '../../support/temp.ts';
import { openssl } from './authority.ts';
import { handshake, planOf, run, serveTls } from './handshake.ts';

const NOW = Date.now();
const DAY = 86_400_000;

async function stateDir(): Promise<string> {
  return join(await tempDir('self-signed'), 'state');
}

describe('the self-signed certificate', () => {
  test('is for this machine, the node and its sites, and says that it is no CA', async () => {
    const names = ['us-1', 'WWW.Example.com', '*.example.org', '10.0.0.1', '[2001:DB8:0:0::1]', '::ffff:10.0.0.9'];
    const files = ensureSelfSigned(await stateDir(), [...names, 'us-1', 'localhost']);
    expect(readCertificate(files).names).toEqual([
      ...['localhost', '127.0.0.1', '::1', 'us-1', 'www.example.com', '*.example.org'],
      ...['10.0.0.1', '2001:db8::1', '::ffff:a00:9'],
    ]);
    const certificate = new X509Certificate(readFileSync(files.cert));
    expect(certificate.ca).toBe(false);
    expect(certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    for (const ip of ['127.0.0.1', '::1', '10.0.0.1', '2001:db8::1']) expect(certificate.checkIP(ip)).toBe(ip);
    expect(certificate.checkHost('a.example.org')).toBe('*.example.org');
  });

  test('lives 397 days, and is valid for clients whose clock is a day behind', async () => {
    const { notBefore, notAfter } = readCertificate(ensureSelfSigned(await stateDir(), [], NOW));
    expect(NOW - notBefore).toBeGreaterThanOrEqual(DAY);
    expect(notAfter - notBefore).toBe(397 * DAY);
  });

  test('is kept where only its owner reads it, and nothing else is left there', async () => {
    const directory = await stateDir();
    ensureSelfSigned(directory, []);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(readdirSync(directory).sort()).toEqual(['self-signed.key', 'self-signed.pem']);
    for (const file of readdirSync(directory)) expect(statSync(join(directory, file)).mode & 0o777).toBe(0o600);
  });

  test('has another key and serial number each time', async () => {
    const files = [ensureSelfSigned(await stateDir(), []), ensureSelfSigned(await stateDir(), [])];
    const [one, two] = files.map(({ cert }) => new X509Certificate(readFileSync(cert)));
    expect(one?.serialNumber).not.toBe(two?.serialNumber);
    // Positive, of 128 bits.
    for (const each of [one, two]) expect(each?.serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/);
    expect(one?.publicKey.equals(two?.publicKey as typeof one.publicKey)).toBe(false);
  });
});

describe('keeping the self-signed certificate', () => {
  test('the next start finds it, also with fewer names or in another order', async () => {
    const directory = await stateDir();
    const first = ensureSelfSigned(directory, ['a.example', 'B.example'], NOW);
    const before = readCertificate(first).fingerprint;
    expect(first.created).toBe(true);
    for (const names of [['b.example', 'a.example'], ['a.example'], []]) {
      expect(ensureSelfSigned(directory, names, NOW)).toEqual({ ...first, created: false });
    }
    expect(readCertificate(first).fingerprint).toBe(before);
  });

  test.each([
    { name: 'a name is not covered', names: ['a.example', 'new.example'], later: 0 },
    { name: 'it runs out within 30 days', names: ['a.example'], later: 367 * DAY },
    { name: 'it has expired', names: ['a.example'], later: 500 * DAY },
    { name: 'it was made by a clock that ran ahead', names: ['a.example'], later: -30 * DAY },
  ])('it is made anew when $name', async ({ names, later }) => {
    const directory = await stateDir();
    const before = readCertificate(ensureSelfSigned(directory, ['a.example'], NOW));
    const files = ensureSelfSigned(directory, names, NOW + later);
    expect(files.created).toBe(true);
    expect(readCertificate(files).fingerprint).not.toBe(before.fingerprint);
    expect(ensureSelfSigned(directory, names, NOW + later).created).toBe(false);
  });

  test.each([
    { name: 'the certificate is cut off', file: 'self-signed.pem', text: '-----BEGIN CERTIFICATE-----\nMIIB' },
    { name: 'the certificate is no certificate', file: 'self-signed.pem', text: pem('CERTIFICATE', 'AAAA') },
    { name: 'the key is empty', file: 'self-signed.key', text: '' },
    { name: 'the key is no key', file: 'self-signed.key', text: pem('PRIVATE KEY', 'AAAA') },
  ])('it is made anew when $name', async ({ file, text }) => {
    const directory = await stateDir();
    ensureSelfSigned(directory, []);
    writeFileSync(join(directory, file), text);
    expect(ensureSelfSigned(directory, []).created).toBe(true);
    expect(ensureSelfSigned(directory, []).created).toBe(false);
  });

  test('it is made anew when a kill came between the two files', async () => {
    const [one, two] = [await stateDir(), await stateDir()];
    ensureSelfSigned(one, []);
    ensureSelfSigned(two, []);
    writeFileSync(join(one, 'self-signed.key'), readFileSync(join(two, 'self-signed.key')));
    expect(ensureSelfSigned(one, []).created).toBe(true);
  });

  test('a state_dir that cannot be made is told in one line', async () => {
    const file = join(await tempDir(), 'file');
    writeFileSync(file, '');
    expect(() => ensureSelfSigned(file, [])).toThrow(
      expect.objectContaining({
        code: 'state_dir_unusable',
        message: `cannot keep a self-signed certificate in state_dir ${file}: file already exists`,
      }),
    );
  });

  test('a state_dir in a place that takes no directories is told, and not tried for ever', () => {
    expect(() => ensureSelfSigned('/proc/portico/state', [])).toThrow(
      /^cannot keep a self-signed certificate in state_dir/,
    );
  });

  test('a state_dir that cannot be written to is told in one line, and no draft is left', async () => {
    const directory = await stateDir();
    mkdirSync(join(directory, 'self-signed.key'), { recursive: true });
    expect(() => ensureSelfSigned(directory, [])).toThrow(
      expect.objectContaining({
        code: 'state_dir_unusable',
        message: expect.stringMatching(/^[^\n]*directory[^\n]*$/),
      }),
    );
    expect(readdirSync(directory)).toEqual(['self-signed.key']);
  });
});

describe('a client that trusts the self-signed certificate', () => {
  test('Node accepts it for the names it has', async () => {
    const files = ensureSelfSigned(await stateDir(), ['www.example.com']);
    const { port } = await serveTls(planOf([readCertificate(files)]));
    const trusting = { rejectUnauthorized: true, ca: readFileSync(files.cert) };
    expect((await handshake(port, trusting)).greeting).toBe('hello'); // For 127.0.0.1, which it connects to.
    expect((await handshake(port, { ...trusting, servername: 'www.example.com' })).greeting).toBe('hello');
    await expect(handshake(port, { ...trusting, servername: 'other.example' })).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' }),
    );
    await expect(handshake(port, { ...trusting, ca: [] })).rejects.toThrow(
      expect.objectContaining({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
    );
  });
});

describeWithPeers(['openssl', 'curl'], 'real clients that trust the self-signed certificate', () => {
  test('openssl verify accepts it, strictly, as a server and for its names alone', async () => {
    const files = ensureSelfSigned(await stateDir(), ['www.example.com']);
    const verify = (...args: string[]) =>
      openssl(['verify', '-x509_strict', '-CAfile', files.cert, ...args, files.cert]);
    expect(verify('-purpose', 'sslserver', '-verify_hostname', 'www.example.com')).toMatch(/: OK/);
    expect(verify('-purpose', 'sslserver', '-verify_ip', '::1')).toMatch(/: OK/);
    expect(() => verify('-purpose', 'sslclient')).toThrow();
    expect(() => verify('-verify_hostname', 'www.example.org')).toThrow();
  });

  test('openssl tells two nodes apart whose certificates are trusted in one file', async () => {
    const files = [ensureSelfSigned(await stateDir(), ['us-1']), ensureSelfSigned(await stateDir(), ['us-2'])];
    const both = join(await tempDir(), 'both.pem');
    writeFileSync(both, files.map(({ cert }) => readFileSync(cert, 'utf8')).join(''));
    for (const { cert } of files) expect(openssl(['verify', '-x509_strict', '-CAfile', both, cert])).toMatch(/: OK/);
  });

  test.each(['--http1.1', '--http2'])('curl %s', async (version) => {
    const files = ensureSelfSigned(await stateDir(), ['www.example.com']);
    const certificates = new CertificateStore(planOf([readCertificate(files)]));
    const options = { ...tlsServerOptions(() => certificates, 5000), allowHTTP1: true };
    const server = createSecureServer(options, (request, response) => response.end(`HTTP/${request.httpVersion}`));
    atTeardown(() => server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    for (const host of ['localhost', '127.0.0.1', 'www.example.com']) {
      const to = ['--resolve', `${host}:${port}:127.0.0.1`, `https://${host}:${port}/`];
      const { stdout } = await run('curl', ['-sS', '--noproxy', '*', version, '--cacert', files.cert, ...to]);
      expect(stdout).toBe(version === '--http2' ? 'HTTP/2.0' : 'HTTP/1.1');
    }
    const wrong = ['--resolve', `other.example:${port}:127.0.0.1`, `https://other.example:${port}/`];
    const asked = run('curl', ['-sS', '--noproxy', '*', '--cacert', files.cert, ...wrong]);
    await expect(asked).rejects.toThrow(/no alternative certificate subject name matches/);
  });
});

function pem(label: string, text: string): string {
  return `-----BEGIN ${label}-----\n${text}\n-----END ${label}-----\n`;
}
