import { describe, expect, test } from 'vitest';
import { RecordedResponse } from './recorded-response.ts';

const OK = 'HTTP/1.1 200 OK\r\n';
const LENGTH_5 = `${OK}Content-Length: 5\r\n\r\n`;
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
const HINT = 'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n';
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n';

const chunkedHead = { head: 200, fields: { 'transfer-encoding': 'chunked' } };
const length5Head = { head: 200, fields: { 'content-length': '5' } };

interface Message {
  readonly name: string;
  readonly text: string;
  readonly told: readonly object[];
  readonly method?: string;
  readonly upgrade?: boolean;
  /** The close of the connection belongs to it. */
  readonly closes?: boolean;
}

const messages: readonly Message[] = [
  {
    name: 'a body with a length',
    text: `${LENGTH_5}hello`,
    told: [length5Head, { body: 'hello' }, { end: {} }],
  },
  {
    name: 'a length of none',
    text: `${OK}Content-Length: 0\r\n\r\n`,
    told: [{ head: 200, fields: { 'content-length': '0' } }, { end: {} }],
  },
  {
    name: 'chunks',
    text: `${CHUNKED}3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n`,
    told: [chunkedHead, { body: 'hello' }, { end: {} }],
  },
  {
    name: 'chunks of line ends',
    text: `${CHUNKED}4\r\n\r\n\r\n\r\n5\r\n0\r\n\r\n\r\n0\r\n\r\n`,
    told: [chunkedHead, { body: '\r\n\r\n0\r\n\r\n' }, { end: {} }],
  },
  {
    name: 'chunks with extensions, and sizes in any case and with zeros before them',
    text: `${CHUNKED}00000000000A;a=b;c="d e"\r\n0123456789\r\n0B \t; x\xe4\r\n0123456789a\r\n000;last\r\n\r\n`,
    told: [chunkedHead, { body: '01234567890123456789a' }, { end: {} }],
  },
  {
    name: 'no chunk but the last',
    text: `${CHUNKED}0\r\n\r\n`,
    told: [chunkedHead, { end: {} }],
  },
  {
    name: 'trailers',
    text: `${CHUNKED}5\r\nhello\r\n0\r\nX-Sum: 1\r\nx-sum: \xe4\r\nY:\r\n\r\n`,
    told: [chunkedHead, { body: 'hello' }, { end: { 'x-sum': ['1', '\xe4'], y: '' } }],
  },
  {
    name: 'a body until the close',
    text: `${OK}\r\nhello\r\n\r\nHTTP/1.1 200 OK\r\n\r\n`,
    told: [{ head: 200, fields: {} }, { body: 'hello\r\n\r\nHTTP/1.1 200 OK\r\n\r\n' }, { end: {} }],
    closes: true,
  },
  {
    name: 'none until the close',
    text: `HTTP/1.0 200\r\n\r\n`,
    told: [{ head: 200, fields: {} }, { end: {} }],
    closes: true,
  },
  {
    name: 'the answer to HEAD',
    text: LENGTH_5,
    method: 'HEAD',
    told: [length5Head, { end: {} }],
  },
  {
    name: 'a 204',
    text: 'HTTP/1.1 204 No Content\r\n\r\n',
    told: [{ head: 204, fields: {} }, { end: {} }],
  },
  {
    name: 'a 304 that tells the length of what it does not send',
    text: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n',
    told: [{ head: 304, fields: { 'content-length': '5' } }, { end: {} }],
  },
  {
    name: 'interim responses before the final one',
    text: `HTTP/1.1 100 Continue\r\n\r\n${HINT}${LENGTH_5}hello`,
    told: [
      { interim: 100, fields: {} },
      { interim: 103, fields: { link: 'x' } },
      length5Head,
      { body: 'hello' },
      { end: {} },
    ],
  },
  {
    name: 'a refusal to switch protocols',
    text: `${LENGTH_5}hello`,
    upgrade: true,
    told: [length5Head, { body: 'hello' }, { end: {} }],
  },
];

