import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { connect as connectHttp2, createSecureServer } from 'node:http2';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { createServer as createTlsServer, connect as tlsConnect } from 'node:tls';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  type ProxyHeader,
  type ProxyHeaderFailure,
  parseProxyHeader,
  readProxyHeader,
} from '../../src/proxy/proxy-protocol.ts';
import { makeSelfSigned } from '../../src/proxy/tls/x509.ts';
import { connectRaw } from '../support/raw-client.ts';
import { atTeardown } from '../support/teardown.ts';
import { turn, within } from '../support/wait.ts';

const SIGNATURE = '0d0a0d0a000d0a515549540a';
const TCP4 = '21 11 000c c0000201 c6336401 dc04 01bb';
const TCP6 = '21 21 0024 20010db8000000000000000000000001 20010db8000000000000000000000002 dc04 01bb';

const IPV4_ENDS = { remoteAddress: '192.0.2.1', remotePort: 56324, localAddress: '198.51.100.1', localPort: 443 };
const IPV6_ENDS = { remoteAddress: '2001:db8::1', remotePort: 56324, localAddress: '2001:db8::2', localPort: 443 };

describe('version 1', () => {
  test.each([
    { line: 'TCP4 192.0.2.1 198.51.100.1 56324 443', endpoints: IPV4_ENDS },
    { line: 'TCP6 2001:db8::1 2001:db8::2 56324 443', endpoints: IPV6_ENDS },
    { line: 'TCP6 2001:0DB8:0000:0000:0000:0000:0000:0001 2001:DB8:0::2 56324 443', endpoints: IPV6_ENDS },
    { line: 'TCP6 ::ffff:192.0.2.1 ::ffff:198.51.100.1 56324 443', endpoints: IPV4_ENDS },
    {
      line: 'TCP4 255.255.255.255 0.0.0.0 65535 0',
      endpoints: { remoteAddress: '255.255.255.255', remotePort: 65535, localAddress: '0.0.0.0', localPort: 0 },
    },
    { line: 'UNKNOWN', endpoints: undefined },
    { line: 'UNKNOWN ', endpoints: undefined },
    { line: 'UNKNOWN whatever \x00\xff stands here', endpoints: undefined },
    { line: `UNKNOWN ${'f'.repeat(91)}`, endpoints: undefined },
  ])('PROXY $line', ({ line, endpoints }) => {
    const header = latin1(`PROXY ${line}\r\n`);
    expect(parseProxyHeader(header)).toEqual({ kind: 'header', length: header.length, endpoints });
    const followed = Buffer.concat([header, latin1('GET / HTTP/1.1\r\n')]);
    expect(parseProxyHeader(followed)).toEqual({ kind: 'header', length: header.length, endpoints });
    for (let i = 0; i < header.length; i++) {
      expect(parseProxyHeader(header.subarray(0, i))).toEqual({ kind: 'incomplete' });
    }
  });

  test.each([
    { name: 'a request instead', text: 'GET / HTTP/1.1\r\n' },
    { name: 'a wrong first letter', text: 'X' },
    { name: 'lower case', text: 'proxy TCP4 192.0.2.1 198.51.100.1 1 2\r\n' },
    { name: 'a family in lower case', text: 'PROXY tcp4 192.0.2.1 198.51.100.1 1 2\r\n' },
    { name: 'another family', text: 'PROXY UDP4 192.0.2.1 198.51.100.1 1 2\r\n' },
    { name: 'a family that only begins like one', text: 'PROXY UNKNOWNS\r\n' },
    { name: 'no family', text: 'PROXY \r\n' },
    { name: 'two spaces after PROXY', text: 'PROXY  TCP4 192.0.2.1 198.51.100.1 1 2\r\n' },
    { name: 'two spaces between addresses', text: 'PROXY TCP4 192.0.2.1  198.51.100.1 1 2\r\n' },
    { name: 'a tab for a space', text: 'PROXY TCP4\t192.0.2.1 198.51.100.1 1 2\r\n' },
    { name: 'a space at the end', text: 'PROXY TCP4 192.0.2.1 198.51.100.1 1 2 \r\n' },
    { name: 'one field more', text: 'PROXY TCP4 192.0.2.1 198.51.100.1 1 2 3\r\n' },
    { name: 'one field less', text: 'PROXY TCP4 192.0.2.1 198.51.100.1 1\r\n' },
    { name: 'no addresses', text: 'PROXY TCP4\r\n' },
    { name: 'a zero before an octet', text: 'PROXY TCP4 192.0.02.1 198.51.100.1 1 2\r\n' },
    { name: 'an octet too large', text: 'PROXY TCP4 192.0.2.256 198.51.100.1 1 2\r\n' },
    { name: 'three octets', text: 'PROXY TCP4 192.0.2 198.51.100.1 1 2\r\n' },
    { name: 'IPv6 as TCP4', text: 'PROXY TCP4 ::1 ::1 1 2\r\n' },
    { name: 'IPv4 as TCP6', text: 'PROXY TCP6 192.0.2.1 198.51.100.1 1 2\r\n' },
    { name: 'IPv6 with a zone', text: 'PROXY TCP6 fe80::1%eth0 fe80::2 1 2\r\n' },
    { name: 'IPv6 in brackets', text: 'PROXY TCP6 [::1] [::1] 1 2\r\n' },
    { name: 'a name', text: 'PROXY TCP4 localhost localhost 1 2\r\n' },
    { name: 'a zero before a port', text: 'PROXY TCP4 192.0.2.1 198.51.100.1 01 2\r\n' },
    { name: 'a plus before a port', text: 'PROXY TCP4 192.0.2.1 198.51.100.1 +1 2\r\n' },
    { name: 'a minus before a port', text: 'PROXY TCP4 192.0.2.1 198.51.100.1 -1 2\r\n' },
    { name: 'a port too large', text: 'PROXY TCP4 192.0.2.1 198.51.100.1 65536 2\r\n' },
    { name: 'a hexadecimal port', text: 'PROXY TCP4 192.0.2.1 198.51.100.1 0x1 2\r\n' },
    { name: 'an empty port', text: 'PROXY TCP4 192.0.2.1 198.51.100.1  2\r\n' },
    { name: 'digits that are not ASCII', text: 'PROXY TCP4 192.0.2.\xb9 198.51.100.1 1 2\r\n' },
    { name: 'a NUL', text: 'PROXY TCP4 192.0.2.1 198.51.100.1 1 2\0\r\n' },
    { name: 'LF alone', text: 'PROXY TCP4 192.0.2.1 198.51.100.1 1 2\n' },
    { name: 'CR alone', text: 'PROXY TCP4 192.0.2.1 198.51.100.1 1 2\rG' },
    { name: 'CR alone in UNKNOWN', text: 'PROXY UNKNOWN \rX\r\n' },
    { name: 'LF alone in UNKNOWN', text: 'PROXY UNKNOWN \n\r\n' },
    { name: '108 bytes', text: `PROXY UNKNOWN ${'f'.repeat(92)}\r\n` },
    { name: '107 bytes without an end', text: `PROXY UNKNOWN ${'f'.repeat(93)}` },
    { name: '107 bytes of which the last is CR', text: `PROXY UNKNOWN ${'f'.repeat(92)}\r` },
  ])('$name is refused', ({ text }) => {
    expect(parseProxyHeader(latin1(text))).toMatchObject({ kind: 'invalid' });
  });
});

