import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { certificateWarnings, readCertificate } from '../../../src/proxy/tls/certificate.ts';
import { makeSelfSigned } from '../../../src/proxy/tls/x509.ts';
import { describeWithPeers } from '../../support/peers.ts';
import { tempDir } from '../../support/temp.ts';
import { Authority, openssl } from './authority.ts';

const DAY = 86_400_000;

function refusal(code: string, message: string) {
  return expect.objectContaining({ name: 'TlsError', code, message });
}

describeWithPeers(['openssl'], 'reading a certificate', () => {
  let authority: Authority;
  beforeAll(async () => {
    authority = await Authority.open();
  });

  /** A file of its own with this text. */
  async function file(text: string | Buffer): Promise<string> {
    const path = join(await tempDir(), 'file.pem');
    writeFileSync(path, text);
    return path;
  }

  test.each(['ec', 'rsa', 'ed25519'] as const)('takes a key of type %s', (key) => {
    const read = readCertificate(authority.issue({ key, names: ['www.example.com'] }));
    expect(read).toMatchObject({ keyType: key, names: ['www.example.com'] });
  });

  test('tells names in lower case, addresses in their shortest form, and no common name beside them', () => {
    const names = ['WWW.Example.com', '*.example.org', 'IP:10.0.0.1', 'IP:2001:db8::1'];
    expect(readCertificate(authority.issue({ names, commonName: 'other.example' })).names).toEqual([
      ...['www.example.com', '*.example.org', '10.0.0.1', '2001:db8::1'],
    ]);
  });

  test('takes the common name where there is no other', () => {
    expect(readCertificate(authority.issue({ commonName: 'Old.example.com' })).names).toEqual(['old.example.com']);
  });

  test('is not misled by a name that reads like two', () => {
    const { cert, key } = authority.issue({ names: ['a.example'] });
    const tricky = `${cert}.tricky`;
    const altName =
      'subjectAltName=@names\n[names]\nDNS.1=a.example\\,DNS:evil.example\nURI.1=http://x/\\, DNS:evil.example';
    const config = `${cert}.cnf`;
    writeFileSync(config, `[req]\ndistinguished_name=dn\n[dn]\n[ext]\n${altName}\n`);
    openssl(['req', '-x509', '-config', config, '-extensions', 'ext', '-subj', '/CN=x', '-key', key, '-out', tricky]);
    expect(readCertificate({ cert: tricky, key }).names).toEqual(['a.example,dns:evil.example']);
  });

  test('keeps the certificate and its chain, and nothing else that the file has', async () => {
    const { cert, key } = authority.issue({ names: ['a.example'], issuer: authority.intermediate });
    const chain = ['bag of attributes', readFileSync(key, 'utf8'), readFileSync(cert, 'utf8'), 'and its issuer'];
    const both = await file([...chain, readFileSync(authority.intermediate.cert, 'utf8')].join('\n'));
    const { certPem, keyPem } = readCertificate({ cert: both, key: both });
    expect(certPem).toBe(readFileSync(cert, 'utf8') + readFileSync(authority.intermediate.cert, 'utf8'));
    expect(keyPem).toBe(readFileSync(key, 'utf8'));
  });

  test.each([
    { name: 'lines that end in CRLF', change: (pem: string) => pem.replaceAll('\n', '\r\n') },
    { name: 'a byte order mark', change: (pem: string) => `\u{feff}\n${pem}` },
    { name: 'no end of line at the end', change: (pem: string) => pem.trimEnd() },
  ])('takes files with $name', async ({ change }) => {
    const { cert, key } = authority.issue({ names: ['a.example'] });
    const changed = {
      cert: await file(change(readFileSync(cert, 'utf8'))),
      key: await file(change(readFileSync(key, 'utf8'))),
    };
    expect(readCertificate(changed).names).toEqual(['a.example']);
  });

  test('takes the older forms of a key, and curve parameters before it', async () => {
    const ec = authority.issue({ key: 'ec' });
    const sec1 = `${openssl(['ecparam', '-name', 'prime256v1'])}${openssl(['ec', '-in', ec.key])}`;
    expect(sec1).toMatch(/BEGIN EC PARAMETERS.*BEGIN EC PRIVATE KEY/s);
    expect(readCertificate({ cert: ec.cert, key: await file(sec1) }).keyType).toBe('ec');
    const rsa = authority.issue({ key: 'rsa' });
    const pkcs1 = openssl(['rsa', '-in', rsa.key, '-traditional']);
    expect(pkcs1).toMatch(/BEGIN RSA PRIVATE KEY/);
    expect(readCertificate({ cert: rsa.cert, key: await file(pkcs1) }).keyType).toBe('rsa');
  });

  describe('is refused in one line that names the file', () => {
    test('which is not there', () => {
      const { cert, key } = authority.issue({});
      const message = 'cannot read /nowhere/site.pem: no such file or directory';
      expect(() => readCertificate({ cert: '/nowhere/site.pem', key })).toThrow(refusal('file_unreadable', message));
      const directory = `cannot read ${authority.directory}: illegal operation on a directory`;
      expect(() => readCertificate({ cert, key: authority.directory })).toThrow(refusal('file_unreadable', directory));
    });

    test('which has no certificate: DER, the key, nothing', async () => {
      const { cert, key } = authority.issue({});
      const der = await file(Buffer.from(openssl(['x509', '-in', cert, '-outform', 'der']), 'latin1'));
      for (const wrong of [der, key, await file('')]) {
        const message = `${wrong} has no certificate (expected PEM, "-----BEGIN CERTIFICATE-----")`;
        expect(() => readCertificate({ cert: wrong, key })).toThrow(refusal('certificate_missing', message));
      }
    });

    test('which has no key', () => {
      const { cert } = authority.issue({});
      const message = `${cert} has no private key (expected PEM, "-----BEGIN PRIVATE KEY-----")`;
      expect(() => readCertificate({ cert, key: cert })).toThrow(refusal('key_missing', message));
    });

    test('whose certificate, or one of its chain, is damaged', async () => {
      const { cert, key } = authority.issue({});
      const damaged = readFileSync(cert, 'utf8').replace(/\n[^\n]+\n(?=-----END)/, '\n');
      const alone = await file(damaged);
      expect(() => readCertificate({ cert: alone, key })).toThrow(
        refusal('certificate_invalid', expect.stringMatching(`^certificate 1 in ${alone} cannot be read: [^\n]+$`)),
      );
      const second = await file(readFileSync(cert, 'utf8') + damaged);
      expect(() => readCertificate({ cert: second, key })).toThrow(
        refusal('certificate_invalid', expect.stringMatching(`^certificate 2 in ${second} cannot be read: [^\n]+$`)),
      );
    });

    test('whose key is damaged', async () => {
      const { cert, key } = authority.issue({});
      const damaged = await file(readFileSync(key, 'utf8').replace(/\n[^\n]{20}/, '\n'));
      expect(() => readCertificate({ cert, key: damaged })).toThrow(
        refusal('key_invalid', expect.stringMatching(`^the private key in ${damaged} cannot be read: [^\n]+$`)),
      );
    });

    test.each([
      { form: 'PKCS #8', args: ['pkey', '-aes256'] },
      { form: 'RFC 1421', args: ['rsa', '-traditional', '-aes256'] },
    ])('whose key is encrypted ($form)', async ({ args }) => {
      const { cert, key } = authority.issue({ key: 'rsa' });
      const encrypted = await file(openssl([...args, '-in', key, '-passout', 'pass:secret']));
      const message = `${encrypted} is encrypted: a key without a passphrase is needed`;
      expect(() => readCertificate({ cert, key: encrypted })).toThrow(refusal('key_encrypted', message));
    });

    test('whose key is that of another certificate', () => {
      for (const type of ['ec', 'rsa'] as const) {
        const [{ cert }, { key }] = [authority.issue({}), authority.issue({ key: type })];
        const message = `${key} is not the key of the certificate in ${cert}`;
        expect(() => readCertificate({ cert, key })).toThrow(refusal('key_mismatch', message));
      }
    });

    test('whose chain stands before the certificate', async () => {
      const { cert, key } = authority.issue({ issuer: authority.intermediate });
      const reversed = await file(readFileSync(authority.intermediate.cert, 'utf8') + readFileSync(cert, 'utf8'));
      const hint = 'it is the key of certificate 2 there, which must come first';
      const message = `${key} is not the key of the certificate in ${reversed}; ${hint}`;
      expect(() => readCertificate({ cert: reversed, key })).toThrow(refusal('key_mismatch', message));
    });
  });

  describe('warns', () => {
    function chain(...files: string[]): string {
      const path = join(authority.directory, `chain-${files.map((name) => name.replace(/\D/g, '')).join('-')}.pem`);
      writeFileSync(path, '');
      for (const name of files) appendFileSync(path, readFileSync(name));
      return path;
    }

    test('of nothing when each certificate is issued by the next', () => {
      const { cert, key } = authority.issue({ issuer: authority.intermediate });
      const { intermediate, root } = authority;
      for (const issuers of [[], [intermediate.cert], [intermediate.cert, root.cert]]) {
        const read = readCertificate({ cert: chain(cert, ...issuers), key });
        expect(certificateWarnings(read, Date.now())).toEqual([]);
      }
    });

    test('when the chain is out of order, or is that of another', () => {
      const { cert, key } = authority.issue({ issuer: authority.intermediate });
      const { intermediate, root } = authority;
      const cases = [
        { file: chain(cert, root.cert, intermediate.cert), wrong: [2, 3] },
        { file: chain(cert, authority.issue({ ca: true }).cert), wrong: [2] },
        { file: chain(cert, authority.issue({ ca: true, commonName: 'Test Intermediate' }).cert), wrong: [2] },
      ];
      for (const { file, wrong } of cases) {
        expect(certificateWarnings(readCertificate({ cert: file, key }), Date.now())).toEqual(
          wrong.map((n) => `${file}: certificate ${n} did not issue the one before it, clients may refuse the chain`),
        );
      }
    });
  });
});

describe('the validity of a certificate', () => {
  test.each([
    { name: 'is no matter while it lasts', now: '2026-06-01', warnings: [] },
    { name: 'is warned of before', now: '2025-12-31', warnings: ['is not valid before 2026-01-01T00:00:00.000Z'] },
    { name: 'is warned of after', now: '2027-01-02', warnings: ['expired on 2027-01-01T00:00:00.000Z'] },
  ])('$name', async ({ now, warnings }) => {
    const directory = await tempDir();
    const files = { cert: join(directory, 'site.pem'), key: join(directory, 'site.key') };
    const made = makeSelfSigned(['a.example'], Date.parse('2026-01-01'), Date.parse('2026-01-01') + 365 * DAY);
    writeFileSync(files.cert, made.certPem);
    writeFileSync(files.key, made.keyPem);
    const told = certificateWarnings(readCertificate(files), Date.parse(now));
    expect(told).toEqual(warnings.map((warning) => `${files.cert}: ${warning}`));
  });
});
