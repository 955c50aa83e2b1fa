import { describe, expect, test, vi } from 'vitest';
import { SharedFields } from '../../../src/proxy/exchange.ts';
import { nothingKnown } from '../../../src/proxy/fields.ts';
import { Http1Exchange } from '../../../src/proxy/http1/exchange.ts';

/** An exchange on a connection that only takes note; large pieces are told by their length. */
function begun({ method = 'GET', version = '1.1' as '1.0' | '1.1', staysOpen = true } = {}) {
  let sent = '';
  const broken = vi.fn();
  const replied = vi.fn();
  const written: Array<() => void> = [];
  const connection = {
    endpoints: { remoteAddress: '192.0.2.1', remotePort: 1, localAddress: '192.0.2.2', localPort: 2 },
    output: {
      sendText: (text: string) => {
        sent += text;
        return true;
      },
      sendBytes: (piece: Uint8Array, after: string, done: (() => void) | undefined) => {
        sent += `<${piece.byteLength}>${after}`;
        if (done !== undefined) written.push(done);
        return false;
      },
    },
    staysOpen: (exchange: Http1Exchange) => staysOpen && !exchange.mustClose,
    replied,
    breakOff: broken,
    release: () => {
      throw new Error('no socket here');
    },
  };
  const head = {
    method,
    version,
    scheme: 'http',
    authority: 'a',
    target: '/',
    fields: [],
    known: nothingKnown(),
  } as const;
  const exchange = new Http1Exchange(connection, head, undefined);
  return { exchange, broken, replied, written, sent: () => sent };
}

const OK = 'HTTP/1.1 200 OK\r\n';
const hello = Buffer.from('hello');

describe('a reply', () => {
  test('of a told length is sent as it is', () => {
    const { exchange, sent, replied } = begun();
    exchange.respond({ status: 200, fields: ['content-length', '10'], length: 10 });
    exchange.write(hello);
    exchange.write(hello);
    exchange.end();
    expect(sent()).toBe(`${OK}content-length: 10\r\n\r\nhellohello`);
    expect(exchange).toMatchObject({ bytesSent: 10, persistent: true, responded: true });
    expect(replied).toHaveBeenCalledExactlyOnceWith(exchange);
  });

  test('of no told length is sent in chunks, with its trailers', () => {
    const { exchange, sent } = begun();
    exchange.respond({ status: 200, fields: [] });
    exchange.write(hello);
    exchange.write(Buffer.alloc(0));
    exchange.write(Buffer.alloc(20_000));
    exchange.end(['x-sum', '1']);
    expect(sent()).toBe(
      `${OK}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n4e20\r\n<20000>\r\n0\r\nx-sum: 1\r\n\r\n`,
    );
  });

  test('of no told length ends with the connection in HTTP/1.0', () => {
    const { exchange, sent } = begun({ version: '1.0' });
    exchange.respond({ status: 200, fields: [] });
    exchange.write(hello);
    exchange.end(['x-sum', '1']);
    expect(sent()).toBe(`${OK}connection: close\r\n\r\nhello`);
    expect(exchange.persistent).toBe(false);
  });

  test('says to HTTP/1.0 that the connection stays', () => {
    const { exchange, sent } = begun({ version: '1.0' });
    exchange.reply({ status: 200, fields: [] }, hello);
    expect(sent()).toBe(`${OK}content-length: 5\r\nconnection: keep-alive\r\n\r\nhello`);
  });

  test('says that the connection ends', () => {
    const { exchange, sent } = begun({ staysOpen: false });
    exchange.reply({ status: 200, fields: ['content-length', '5'] }, hello);
    expect(sent()).toBe(`${OK}content-length: 5\r\nconnection: close\r\n\r\nhello`);
  });

  test.each([
    { name: 'to HEAD', method: 'HEAD', status: 200, line: OK },
    { name: '204', method: 'GET', status: 204, line: 'HTTP/1.1 204 No Content\r\n' },
    { name: '304', method: 'GET', status: 304, line: 'HTTP/1.1 304 Not Modified\r\n' },
  ])('$name has no body, whatever its length is said to be (RFC 9112 §6.3)', ({ method, status, line }) => {
    const whole = begun({ method });
    whole.exchange.reply({ status, fields: ['x', 'y'] }, hello);
    expect(whole.sent()).toBe(`${line}x: y\r\n\r\n`);
    const streamed = begun({ method });
    streamed.exchange.respond({ status, fields: ['content-length', '5'], length: 5 });
    streamed.exchange.write(hello);
    streamed.exchange.end();
    expect(streamed.sent()).toBe(`${line}content-length: 5\r\n\r\n`);
    expect(streamed.exchange.bytesSent).toBe(0);
    expect(streamed.broken).not.toHaveBeenCalled();
  });

  test('begins with the fields that it shares with others', () => {
    const { exchange, sent } = begun();
    const shared = new SharedFields(['etag', '"1"', 'content-length', '5']);
    exchange.reply({ status: 200, shared, fields: ['age', '1'] }, hello);
    expect(sent()).toBe(`${OK}etag: "1"\r\ncontent-length: 5\r\nage: 1\r\n\r\nhello`);
  });

  test('without a body says so', () => {
    const { exchange, sent } = begun();
    exchange.reply({ status: 404, fields: [] }, undefined);
    expect(sent()).toBe('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n');
  });

  test.each([
    { name: 'less', body: 'hell' },
    { name: 'more', body: 'hello!' },
  ])('of $name than its told length is broken off, and never looks whole', ({ body }) => {
    const { exchange, broken, replied } = begun();
    exchange.respond({ status: 200, fields: ['content-length', '5'] });
    exchange.write(Buffer.from(body));
    exchange.end();
    expect(broken).toHaveBeenCalledOnce();
    expect(replied).not.toHaveBeenCalled();
  });
});