describe('version 2', () => {
  test.each([
    { name: 'TCP over IPv4', header: TCP4, endpoints: IPV4_ENDS },
    { name: 'TCP over IPv6', header: TCP6, endpoints: IPV6_ENDS },
    {
      name: 'IPv4-mapped IPv6',
      header: '2121 0024 00000000000000000000ffffc0000201 00000000000000000000ffffc6336401 dc04 01bb',
      endpoints: IPV4_ENDS,
    },
    { name: 'LOCAL', header: '20 00 0000', endpoints: undefined },
    { name: 'LOCAL with addresses', header: TCP4.replace('21', '20'), endpoints: undefined },
    { name: 'LOCAL of an unknown family', header: '20 ff 0003 010203', endpoints: undefined },
    { name: 'UNSPEC', header: '21 00 0000', endpoints: undefined },
    { name: 'UNSPEC with something behind', header: '21 00 0005 0102030405', endpoints: undefined },
    { name: 'IPv4 over an unspecified transport', header: '21 10 0000', endpoints: undefined },
    { name: 'UDP over IPv4', header: TCP4.replace('11', '12'), endpoints: undefined },
    { name: 'UDP over IPv6', header: TCP6.replace('21 21', '21 22'), endpoints: undefined },
    { name: 'UNIX stream', header: `21 31 00d8 ${'2f'.repeat(216)}`, endpoints: undefined },
    {
      name: 'extensions known and unknown',
      header: `21 11 001b ${TCP4.slice(11)} 01 0002 6832 ee 0000 04 0001 00 20 0000`,
      endpoints: IPV4_ENDS,
    },
    {
      name: 'HAProxy 2.6 over IPv4 with a checksum',
      header: '2111 0016 7f000001 7f000001 820e 8843 03 0004 7e057a7c 05 0000',
      endpoints: { remoteAddress: '127.0.0.1', remotePort: 33294, localAddress: '127.0.0.1', localPort: 34883 },
    },
    {
      name: 'HAProxy 2.6 over IPv6 with a checksum',
      header: `2121 002e ${'00'.repeat(15)}01 ${'00'.repeat(15)}01 818c 8843 03 0004 220ba7b3 05 0000`,
      endpoints: { remoteAddress: '::1', remotePort: 33164, localAddress: '::1', localPort: 34883 },
    },
    { name: "HAProxy 2.6's health check", header: '2000 0007 03 0004 a9b87e8f', endpoints: undefined },
    {
      name: 'the longest that we take',
      header: `21 11 1000 ${TCP4.slice(11)} 04 0ff1 ${'00'.repeat(4081)}`,
      endpoints: IPV4_ENDS,
    },
  ])('$name', ({ header, endpoints }) => {
    const bytes = v2(header);
    expect(parseProxyHeader(bytes)).toEqual({ kind: 'header', length: bytes.length, endpoints });
    // A view into something larger, as sockets hand them out, is neither overrun nor written to.
    const larger = Buffer.concat([latin1('before'), bytes, latin1('GET /')]);
    const copy = Buffer.from(larger);
    expect(parseProxyHeader(larger.subarray(6))).toEqual({ kind: 'header', length: bytes.length, endpoints });
    expect(larger).toEqual(copy);
    for (let i = 0; i < bytes.length; i++) {
      expect(parseProxyHeader(bytes.subarray(0, i))).toEqual({ kind: 'incomplete' });
    }
  });

  test.each([
    { name: 'version 1 in binary', header: TCP4.replace('21', '11') },
    { name: 'version 3', header: '31' },
    { name: 'an unknown command', header: '22' },
    { name: 'an unknown family', header: TCP4.replace('11', '41') },
    { name: 'an unknown transport', header: TCP4.replace('11', '13') },
    { name: 'IPv4 that is a byte too short', header: '21 11 000b c0000201 c6336401 dc04 01' },
    { name: 'IPv4 of no length', header: '21 11 0000' },
    { name: 'IPv6 of the length of IPv4', header: TCP4.replace('11', '21') },
    { name: 'UNIX that is too short', header: '21 31 000c 0102030405060708090a0b0c' },
    { name: 'more than 4096 bytes, before they come', header: '21 11 1001' },
    { name: 'the largest length', header: '20 00 ffff' },
    { name: 'an extension of one byte', header: `21 11 000d ${TCP4.slice(11)} 04` },
    { name: 'an extension of two bytes', header: `21 11 000e ${TCP4.slice(11)} 04 00` },
    { name: 'an extension longer than the header', header: `21 11 0010 ${TCP4.slice(11)} 04 0002 00` },
    { name: 'a wrong checksum', header: '2111 0013 7f000001 7f000001 820e 8843 03 0004 deadbeef' },
    {
      name: 'a changed address under a checksum',
      header: '2111 0016 7f000002 7f000001 820e 8843 0300047e057a7c 050000',
    },
    { name: 'a checksum of two bytes', header: `21 11 0011 ${TCP4.slice(11)} 03 0002 0000` },
    { name: 'two checksums', header: `21 11 001a ${TCP4.slice(11)} 03 0004 00000000 03 0004 00000000` },
  ])('$name is refused', ({ header }) => {
    expect(parseProxyHeader(v2(header))).toMatchObject({ kind: 'invalid' });
  });

  test('a wrong byte in the signature is refused when it comes', () => {
    const signature = Buffer.from(SIGNATURE, 'hex');
    for (let i = 0; i < signature.length; i++) {
      const wrong = Buffer.from(signature.subarray(0, i + 1));
      wrong[i] = 0xff;
      expect(parseProxyHeader(wrong)).toMatchObject({ kind: 'invalid' });
    }
  });
});

