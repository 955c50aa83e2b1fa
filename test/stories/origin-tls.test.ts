import { readFile } from 'node:fs/promises';
import { beforeAll, expect, test } from 'vitest';
import type { CertificateFiles } from '../../src/proxy/tls/certificate.ts';
import { Authority } from '../proxy/tls/authority.ts';
import { type NginxOrigin, startNginx } from '../support/nginx.ts';
import { answer, startOrigin } from '../support/origin.ts';
import { describeWithPeers } from '../support/peers.ts';
import { startPortico } from '../support/portico.ts';
import { fetchRaw, type RawResponse } from '../support/raw-client.ts';
import { frontDoor } from './front-door.ts';

/** Origins by https: whom Portico believes to be one, and how it shows who it is itself. */

describeWithPeers(['nginx', 'openssl'], 'an origin by https', () => {
  let authority: Authority;
  let ca: string;
  beforeAll(async () => {
    authority = await Authority.open();
    ca = authority.root.cert;
  });

  /** An nginx with a certificate for these names, issued by the authority unless `issuer` says otherwise. */
  function secureNginx(names: readonly string[], extra = '', issuer: CertificateFiles = authority.root) {
    return startNginx({ tls: authority.issue({ names, issuer }), extra });
  }

  /** One request to a pool of this one origin, with these settings of `tls:`. */
  async function ask(origin: Pick<NginxOrigin, 'url'>, tls: object) {
    const portico = await startPortico(frontDoor({ origins: [origin.url], pool: { tls }, node: { workers: 1 } }));
    const response = await fetchRaw(portico.port(), '/asked');
    return { response, line: await portico.accessLog.lineFor('/asked') };
  }

  function expectRefused({ response, line }: { response: RawResponse; line: object }, error: string): void {
    expect(response).toMatchObject({ status: 502, body: expect.stringContaining('not available right now') });
    expect(line).toMatchObject({ status: 502, error });
  }

  test('is believed when `ca` has issued its certificate for its address', async () => {
    const { response } = await ask(await secureNginx(['IP:127.0.0.1']), { ca });
    expect(response).toMatchObject({ status: 200, body: expect.stringContaining('uri=/asked') });
  });

  test('is believed by its name too, which SNI tells it', async () => {
    const nginx = await secureNginx(['app.internal'], '    location = /asked { return 200 "sni=$ssl_server_name"; }');
    const { response } = await ask(nginx, { ca, server_name: 'app.internal' });
    expect(response).toMatchObject({ status: 200, body: 'sni=app.internal' });
  });

  test('is refused when nobody whom the system trusts has issued it', async () => {
    expectRefused(await ask(await secureNginx(['IP:127.0.0.1']), {}), 'tls_certificate_error');
  });

  test('is refused when another authority has issued it', async () => {
    const other = await Authority.open();
    expectRefused(await ask(await secureNginx(['IP:127.0.0.1'], '', other.root), { ca }), 'tls_certificate_error');
  });

  test.each([
    { names: ['app.internal'], tls: {} },
    { names: ['app.internal'], tls: { server_name: 'other.internal' } },
    { names: ['IP:127.0.0.1'], tls: { server_name: 'app.internal' } },
  ])('is refused when its certificate is for $names and not for its name: $tls', async ({ names, tls }) => {
    expectRefused(await ask(await secureNginx(names), { ca, ...tls }), 'tls_certificate_error');
  });

  test('is taken unseen where `verify` is off', async () => {
    expect((await ask(await secureNginx(['app.internal']), { verify: false })).response).toMatchObject({ status: 200 });
  });

  test('is refused when it does not speak TLS', async () => {
    const plain = await startNginx();
    expectRefused(await ask({ url: plain.url.replace('http:', 'https:') }, { ca }), 'tls_protocol_error');
  });

  test('is passed over for one that can be believed, by a POST too', async () => {
    const [wrong, right] = [await secureNginx(['app.internal']), await secureNginx(['IP:127.0.0.1'])];
    const portico = await startPortico(frontDoor({ origins: [wrong.url, right.url], pool: { tls: { ca } } }));
    for (let i = 0; i < 10; i++) {
      const response = await fetchRaw(portico.port(), '/', { method: 'POST', body: 'a=b' });
      expect(response).toMatchObject({ status: 200, body: expect.stringContaining(`port=${right.port}`) });
    }
  });

  test('that asks for a client certificate gets the one of the pool', async () => {
    const client = authority.issue({ commonName: 'edge-1', issuer: authority.root });
    const asking = `
    ssl_client_certificate ${ca};
    ssl_verify_client on;
    location = /asked { return 200 "client=$ssl_client_s_dn"; }`;
    const nginx = await secureNginx(['IP:127.0.0.1'], asking);
    const shown = await ask(nginx, { ca, cert: client.cert, key: client.key });
    expect(shown.response).toMatchObject({ status: 200, body: 'client=CN=edge-1' });
    const hidden = await ask(nginx, { ca });
    expect(hidden.response, 'nginx refuses').toMatchObject({ status: 400 });
  });

  test('keeps its connection for more than one request', async () => {
    const nginx = await secureNginx(['IP:127.0.0.1'], '    location = /n { return 200 "$connection_requests"; }');
    const portico = await startPortico(
      frontDoor({ origins: [nginx.url], pool: { tls: { ca } }, node: { workers: 1 } }),
    );
    for (const count of ['1', '2', '3']) expect((await fetchRaw(portico.port(), '/n')).body).toBe(count);
  });

  test('whose Host names change is not connected to anew each time', async () => {
    const { cert, key } = authority.issue({ names: ['IP:127.0.0.1'], issuer: authority.root });
    const files = { cert: await readFile(cert), key: await readFile(key) };
    const origin = await startOrigin(({ target }) => answer(target), files);
    const portico = await startPortico(
      frontDoor({ origins: [origin.url], pool: { tls: { ca } }, node: { workers: 1 } }),
    );
    for (const host of ['a.example', 'b.example', 'a.example']) await fetchRaw(portico.port(), '/', { host });
    expect(origin.connections).toHaveLength(1);
  });
});
