import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { beforeAll, describe, expect, test } from 'vitest';
import { Authority } from '../proxy/tls/authority.ts';
import { type CurlReply, curl } from '../support/curl.ts';
import { sClient } from '../support/openssl.ts';
import { startOrigin } from '../support/origin.ts';
import { describeWithPeers } from '../support/peers.ts';
import { type Portico, startPortico } from '../support/portico.ts';
import { connectRaw, fieldOf } from '../support/raw-client.ts';
import { tempDir } from '../support/temp.ts';
import { within } from '../support/wait.ts';
import { frontDoor } from './front-door.ts';

/** Which certificate a client is shown, and what TLS it must speak. */

describeWithPeers(['openssl', 'curl'], 'certificates', () => {
  let authority: Authority;
  let portico: Portico;
  beforeAll(async () => {
    authority = await Authority.open();
    const origin = await startOrigin();
    const certificates = await Promise.all(
      [['www.one.example', 'one.example'], ['two.example'], ['*.wild.example']].map(siteFiles),
    );
    portico = await startPortico(frontDoor({ origins: [origin.url], https: { certificates } }));
  });

  /** The files of a certificate for these names: its own, with its chain behind it. */
  async function siteFiles(names: readonly string[]) {
    const { certPem, keyPem } = authority.site(names);
    const dir = await tempDir('site');
    const files = { cert: join(dir, 'site.pem'), key: join(dir, 'site.key') };
    await writeFile(files.cert, certPem);
    await writeFile(files.key, keyPem);
    return files;
  }

  /** As a browser does: the host's name leads here, and only the root is trusted. */
  function browse(host: string, ...args: readonly string[]): Promise<CurlReply> {
    const port = portico.port(1);
    const resolve = ['--resolve', `${host}:${port}:127.0.0.1`, '--cacert', authority.root.cert];
    return curl(`https://${host}:${port}/`, ...resolve, ...args);
  }

  describe('by SNI', () => {
    test.each(['www.one.example', 'one.example', 'two.example', 'any.wild.example', 'TWO.example'])(
      '%s gets a certificate that it trusts, chain and all',
      async (host) => {
        expect(await browse(host)).toMatchObject({ exit: 0, status: 200, text: 'ok' });
      },
    );

    test.each(['unknown.example', 'wild.example', 'a.b.wild.example'])(
      '%s is named by none: a browser refuses the default',
      async (host) => {
        const reply = await browse(host);
        expect(reply).toMatchObject({ exit: 60, status: 0 });
        expect(reply.error).toMatch(/no alternative certificate subject name matches/);
      },
    );

    test.each([
      { name: 'without SNI', args: ['-noservername'] },
      { name: 'for a name that no certificate has', args: ['-servername', 'unknown.example'] },
    ])('the first certificate is shown $name', async ({ args }) => {
      const trust = ['-CAfile', authority.root.cert, '-verify_hostname', 'www.one.example'];
      expect(await sClient(portico.port(1), '', ...args, ...trust)).toContain('Verify return code: 0 (ok)');
    });
  });

  describe.each(['TLSv1.2', 'TLSv1.3'] as const)('a %s session', (maxVersion) => {
    test.each(['www.one.example', 'two.example'])(
      'is resumed by later connections, whichever worker takes them: %s',
      async (servername) => {
        const first = await visit({ servername, maxVersion });
        expect(first.resumed).toBe(false);
        const workers = new Set([first.worker]);
        for (let i = 0; i < 40; i++) {
          const { resumed, worker } = await visit({ servername, maxVersion, session: first.session });
          expect(resumed).toBe(true);
          workers.add(worker);
        }
        expect(workers.size, 'workers that answered').toBe(2);
      },
    );
  });

  /** One request on a connection of its own; the session is whole once an answer has come (RFC 8446 §4.6.1). */
  async function visit(tls: ConnectionOptions) {
    const client = await connectRaw(portico.port(1), { tls });
    const socket = client.socket as TLSSocket;
    await client.send(`GET / HTTP/1.1\r\nHost: ${tls.servername}\r\n\r\n`);
    const worker = fieldOf(await client.response(), 'x-request-id')?.split('-')[0];
    const visited = { worker, resumed: socket.isSessionReused(), session: socket.getSession() };
    client.close();
    return visited;
  }

  test('TLS 1.1 is refused, and 1.2 where 1.3 is asked for', async () => {
    const origin = await startOrigin();
    const modern = await startPortico(frontDoor({ origins: [origin.url], https: { minimum_version: 'TLSv1.3' } }));
    const old = await sClient(portico.port(1), '', '-cipher', 'DEFAULT@SECLEVEL=0', '-tls1_1');
    expect(old).toMatch(/alert protocol version/);
    expect(await sClient(portico.port(1), '', '-tls1_2')).toMatch(/^New, TLSv1.2/m);
    expect(await sClient(modern.port(1), '', '-tls1_2')).toMatch(/alert protocol version/);
    expect(await sClient(modern.port(1), '', '-tls1_3')).toMatch(/^New, TLSv1.3/m);
  });

  test('who speaks plain HTTP to it is cut off, and others are served', async () => {
    const client = await connectRaw(portico.port(1));
    await client.send('GET / HTTP/1.1\r\nHost: two.example\r\n\r\n');
    await within(client.closed, 'the close');
    expect(client.received.toString('latin1')).not.toContain('HTTP/1.1 200');
    expect(await browse('two.example')).toMatchObject({ exit: 0, status: 200 });
  });
});

describeWithPeers(['curl'], 'without a certificate', () => {
  test('one is made, kept for our eyes only, and the same after a restart', async () => {
    const origin = await startOrigin();
    const config = frontDoor({ origins: [origin.url], site: { hosts: ['default', 'www.example.com'] } });
    const dir = await tempDir();
    const portico = await startPortico(config, { dir });
    const first = await fingerprint(portico);
    expect(await portico.stop()).toBe(0);

    const state = join(dir, 'state');
    expect((await stat(state)).mode & 0o777).toBe(0o700);
    for (const file of await readdir(state)) expect((await stat(join(state, file))).mode & 0o777, file).toBe(0o600);

    const again = await startPortico(config, { dir });
    expect(await fingerprint(again)).toBe(first);
    // It is good for the site's name, for whoever chooses to trust it.
    const port = again.port(1);
    const resolve = ['--resolve', `www.example.com:${port}:127.0.0.1`, '--cacert', join(state, 'self-signed.pem')];
    expect(await curl(`https://www.example.com:${port}/`, ...resolve)).toMatchObject({ exit: 0, status: 200 });
  });

  async function fingerprint(portico: Portico): Promise<string | undefined> {
    const client = await connectRaw(portico.port(1), { tls: {} });
    const found = (client.socket as TLSSocket).getPeerX509Certificate()?.fingerprint256;
    client.close();
    return found;
  }
});