const HEADERS = [
  { version: 'version 1', header: latin1('PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n') },
  { version: 'version 2', header: v2(TCP4) },
];

describe.each(HEADERS)('a connection with a header of $version', ({ header }) => {
  describe.each([{ pauseOnConnect: false }, { pauseOnConnect: true }])('pauseOnConnect: $pauseOnConnect', (options) => {
    test('comes to http.Server whole when header and request are one packet', async () => {
      const { port, outcomes } = await front(options, http());
      const client = await connectRaw(port);
      await client.send(Buffer.concat([header, request('one')]));
      expect((await client.response()).body).toBe('/one ');
      expect(outcomes).toEqual([{ kind: 'header', length: header.length, endpoints: IPV4_ENDS }]);
    });

    test('comes whole when the packets are split anywhere in the header', async () => {
      const { port } = await front(options, http());
      const bytes = Buffer.concat([header, request('split')]);
      for (let at = 1; at <= header.length + 1; at++) {
        const client = await connectRaw(port);
        await client.send(bytes.subarray(0, at), bytes.subarray(at));
        expect((await client.response()).body).toBe('/split ');
        client.close();
      }
    });

    test('comes whole byte by byte', async () => {
      const { port } = await front(options, http());
      const client = await connectRaw(port);
      await client.send(...Array.from(Buffer.concat([header, request('bytes')]), (byte) => Uint8Array.of(byte)));
      expect((await client.response()).body).toBe('/bytes ');
    });

    test('keeps pipelined requests, with and behind the header, in their order', async () => {
      const { port } = await front(options, http());
      const client = await connectRaw(port);
      await client.send(Buffer.concat([header, request('1'), request('2', 'body'), request('3').subarray(0, 9)]));
      await client.send(Buffer.concat([request('3').subarray(9), request('4')]));
      const bodies = [];
      for (let i = 0; i < 4; i++) bodies.push((await client.response()).body);
      expect(bodies).toEqual(['/1 ', `/2 ${hash('body')}`, '/3 ', '/4 ']);
    });

    test('loses no byte of a large body that begins in the packet of the header', async () => {
      const { port } = await front(options, http());
      const client = await connectRaw(port);
      const body = randomBytes(3_000_000).toString('latin1');
      await client.send(Buffer.concat([header, request('large', body)]));
      expect((await client.response()).body).toBe(`/large ${hash(body)}`);
    });

    test('is answered when the client has said all it wants to say', async () => {
      const { port } = await front(options, http());
      const client = await connectRaw(port);
      client.socket.end(Buffer.concat([header, request('last')]));
      expect((await client.response()).body).toBe('/last ');
      expect(await client.closed).toBe('ended');
    });

    test('is closed by http.Server when it ends behind the header', async () => {
      const { port } = await front(options, http());
      const client = await connectRaw(port);
      client.socket.end(header);
      expect(await client.untilClosed()).toEqual([]);
    });

    test('comes to TLS whole, whether the handshake is in the packet of the header or behind', async () => {
      const tls = createTlsServer(certificate(), (socket) => socket.pipe(socket));
      const { port } = await front(options, tls);
      for (const together of [true, false]) {
        const socket = await connectTcp(port);
        if (!together) socket.write(header);
        const secured = tlsConnect({
          socket: together ? sendingFirst(header, socket) : socket,
          rejectUnauthorized: false,
        });
        await within(once(secured, 'secureConnect'), 'a handshake');
        const said = randomBytes(200_000);
        secured.end(said);
        const echo = Buffer.concat(await within(secured.toArray(), 'the echo'));
        expect(echo.equals(said)).toBe(true);
      }
    });

    test('comes to HTTP/2 whole', async () => {
      const server = createSecureServer({ ...certificate(), allowHTTP1: true });
      server.on('stream', (stream, fields) => stream.end(`${fields[':path']}`));
      const { port } = await front(options, server);
      const socket = await connectTcp(port);
      socket.write(header);
      const secured = tlsConnect({ socket, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
      const session = connectHttp2('https://localhost', { createConnection: () => secured });
      atTeardown(() => session.destroy());
      for (const path of ['/one', '/two']) {
        const answer = await within(session.request({ ':path': path }).toArray(), 'an answer');
        expect(Buffer.concat(answer).toString()).toBe(path);
      }
    });
  });

  test('is handed on with no listener of ours, and no byte read behind the header', async () => {
    const handedOn = Promise.withResolvers<Socket>();
    const before: Record<string, number> = {};
    const { port } = await front({}, { emit: (_, socket) => handedOn.resolve(socket as Socket) }, (socket) => {
      for (const name of EVENTS) before[name] = socket.listenerCount(name);
    });
    const client = await connectRaw(port);
    await client.send(Buffer.concat([header, latin1('rest')]));
    const socket = await within(handedOn.promise, 'the socket');
    expect(Object.fromEntries(EVENTS.map((name) => [name, socket.listenerCount(name)]))).toEqual(before);
    expect(socket.read().toString()).toBe('rest');
  });

  test('that ends within the header is closed', async () => {
    const { port, outcomes } = await front({}, http());
    const client = await connectRaw(port);
    client.socket.end(header.subarray(0, 9));
    await client.untilClosed();
    expect(outcomes).toEqual([{ kind: 'closed', reason: 'the connection ended after 9 bytes' }]);
  });

  test('that is reset within the header is closed', async () => {
    const { port, outcome } = await front({}, http());
    const client = await connectRaw(port);
    await client.send(header.subarray(0, 9));
    client.reset();
    expect(await within(outcome, 'the reset')).toMatchObject({ kind: 'closed' });
  });

  test('that is slow to say its header is closed at the deadline, not before', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const accepted = Promise.withResolvers<Socket>();
    const { port, outcomes } = await front({ deadline: 3000 }, http(), accepted.resolve);
    const socket = await connectTcp(port);
    const server = await accepted.promise;
    socket.write(header.subarray(0, header.length - 1));
    while (server.bytesRead < header.length - 1) await turn();
    await vi.advanceTimersByTimeAsync(2999);
    expect(outcomes).toEqual([]);
    expect(server.destroyed).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(outcomes).toMatchObject([{ kind: 'timeout' }]);
    expect(server.destroyed).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('leaves no timer behind', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { port, outcome } = await front({}, { emit: (_, socket) => (socket as Socket).destroy() });
    const socket = await connectTcp(port);
    socket.write(header);
    expect(await outcome).toMatchObject({ kind: 'header' });
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a connection', () => {
  test.each([
    { name: 'of HTTP', bytes: latin1('GET / HTTP/1.1\r\nHost: a\r\n\r\n') },
    { name: 'of TLS', bytes: Buffer.from('16030100c0010000bc0303', 'hex') },
    { name: 'with a broken header of version 1', bytes: latin1('PROXY TCP4 192.0.2.1 198.51.100.1 99999 443\r\n') },
    { name: 'with a broken header of version 2', bytes: v2('31 11 0000') },
  ])('$name is closed where a header is required', async ({ bytes }) => {
    const { port, outcomes } = await front({}, http());
    const client = await connectRaw(port);
    await client.send(bytes);
    await client.untilClosed();
    expect(client.received).toHaveLength(0);
    expect(outcomes).toMatchObject([{ kind: 'invalid' }]);
  });

  test('that says nothing is closed when it ends', async () => {
    const { port, outcomes } = await front({}, http());
    const client = await connectRaw(port);
    client.finish();
    await client.untilClosed();
    expect(outcomes).toEqual([{ kind: 'closed', reason: 'the connection ended after 0 bytes' }]);
  });

  test.each(HEADERS)('with a header of $version is a bad request where none is expected', async ({ header }) => {
    const server = http();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = await connectRaw((server.address() as AddressInfo).port);
    await client.send(Buffer.concat([header, request('spoofed')]));
    expect((await client.response()).status).toBe(400);
  });
});

afterEach(() => {
  vi.useRealTimers();
});

const EVENTS = ['readable', 'data', 'end', 'error', 'close', 'pause', 'resume', 'timeout', 'drain'];

type Outcome = ProxyHeader | ProxyHeaderFailure;

interface Next {
  emit(event: 'connection', socket: Socket): unknown;
}

/** A listener that requires a header and hands the connection on to `next`. */
async function front(
  { pauseOnConnect = false, deadline = 10_000 }: { pauseOnConnect?: boolean; deadline?: number },
  next: Next,
  accepted: (socket: Socket) => void = () => {},
): Promise<{ port: number; outcomes: Outcome[]; outcome: Promise<Outcome> }> {
  const outcomes: Outcome[] = [];
  const { promise: outcome, resolve } = Promise.withResolvers<Outcome>();
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect }, (socket) => {
    accepted(socket);
    readProxyHeader(socket, deadline, (result) => {
      outcomes.push(result);
      if (result.kind === 'header') next.emit('connection', socket);
      else expect(socket.destroyed).toBe(true);
      resolve(result);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  atTeardown(() => server.close());
  return { port: (server.address() as AddressInfo).port, outcomes, outcome };
}

/** Answers with the path and the hash of the body. */
function http(): HttpServer {
  const server = createHttpServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    response.end(`${request.url} ${body.length === 0 ? '' : hash(body)}`);
  });
  atTeardown(() => server.close());
  return server;
}

function request(name: string, body = ''): Buffer {
  const method = body === '' ? 'GET' : 'POST';
  const length = body === '' ? '' : `Content-Length: ${body.length}\r\n`;
  return latin1(`${method} /${name} HTTP/1.1\r\nHost: www.example.com\r\n${length}\r\n${body}`);
}

/** Without a timer, which some tests fake. */
async function connectTcp(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => {});
  atTeardown(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** `socket`, with `bytes` before the first chunk that is written to it and in one packet with it. */
function sendingFirst(bytes: Buffer, socket: Socket): Duplex {
  let unsent = bytes;
  const duplex = new Duplex({
    read: () => socket.resume(),
    write: (chunk: Buffer, _encoding, written) => {
      socket.write(Buffer.concat([unsent, chunk]), written);
      unsent = Buffer.alloc(0);
    },
    final: (ended) => socket.end(ended),
  });
  socket.on('data', (chunk) => duplex.push(chunk)).on('end', () => duplex.push(null));
  return duplex;
}

let pair: { key: string; cert: string } | undefined;

function certificate(): { key: string; cert: string } {
  if (pair === undefined) {
    const { certPem, keyPem } = makeSelfSigned(['localhost'], Date.now() - 60_000, Date.now() + 3_600_000);
    pair = { key: keyPem, cert: certPem };
  }
  return pair;
}

function hash(body: string | Buffer): string {
  return createHash('sha256')
    .update(typeof body === 'string' ? latin1(body) : body)
    .digest('hex');
}

function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** The signature, then what the hexadecimal text says. */
function v2(hex: string): Buffer {
  return Buffer.from(SIGNATURE + hex.replaceAll(' ', ''), 'hex');
}