describe('a response', () => {
  for (const { name, text, told, closes = false, ...asked } of messages) {
    const read = (...packets: readonly string[]) => {
      const response = new RecordedResponse(asked);
      for (const packet of packets) response.push(packet);
      return closes ? response.finish() : response;
    };

    test(`is told as it came: ${name}`, () => {
      expect(read(text).told).toEqual(told);
    });

    test(`is the same wherever it is cut in two: ${name}`, () => {
      for (let at = 1; at < text.length; at++) {
        expect(read(text.slice(0, at), text.slice(at)).told, `cut at ${at}`).toEqual(told);
      }
    });

    test(`is the same byte by byte: ${name}`, () => {
      expect(read(...text).told).toEqual(told);
    });

    // The close makes any of it whole, and nothing can come after.
    if (closes) continue;

    test(`is not whole before its last byte: ${name}`, () => {
      for (let at = 0; at < text.length; at++) {
        const cut = new RecordedResponse(asked).push(text.slice(0, at)).finish().told;
        expect(cut.some((each) => 'end' in each)).toBe(false);
        expect(cut.at(-1), `cut at ${at}`).toEqual({
          error: expect.stringMatching(/^(connection_terminated|http_response_incomplete)$/),
        });
      }
    });

    test(`has nothing after it: ${name}`, () => {
      for (const more of ['H', '\r\n', HINT, LENGTH_5]) {
        const response = new RecordedResponse(asked).push(text + more);
        expect(response.told).toEqual([...told, { error: 'http_protocol_error' }]);
        expect(read(text).push(more).told).toEqual(response.told);
      }
    });
  }

  test('may be followed by the next one, once that was asked for', () => {
    const response = new RecordedResponse().push(`${LENGTH_5}hello`);
    response.parser.expect('GET', false);
    response.push(`${CHUNKED}2\r\nhi\r\n0\r\n\r\n`);
    expect(response.told).toEqual([
      length5Head,
      { body: 'hello' },
      { end: {} },
      chunkedHead,
      { body: 'hi' },
      { end: {} },
    ]);
  });

  test('is told as it comes: pieces of the body are not held back', () => {
    const response = new RecordedResponse().push(`${LENGTH_5}he`);
    expect(response.told.at(-1)).toEqual({ body: 'he' });
    const chunked = new RecordedResponse().push(`${CHUNKED}5\r\nhe`);
    expect(chunked.told.at(-1)).toEqual({ body: 'he' });
  });
});

describe('101 Switching Protocols (RFC 9110 §15.2.2)', () => {
  const told = { switched: { upgrade: 'websocket' } };

  test('hands over what comes after it, wherever it is cut in two', () => {
    for (let at = 1; at < SWITCH.length; at++) {
      const response = new RecordedResponse({ upgrade: true }).push(SWITCH.slice(0, at));
      response.push(`${SWITCH.slice(at)}\x81\x05hello`);
      expect(response.told, `cut at ${at}`).toEqual([{ ...told, rest: '\x81\x05hello' }]);
    }
  });

  test('may come after other interim responses', () => {
    const response = new RecordedResponse({ upgrade: true }).push(HINT + SWITCH);
    expect(response.told).toEqual([
      { interim: 103, fields: { link: 'x' } },
      { ...told, rest: '' },
    ]);
  });

  test('is an error where nobody asked for it', () => {
    expect(new RecordedResponse().push(SWITCH).told).toEqual([{ error: 'http_protocol_error' }]);
    expect(new RecordedResponse().push(HINT + SWITCH).told.at(-1)).toEqual({ error: 'http_protocol_error' });
  });
});

describe('a broken chunk (RFC 9112 §7.1)', () => {
  test.each([
    '\r\nhello',
    'x\r\nhello',
    'five\r\nhello',
    '0x5\r\nhello',
    '-5\r\nhello',
    '+5\r\nhello',
    ' 5\r\nhello',
    '5 \r\nhello',
    '5\t\r\nhello',
    '5.0\r\nhello',
    '5,5\r\nhello',
    '5\nhello\r\n',
    '5\r\r\nhello',
    '5;x\ny\r\nhello',
    '5;x\0\r\nhello',
    '5\r\nhello\n0\r\n\r\n',
    '5\r\nhelloo\r\n0\r\n\r\n',
    '5\r\nhello 0\r\n\r\n',
    '5\r\nhello\rX',
    '10000000000000\r\nhello'.padStart(22, '0'),
    '10000000000000005\r\nhello',
    '5\r\nhello\r\n0\r\nX y: z\r\n\r\n',
    '5\r\nhello\r\n0\r\nX: y\nZ: 1\r\n\r\n',
    '5\r\nhello\r\n0\r\nX: y\r\n z\r\n\r\n',
    '5\r\nhello\r\n0\r\nX\r\n\r\n',
    '5\r\nhello\r\n0\r\n\nX: y\r\n\r\n',
  ])('ends the response: %j', (body) => {
    const whole = new RecordedResponse().push(CHUNKED + body).told;
    expect(whole.at(-1)).toEqual({ error: 'http_protocol_error' });
    const byByte = new RecordedResponse();
    for (const byte of CHUNKED + body) byByte.push(byte);
    expect(byByte.told).toEqual(whole);
  });

  test('may have a size of 13 digits, beyond which numbers are not exact', () => {
    const response = new RecordedResponse().push(`${CHUNKED}fffffffffffff\r\nhello`);
    expect(response.told).toEqual([chunkedHead, { body: 'hello' }]);
    expect(new RecordedResponse().push(`${CHUNKED}10000000000000\r\n`).told.at(-1)).toEqual({
      error: 'http_protocol_error',
    });
  });

  test('is one whose extensions go on and on', () => {
    const size = `5;${'x'.repeat(1022)}`;
    expect(new RecordedResponse().push(`${CHUNKED}${size}\r\nhello`).told.at(-1)).toEqual({ body: 'hello' });
    const error = { error: 'http_protocol_error' };
    expect(new RecordedResponse().push(`${CHUNKED}${size}x\r\nhello`).told.at(-1)).toEqual(error);
    expect(new RecordedResponse().push(CHUNKED).push(`${size}xxx`).told.at(-1)).toEqual(error);
  });
});

