import { constants } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { createServer as createTlsServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { originError } from '../../../src/proxy/origin-error.ts';
import type { CertificateFiles } from '../../../src/proxy/tls/certificate.ts';
import { refusingOrigin, unreachableOrigin } from '../../support/dead-ends.ts';
import { answer, startOrigin } from '../../support/origin.ts';
import { describeWithPeers } from '../../support/peers.ts';
import { atTeardown } from '../../support/teardown.ts';
import { turn, within } from '../../support/wait.ts';
import { Authority } from '../tls/authority.ts';
import { type Asked, ask, type ConnectionChanges, connectionsTo } from './asked.ts';

/** What it came to, in the words of the log. */
async function errorOf(asked: Asked): Promise<string> {
  await asked.over;
  expect(asked.error, 'a failure').toBeDefined();
  return originError(asked.error, asked.sentTimes > 0).code;
}

describe('an origin that cannot be connected to', () => {
  test('is told, and no request was sent', async () => {
    const asked = ask(connectionsTo(await refusingOrigin()), '/');
    expect(await errorOf(asked)).toBe('connection_refused');
    expect(asked.sentTimes).toBe(0);
  });

  test('at any of its addresses is told as one', async () => {
    const { port } = new URL(await refusingOrigin());
    expect(await errorOf(ask(connectionsTo(`http://localhost:${port}`), '/'))).toBe('connection_refused');
  });

  test('may be there again for the next request', async () => {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const connections = connectionsTo(`http://127.0.0.1:${port}`);
    expect(await errorOf(ask(connections, '/'))).toBe('connection_refused');
    expect(await errorOf(ask(connections, '/'))).toBe('connection_refused');
  });
});

describe('the limit to connect', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  /** The failure at `limit` ms exactly. */
  async function expectTimeout(url: string, began: () => Promise<unknown> = turn): Promise<void> {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const asked = ask(connectionsTo(url, { connect: 2000 }), '/');
    await began();
    vi.advanceTimersByTime(1999);
    await turn();
    expect(asked.isOver).toBe(false);
    vi.advanceTimersByTime(1);
    expect(await errorOf(asked)).toBe('connection_timeout');
    expect(asked.sentTimes).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  }

  test('holds for an origin that does not answer', async () => {
    await expectTimeout(await unreachableOrigin());
  });

  test('holds for TLS that is not agreed on, too', async () => {
    const server = createServer((socket) => socket.on('error', () => {}).resume());
    atTeardown(() => server.close());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const connected = once(server, 'connection');
    await expectTimeout(`https://127.0.0.1:${port}`, () => connected);
  });

  test('is over once it is connected', async () => {
    const origin = await startOrigin(() => undefined);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const asked = ask(connectionsTo(origin.url, { connect: 2000 }), '/');
    while (origin.requests.length === 0) await turn();
    expect(vi.getTimerCount()).toBe(0);
    asked.cancel();
  });
});

describe('the address of an origin', () => {
  test.each([
    { address: '127.0.0.1', host: '127.0.0.1' },
    { address: '127.0.0.1', host: 'localhost' },
    { address: '::1', host: '[::1]' },
  ])('may be $host', async ({ address, host }) => {
    const server = createServer((socket) => socket.on('data', () => socket.write(answer('ok'))).on('error', () => {}));
    atTeardown(() => server.close());
    await once(server.listen(0, address), 'listening');
    const connections = connectionsTo(`http://${host}:${(server.address() as AddressInfo).port}`);
    expect(await ask(connections, '/').outcome()).toEqual({ status: 200, body: 'ok' });
  });
});

/** OpenSSL's SSL_OP_NO_TICKET: sessions are kept by the server then, which is asked for them. */
const NO_TICKETS = constants.SSL_OP_NO_TICKET;
/** No session, for who is asked for one. Node's types do not know of it. */
const NONE = null as unknown as undefined;

interface Handshake {
  readonly resumed: boolean;
  readonly name: string | false;
  readonly alpn: string | false | null;
}