describe('an interim reply', () => {
  test('comes before the reply, and not after its head', () => {
    const { exchange, sent } = begun();
    exchange.inform(103, ['link', '</a>']);
    exchange.reply({ status: 204, fields: [] }, undefined);
    exchange.inform(103, []);
    expect(sent()).toBe('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n');
  });

  test('is not for HTTP/1.0', () => {
    const { exchange, sent } = begun({ version: '1.0' });
    exchange.inform(103, ['link', '</a>']);
    expect(sent()).toBe('');
  });
});

describe('a piece that the writer owns', () => {
  test('is released when it is written if it is large, else at once', () => {
    const { exchange, written, sent } = begun();
    const release = vi.fn();
    exchange.respond({ status: 200, fields: [], length: 20_005 });
    expect(exchange.writeOwned(Buffer.alloc(20_000), release)).toBe(false);
    expect(release).not.toHaveBeenCalled();
    written[0]?.();
    expect(release).toHaveBeenCalledTimes(1);
    expect(exchange.writeOwned(hello, release)).toBe(true);
    expect(release).toHaveBeenCalledTimes(2);
    expect(sent()).toBe(`${OK}\r\n<20000>hello`);
  });

  test('is released when nobody gets it', () => {
    const release = vi.fn();
    const head = begun({ method: 'HEAD' });
    head.exchange.respond({ status: 200, fields: [], length: 5 });
    head.exchange.writeOwned(hello, release);
    const gone = begun();
    gone.exchange.respond({ status: 200, fields: [], length: 5 });
    gone.exchange.abandon('client_disconnected');
    gone.exchange.writeOwned(hello, release);
    const more = begun();
    more.exchange.respond({ status: 200, fields: [], length: 4 });
    more.exchange.writeOwned(hello, release);
    expect(release).toHaveBeenCalledTimes(3);
  });
});

describe('an exchange that is over', () => {
  test('sends nothing more, and tells its listener nothing more', () => {
    const { exchange, sent, broken } = begun();
    exchange.listener = { drained: vi.fn(), abandoned: vi.fn() };
    exchange.reply({ status: 204, fields: [] }, undefined);
    const before = sent();
    exchange.respond({ status: 200, fields: [] });
    expect(exchange.write(hello)).toBe(true);
    exchange.end();
    exchange.reply({ status: 200, fields: [] }, hello);
    exchange.breakOff();
    exchange.abandon('client_disconnected');
    expect(sent()).toBe(before);
    expect(broken).not.toHaveBeenCalled();
    expect(exchange.listener.abandoned).not.toHaveBeenCalled();
  });
});
