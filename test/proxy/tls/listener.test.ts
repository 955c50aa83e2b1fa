import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect as netConnect, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import { beforeAll, describe, expect, test } from 'vitest';
import { type CertificateData, certificateWarnings, readCertificate } from '../../../src/proxy/tls/certificate.ts';
import { makeSelfSigned } from '../../../src/proxy/tls/x509.ts';
import { describeWithPeers } from '../../support/peers.ts';
import { tempDir } from '../../support/temp.ts';
import { within } from '../../support/wait.ts';
import { Authority } from './authority.ts';
import { handshake, planOf, sClient, serveTls } from './handshake.ts';

const DAY = 86_400_000;

async function selfSigned(notBefore: number, notAfter: number): Promise<CertificateData> {
  const directory = await tempDir();
  const files = { cert: join(directory, 'site.pem'), key: join(directory, 'site.key') };
  const { certPem, keyPem } = makeSelfSigned(['a.example'], notBefore, notAfter);
  writeFileSync(files.cert, certPem);
  writeFileSync(files.key, keyPem);
  return readCertificate(files);
}

describe('a TLS listener', () => {
  let certificate: CertificateData;
  beforeAll(async () => {
    certificate = await selfSigned(Date.now() - DAY, Date.now() + DAY);
  });

  test.each([
    { minimumVersion: 'TLSv1.2', maxVersion: 'TLSv1.1', taken: false },
    { minimumVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', taken: true },
    { minimumVersion: 'TLSv1.3', maxVersion: 'TLSv1.2', taken: false },
    { minimumVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', taken: true },
  ] as const)(
    'with minimum $minimumVersion meets a client of $maxVersion',
    async ({ minimumVersion, maxVersion, taken }) => {
      const front = await serveTls(planOf([certificate], { minimumVersion }));
      const client = { minVersion: 'TLSv1', maxVersion, ciphers: 'DEFAULT:@SECLEVEL=0' } as const;
      if (taken) {
        expect((await handshake(front.port, client)).protocol).toBe(maxVersion);
      } else {
        await expect(handshake(front.port, client)).rejects.toThrow(/alert protocol version/);
        expect(front.failures).toEqual([expect.objectContaining({ code: 'ERR_SSL_UNSUPPORTED_PROTOCOL' })]);
      }
    },
  );

  test.each([
    { offered: ['h2', 'http/1.1'], chosen: 'h2' },
    { offered: ['http/1.1', 'h2'], chosen: 'h2' },
    { offered: ['http/1.1'], chosen: 'http/1.1' },
    { offered: ['http/1.0'], chosen: 'http/1.0' },
    { offered: undefined, chosen: false },
  ])('speaks $chosen to who offers $offered', async ({ offered, chosen }) => {
    const { port } = await serveTls(planOf([certificate]));
    expect((await handshake(port, offered && { ALPNProtocols: offered })).alpn).toBe(chosen);
  });

  test('refuses who offers nothing that it speaks (RFC 7301 §3.2)', async () => {
    const front = await serveTls(planOf([certificate]));
    await expect(handshake(front.port, { ALPNProtocols: ['spdy/1'] })).rejects.toThrow(/no application protocol/);
  });

  test('serves an expired certificate, which is warned of', async () => {
    const expired = await selfSigned(Date.now() - 9 * DAY, Date.now() - DAY);
    expect(certificateWarnings(expired, Date.now())).toEqual([expect.stringMatching(/: expired on /)]);
    const { port } = await serveTls(planOf([expired]));
    expect((await handshake(port)).fingerprint).toBe(expired.fingerprint);
    const trusting = { rejectUnauthorized: true, ca: expired.certPem, servername: 'a.example' };
    await expect(handshake(port, trusting)).rejects.toThrow(expect.objectContaining({ code: 'CERT_HAS_EXPIRED' }));
  });

  test('takes a connection whose first bytes have been read and put back', async () => {
    const before = async (socket: Socket) => {
      await within(once(socket, 'readable'), 'the first bytes');
      const bytes = socket.read() as Buffer;
      expect(bytes.subarray(0, 5).toString()).toBe('PROXY');
      socket.unshift(bytes.subarray(bytes.indexOf('\n') + 1));
    };
    const front = await serveTls(planOf([certificate]), { before });
    // In one packet with the ClientHello, and alone.
    for (const cork of [true, false]) {
      const raw = netConnect(front.port, '127.0.0.1');
      await once(raw, 'connect');
      if (cork) raw.cork();
      raw.write('PROXY TCP4 192.0.2.1 192.0.2.2 1234 443\r\n');
      const client = tlsConnect({ socket: raw, rejectUnauthorized: false });
      if (cork) setImmediate(() => raw.uncork());
      const [greeting] = await within(once(client, 'data'), 'the greeting');
      expect(String(greeting)).toBe('hello');
    }
    expect(front.failures).toEqual([]);
  });

  test('ends a handshake that takes too long, though a byte comes now and then', async () => {
    const front = await serveTls(planOf([certificate]), { handshakeTimeout: 150 });
    const socket = netConnect({ port: front.port, host: '127.0.0.1', noDelay: true });
    // Not once(): a reset is as good an end as any.
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {});
    const hello = Buffer.concat([Buffer.from('160301020001000200', 'hex'), Buffer.alloc(600)]);
    let sent = 0;
    const drip = setInterval(() => socket.write(hello.subarray(sent, ++sent)), 10);
    await within(closed, 'the listener to close');
    clearInterval(drip);
    expect(front.failures).toEqual([expect.objectContaining({ code: 'ERR_TLS_HANDSHAKE_TIMEOUT' })]);
    expect((await handshake(front.port)).greeting).toBe('hello');
  });

  test.each([
    { name: 'plain HTTP', bytes: 'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n' },
    { name: 'zeros', bytes: '\0'.repeat(2000) },
    { name: 'a record that is too long', bytes: '\x16\x03\x01\xff\xff\x01' },
    { name: 'a hello that is cut off', bytes: '\x16\x03\x01\x00\x80\x01\x00\x00\x7c\x03\x03' },
    { name: 'nothing', bytes: '' },
  ])('lives on when a client sends $name and goes', async ({ bytes }) => {
    const front = await serveTls(planOf([certificate]));
    const socket = netConnect(front.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    socket.end(bytes, 'latin1');
    await within(once(socket, 'close'), 'the listener to close');
    expect((await handshake(front.port)).greeting).toBe('hello');
    expect(front.failures).toHaveLength(1);
  });

  test('does not renegotiate, which would let a client make it sign over and over', async () => {
    const { port, server } = await serveTls(planOf([certificate]));
    server.removeAllListeners('secureConnection');
    server.on('secureConnection', (socket) => socket.on('error', () => {}).resume());
    const client = tlsConnect({ port, host: '127.0.0.1', maxVersion: 'TLSv1.2', rejectUnauthorized: false });
    await within(once(client, 'secureConnect'), 'a handshake');
    const refused = once(client, 'error');
    client.renegotiate({}, () => {});
    await expect(within(refused, 'a refusal')).resolves.toEqual([
      expect.objectContaining({ code: 'ERR_SSL_NO_RENEGOTIATION' }),
    ]);
    client.destroy();
  });
});

describeWithPeers(['openssl'], 'a TLS listener and openssl s_client', () => {
  let authority: Authority;
  beforeAll(async () => {
    authority = await Authority.open();
  });

  test('sends the whole chain, by default and by SNI: who trusts the root alone verifies it', async () => {
    const { port } = await serveTls(planOf([authority.site(['a.example']), authority.site(['b.example'], 'rsa')]));
    for (const name of ['a.example', 'b.example']) {
      const verify = ['-CAfile', authority.root.cert, '-verify_return_error', '-verify_hostname', name];
      const { ok, said } = await sClient(port, '-servername', name, '-showcerts', ...verify);
      expect(said).toMatch(/Verify return code: 0 \(ok\)/);
      expect(ok).toBe(true);
      expect(said.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    }
  });

  test.each(['-tls1', '-tls1_1'])('refuses %s', async (version) => {
    const { port } = await serveTls(planOf([authority.site(['a.example'])]));
    const { ok, said } = await sClient(port, version, '-cipher', 'DEFAULT:@SECLEVEL=0');
    expect(ok).toBe(false);
    expect(said).toMatch(/alert protocol version/);
  });

  test('serves Ed25519', async () => {
    const { port } = await serveTls(planOf([authority.site(['a.example'], 'ed25519')]));
    const { ok, said } = await sClient(port, '-CAfile', authority.root.cert, '-verify_return_error');
    expect(said).toMatch(/Peer signature type: ed25519/);
    expect(ok).toBe(true);
  });
});
