import { beforeAll, describe, expect, test } from 'vitest';
import type { CertificateData, CertificateFiles } from '../../../src/proxy/tls/certificate.ts';
import { CertificateStore } from '../../../src/proxy/tls/sni.ts';
import { describeWithPeers } from '../../support/peers.ts';
import { Authority } from './authority.ts';
import { handshake, planOf, sClient, serveTls, type TlsFront } from './handshake.ts';

const TLS12 = { maxVersion: 'TLSv1.2' } as const;
const RSA_CIPHER = 'ECDHE-RSA-AES128-GCM-SHA256';

describeWithPeers(['openssl'], 'a certificate is picked by SNI', () => {
  let certificates: Record<'fallback' | 'www' | 'wildcard' | 'exact', CertificateData>;
  let front: TlsFront;

  beforeAll(async () => {
    const authority = await Authority.open();
    certificates = {
      fallback: authority.site(['fallback.example']),
      www: authority.site(['www.example.com', 'example.com']),
      wildcard: authority.site(['*.example.com', '*.deep.example.com']),
      exact: authority.site(['shop.example.com']),
    };
    front = await serveTls(planOf(Object.values(certificates)));
  });

  test.each([
    { name: 'by its exact name', servername: 'www.example.com', expected: 'www' },
    { name: 'by another of its names', servername: 'example.com', expected: 'www' },
    { name: 'whatever the case', servername: 'WWW.eXample.COM', expected: 'www' },
    { name: 'with a dot at the end', servername: 'www.example.com.', expected: 'www' },
    { name: 'by a wildcard', servername: 'a.example.com', expected: 'wildcard' },
    { name: 'by a wildcard, whatever the case', servername: 'A.Example.COM', expected: 'wildcard' },
    { name: 'by a wildcard further down', servername: 'a.deep.example.com', expected: 'wildcard' },
    {
      name: 'by its exact name before a wildcard that is listed first',
      servername: 'shop.example.com',
      expected: 'exact',
    },
    { name: 'the first for two labels where a wildcard has one', servername: 'a.b.example.com', expected: 'fallback' },
    { name: 'the first for the parent of a wildcard', servername: 'b.deep.example.org', expected: 'fallback' },
    { name: 'the wildcard for its own lower parent', servername: 'deep.example.com', expected: 'wildcard' },
    { name: 'the first for a name that nobody has', servername: 'other.example', expected: 'fallback' },
    { name: 'the first for a name without a dot', servername: 'localhost', expected: 'fallback' },
    { name: 'the first for an empty label', servername: '.example.com', expected: 'fallback' },
    { name: 'the first for no name but a dot', servername: '.', expected: 'fallback' },
    { name: 'the first for what JavaScript objects have', servername: '__proto__', expected: 'fallback' },
    { name: 'the first for a long name', servername: `${'a.'.repeat(120)}com`, expected: 'fallback' },
    { name: 'the first without SNI', servername: '', expected: 'fallback' },
  ] as const)('$name', async ({ servername, expected }) => {
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const { fingerprint, greeting } = await handshake(front.port, { servername, maxVersion });
      expect(fingerprint).toBe(certificates[expected].fingerprint);
      expect(greeting).toBe('hello');
    }
  });

  test('names that no client library would send neither fail nor crash', async () => {
    for (const name of ['*.example.com', '10.0.0.1', 'ex ample.com', 'é.example.com', '::1', '..', '-']) {
      const { ok, said } = await sClient(front.port, '-servername', name);
      expect({ name, ok, greeted: said.includes('hello') }).toEqual({ name, ok: true, greeted: true });
    }
    expect(front.failures).toEqual([]);
  });

  test('a reload changes what new connections get, with and without SNI', async () => {
    const changing = await serveTls(planOf([certificates.www]));
    expect((await handshake(changing.port)).fingerprint).toBe(certificates.www.fingerprint);
    changing.reload(planOf([certificates.exact, certificates.wildcard]));
    expect((await handshake(changing.port)).fingerprint).toBe(certificates.exact.fingerprint);
    const byName = await handshake(changing.port, { servername: 'www.example.com' });
    expect(byName.fingerprint).toBe(certificates.wildcard.fingerprint);
  });

  test('of two with the same name, the first is served', async () => {
    const { fallback, www, exact, wildcard } = certificates;
    const same = { ...exact, names: www.names };
    const overlapping = { ...wildcard, names: ['example.com', 'more.example.com'] };
    const { port } = await serveTls(planOf([fallback, www, same, overlapping]));
    const shown = async (servername: string) => (await handshake(port, { servername })).fingerprint;
    expect(await shown('www.example.com')).toBe(www.fingerprint);
    expect(await shown('example.com')).toBe(www.fingerprint);
    expect(await shown('more.example.com')).toBe(wildcard.fingerprint);
  });
});