describe('limits', () => {
  const headOf = (size: number) => `${OK}X: `.padEnd(size, 'y');
  const tooLarge = { error: 'http_response_header_section_size' };

  test('a head may be as large as allowed, and not a byte larger', () => {
    const limited = () => new RecordedResponse({ headMax: 100 });
    expect(
      limited()
        .push(`${headOf(100)}\r\n\r\n`)
        .told.at(-1),
    ).toMatchObject({ head: 200 });
    expect(
      limited()
        .push(`${headOf(101)}\r\n\r\n`)
        .told.at(-1),
    ).toEqual(tooLarge);
    expect(limited().push(headOf(103)).told).toEqual([]);
    expect(limited().push(headOf(104)).told).toEqual([tooLarge]);
  });

  test('trailers are a head in this', () => {
    const limited = () => new RecordedResponse({ headMax: 100 }).push(`${CHUNKED}0\r\n`);
    expect(
      limited()
        .push(`X: ${'y'.repeat(90)}\r\n\r\n`)
        .told.at(-1),
    ).toHaveProperty('end');
    expect(
      limited()
        .push(`X: ${'y'.repeat(200)}\r\n\r\n`)
        .told.at(-1),
    ).toEqual(tooLarge);
    expect(
      limited()
        .push(`X: ${'y'.repeat(200)}`)
        .told.at(-1),
    ).toEqual(tooLarge);
  });

  test('each of several heads has its own', () => {
    const response = new RecordedResponse({ headMax: 60 });
    response
      .push(HINT)
      .push(HINT)
      .push(`${headOf(60)}\r\n\r\n`);
    expect(response.told.at(-1)).toMatchObject({ head: 200 });
  });

  test('interim responses are sixteen at the most, those that say 100 among them', () => {
    for (const interim of [HINT, 'HTTP/1.1 100 Continue\r\n\r\n']) {
      const response = new RecordedResponse().push(interim.repeat(16));
      expect(response.told).toHaveLength(16);
      expect(response.push(interim).told.at(-1)).toEqual({ error: 'http_protocol_error' });
      const flood = new RecordedResponse().push(interim.repeat(10_000)).told;
      expect(flood).toHaveLength(17);
    }
  });

  test('the next response may have interim ones again', () => {
    const response = new RecordedResponse();
    for (let i = 0; i < 4; i++) {
      response.push(`${HINT.repeat(16)}${LENGTH_5}hello`);
      response.parser.expect('GET', false);
    }
    expect(response.told.filter((each) => 'interim' in each)).toHaveLength(64);
  });
});

describe('the work', () => {
  test('is in step with the bytes when a large head comes byte by byte', () => {
    const response = new RecordedResponse();
    const byte = Buffer.from('y');
    response.push(`${OK}X: `);
    for (let i = 0; i < 65_000; i++) response.push(byte);
    expect(response.push('\r\n\r\n').told).toEqual([{ head: 200, fields: { x: 'y'.repeat(65_000) } }]);
  });

  test('is in step with the bytes when a million chunks come at once', () => {
    const chunk = '1\r\na\r\n';
    const response = new RecordedResponse().push(`${CHUNKED}${chunk.repeat(1_000_000)}0\r\n\r\n`);
    expect(response.pieces).toBe(1_000_000);
    expect(response.told.at(-1)).toEqual({ end: {} });
  });
});

describe('the bytes of a body', () => {
  test('are left alone after they were handed over', () => {
    const response = new RecordedResponse();
    // The first piece comes together with the end of a head that was kept, the next ones after beginnings that are kept.
    for (const packet of [CHUNKED.slice(0, 20), `${CHUNKED.slice(20)}5\r\nhello\r\n5;`, 'x;y', '\r\nworld', '\r\n3;']) {
      response.push(packet);
    }
    response.push('\r\nend\r').push('\n0\r').push('\nX: ').push('y\r\n\r\n');
    expect(response.told).toEqual([chunkedHead, { body: 'helloworldend' }, { end: { x: 'y' } }]);
  });

  test('are not copied when they come in one piece', () => {
    const packet = Buffer.from(`${LENGTH_5}hello`);
    let body: Buffer | undefined;
    const response = new RecordedResponse();
    response.onBody = (chunk) => {
      body = chunk;
    };
    response.push(packet);
    expect(body?.buffer).toBe(packet.buffer);
  });
});