describeWithPeers(['openssl'], 'TLS to an origin', () => {
  let authority: Authority;
  let ca: string;
  beforeAll(async () => {
    authority = await Authority.open();
    ca = readFileSync(authority.root.cert, 'utf8');
  });

  function read({ cert, key }: CertificateFiles) {
    return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
  }

  function issued(names: readonly string[]) {
    return read(authority.issue({ names, issuer: authority.root }));
  }

  /** An origin by TLS that closes each connection after its answer, and keeps how each was agreed on. */
  async function secureOrigin(options: TlsOptions & { names?: readonly string[] } = {}) {
    const { names = ['IP:127.0.0.1'], ...rest } = options;
    const handshakes: Handshake[] = [];
    const server: Server = createTlsServer({ ...issued(names), ...rest }, (socket: TLSSocket) => {
      const { servername, alpnProtocol } = socket as TLSSocket & { readonly servername: string | false };
      handshakes.push({ resumed: socket.isSessionReused(), name: servername, alpn: alpnProtocol });
      socket.on('error', () => {});
      socket.once('data', () => socket.end(answer('ok', { fields: ['Connection: close'] })));
    });
    server.on('tlsClientError', () => {});
    atTeardown(() => server.close());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const open = (tls: ConnectionChanges['tls'] = {}, host = '127.0.0.1') =>
      connectionsTo(`https://${host}:${port}`, { tls: { ca, ...tls } });
    return { server, handshakes, open };
  }

  const OUTCOME = { status: 200, body: 'ok' };

  test('tells the name of the url by SNI, verifies it, and asks for HTTP/1.1', async () => {
    const { open, handshakes } = await secureOrigin({ names: ['localhost'], ALPNProtocols: ['h2', 'http/1.1'] });
    expect(await ask(open({}, 'localhost'), '/').outcome()).toEqual(OUTCOME);
    expect(handshakes).toEqual([{ resumed: false, name: 'localhost', alpn: 'http/1.1' }]);
  });

  test('tells no address by SNI (RFC 6066 §3), and verifies it all the same', async () => {
    const { open, handshakes } = await secureOrigin();
    expect(await ask(open(), '/').outcome()).toEqual(OUTCOME);
    expect(handshakes[0]?.name).toBe(false);
  });

  test('goes by `server_name` where there is one', async () => {
    const { open, handshakes } = await secureOrigin({ names: ['app.internal'] });
    expect(await ask(open({ serverName: 'app.internal' }), '/').outcome()).toEqual(OUTCOME);
    expect(handshakes[0]?.name).toBe('app.internal');
  });

  test('goes by a `server_name` that is an address, too', async () => {
    const { open, handshakes } = await secureOrigin({ names: ['IP:10.0.0.1'] });
    expect(await ask(open({ serverName: '10.0.0.1' }), '/').outcome()).toEqual(OUTCOME);
    expect(handshakes[0]?.name).toBe(false);
    expect(await errorOf(ask(open({ serverName: '10.0.0.2' }), '/'))).toBe('tls_certificate_error');
    expect(await errorOf(ask(open(), '/'))).toBe('tls_certificate_error');
  });

  const versions = ['TLSv1.2', 'TLSv1.3'] as const;
  test.each(versions)('resumes the session of the connection before (%s)', async (maxVersion) => {
    const { open, handshakes } = await secureOrigin({ maxVersion });
    const connections = open();
    for (let i = 0; i < 3; i++) expect(await ask(connections, '/').outcome()).toEqual(OUTCOME);
    expect(handshakes.map(({ resumed }) => resumed)).toEqual([false, true, true]);
  });

  test.each(versions)('refuses a name that is not the right one, every time (%s)', async (maxVersion) => {
    const { open, handshakes } = await secureOrigin({ names: ['other.internal'], maxVersion });
    const connections = open();
    for (let i = 0; i < 3; i++) {
      const asked = ask(connections, '/');
      expect(await errorOf(asked)).toBe('tls_certificate_error');
      expect(asked.sentTimes).toBe(0);
    }
    // A session that nobody believed in is no session to go on with.
    expect(handshakes.every(({ resumed }) => !resumed)).toBe(true);
  });

  test('refuses an authority that is not known', async () => {
    const other = await Authority.open();
    const { open } = await secureOrigin(read(other.issue({ names: ['IP:127.0.0.1'], issuer: other.root })));
    expect(await errorOf(ask(open(), '/'))).toBe('tls_certificate_error');
  });

  test('refuses nobody where `verify` is off', async () => {
    const { open } = await secureOrigin({ names: ['other.internal'] });
    const connections = open({ verify: false, ca: undefined });
    for (let i = 0; i < 2; i++) expect(await ask(connections, '/').outcome()).toEqual(OUTCOME);
  });

  test('goes without the session that an origin could not bear', async () => {
    const { open, server, handshakes } = await secureOrigin({ maxVersion: 'TLSv1.2', secureOptions: NO_TICKETS });
    const begun = new Set<string>();
    server.on('newSession', (id, _data, done) => {
      begun.add(id.toString('hex'));
      done();
    });
    server.on('resumeSession', (id, done) => done(begun.has(id.toString('hex')) ? new Error('not again') : null, NONE));
    const connections = open();
    expect(await ask(connections, '/').outcome()).toEqual(OUTCOME);
    await errorOf(ask(connections, '/'));
    expect(await ask(connections, '/').outcome()).toEqual(OUTCOME);
    expect(handshakes.map(({ resumed }) => resumed)).toEqual([false, false]);
  });

  test('shows its certificate to who asks for one', async () => {
    const { open } = await secureOrigin({ requestCert: true, rejectUnauthorized: true, ca });
    expect(await ask(open(issued(['portico'])), '/').outcome()).toEqual(OUTCOME);
    await errorOf(ask(open(), '/'));
  });

  test('refuses certificates and keys that cannot be used when it is set up, and says for whom they are', async () => {
    const { open } = await secureOrigin();
    const one = issued(['one']);
    expect(() => open({ cert: 'no certificate', key: one.key })).toThrow(
      /^cannot use the certificates .*https:\/\/127/,
    );
    expect(() => open({ cert: issued(['two']).cert, key: one.key })).toThrow(/^cannot use the certificates or the key/);
  });

  test('is not spoken to by who does not speak it', async () => {
    const plain = await startOrigin();
    const asked = ask(connectionsTo(plain.url.replace('http:', 'https:')), '/');
    expect(await errorOf(asked)).toBe('tls_protocol_error');
  });

  test('keeps its connections, and reads their end', async () => {
    const origin = await startOrigin(() => answer('ok'), issued(['IP:127.0.0.1']));
    const connections = connectionsTo(origin.url, { tls: { ca } });
    for (let i = 0; i < 3; i++) expect(await ask(connections, '/').outcome()).toEqual(OUTCOME);
    expect(origin.connections).toHaveLength(1);
    origin.connections[0]?.end();
    await within(origin.connections[0]?.closed as Promise<void>, 'the close');
    expect(await ask(connections, '/').outcome()).toEqual(OUTCOME);
  });

  test('leaves one half of a switched connection open when the other has ended', async () => {
    const origin = await startOrigin(
      async function* ({ connection }) {
        yield 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nhello';
        connection.end();
      },
      issued(['IP:127.0.0.1']),
    );
    const asked = ask(connectionsTo(origin.url, { tls: { ca } }), '/', { upgrade: true });
    await asked.over;
    const socket = asked.socket as TLSSocket;
    socket.resume();
    await within(once(socket, 'end'), 'the end');
    socket.end('still here');
    await within(origin.connections[0]?.closed as Promise<void>, 'the close');
    expect(origin.connections[0]?.received.toString()).toMatch(/still here$/);
  });
});