describeWithPeers(['openssl'], 'certificates of several key types for the same names', () => {
  // Signed by authorities of the same type: a client that cannot check one signature in a chain gets none of it.
  let authority: { readonly rsa: Authority; readonly ec: Authority };
  let rsa: CertificateData;
  let ec: CertificateData;
  let elsewhere: CertificateData;

  beforeAll(async () => {
    authority = { rsa: await Authority.open('rsa'), ec: await Authority.open('ec') };
    rsa = authority.rsa.site(['www.example.com', 'example.com'], 'rsa');
    ec = authority.ec.site(['example.com', 'www.example.com'], 'ec');
    elsewhere = authority.ec.site(['elsewhere.example']);
  });

  const signs = { rsa: 'RSA-PSS+SHA256:RSA+SHA256', ec: 'ECDSA+SHA256' };

  describe.each([
    { name: 'by SNI', listed: () => [elsewhere, rsa, ec] },
    { name: 'by SNI, listed the other way round', listed: () => [elsewhere, ec, rsa] },
    { name: 'by default', listed: () => [rsa, ec] },
    { name: 'by default, listed the other way round', listed: () => [ec, rsa] },
  ])('$name', ({ listed }) => {
    test.each([
      { client: 'knows RSA alone gets RSA', options: { sigalgs: signs.rsa }, expected: 'rsa' },
      { client: 'knows ECDSA alone gets EC', options: { sigalgs: signs.ec }, expected: 'ec' },
      { client: 'knows both gets EC, which is cheaper', options: {}, expected: 'ec' },
      { client: 'prefers RSA gets EC', options: { sigalgs: `${signs.rsa}:${signs.ec}` }, expected: 'ec' },
      { client: 'knows both in TLS 1.2 gets RSA', options: TLS12, expected: 'rsa' },
      { client: 'knows RSA alone in TLS 1.2 gets RSA', options: { ...TLS12, sigalgs: signs.rsa }, expected: 'rsa' },
      { client: 'knows ECDSA alone in TLS 1.2 gets EC', options: { ...TLS12, sigalgs: signs.ec }, expected: 'ec' },
      {
        client: 'has RSA ciphers alone in TLS 1.2 gets RSA',
        options: { ...TLS12, ciphers: RSA_CIPHER },
        expected: 'rsa',
      },
    ] as const)('who $client', async ({ options, expected }) => {
      const { port } = await serveTls(planOf(listed()));
      const { fingerprint } = await handshake(port, { servername: 'www.example.com', ...options });
      expect(fingerprint).toBe({ rsa, ec }[expected].fingerprint);
    });

    test('each comes with its own chain', async () => {
      const { port } = await serveTls(planOf(listed()));
      const verifies = async (root: CertificateFiles, sigalgs: string) => {
        const args = ['-servername', 'www.example.com', '-CAfile', root.cert, '-sigalgs', sigalgs];
        return (await sClient(port, ...args, '-verify_return_error')).ok;
      };
      expect(await verifies(authority.rsa.root, signs.rsa)).toBe(true);
      expect(await verifies(authority.ec.root, signs.ec)).toBe(true);
      expect(await verifies(authority.ec.root, signs.rsa)).toBe(false);
    });
  });

  test('a second one of the same type is left aside, not mixed up', () => {
    const second = authority.rsa.site(rsa.names, 'rsa');
    const { defaultContext } = new CertificateStore(planOf([rsa, second, ec]));
    expect(defaultContext.cert).toEqual([rsa.certPem, ec.certPem]);
    expect(defaultContext.key).toEqual([rsa.keyPem, ec.keyPem]);
  });
});
