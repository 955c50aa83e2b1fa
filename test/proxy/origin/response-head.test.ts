import { describe, expect, test } from 'vitest';
import { ProxyError } from '../../../src/proxy/error.ts';
import type { OriginFields } from '../../../src/proxy/headers.ts';
import {
  type BodyFraming,
  checkBeginning,
  parseHead,
  type ResponseHead1,
  readFields,
} from '../../../src/proxy/origin/response-head.ts';

const BROKEN = expect.objectContaining({ name: 'ProxyError', code: 'http_protocol_error' });

/** A head of these lines, or why it is none. */
function parsed(lines: readonly string[], method = 'GET'): ResponseHead1 | ProxyError {
  return attempt(() => parseHead(lines.join('\r\n'), method));
}

function attempt<T>(work: () => T): T | ProxyError {
  try {
    return work();
  } catch (error) {
    if (error instanceof ProxyError) return error;
    throw error;
  }
}

describe('a status line (RFC 9112 §4)', () => {
  test.each([
    { line: 'HTTP/1.1 200 OK', status: 200 },
    { line: 'HTTP/1.1 200 ', status: 200 },
    { line: 'HTTP/1.1 200', status: 200 },
    { line: 'HTTP/1.0 404 Not Found', status: 404 },
    { line: 'HTTP/1.1 100 Continue', status: 100 },
    { line: 'HTTP/1.1 599 \xe4\xf6\xfc\t!', status: 599 },
    { line: 'HTTP/1.1 200 200 HTTP/1.1', status: 200 },
  ])('is one: $line', ({ line, status }) => {
    expect(parsed([line])).toMatchObject({ status, fields: {} });
  });

  test.each([
    '',
    'HTTP/1.1',
    'HTTP/1.1 ',
    'HTTP/1.1 OK',
    'HTTP/1.1 20',
    'HTTP/1.1 2000',
    'HTTP/1.1 20x',
    'HTTP/1.1 099',
    'HTTP/1.1 600',
    'HTTP/1.1 -20',
    'HTTP/1.1  200 OK',
    'HTTP/1.1\t200 OK',
    ' HTTP/1.1 200 OK',
    'HTTP/1.2 200 OK',
    'HTTP/2.0 200 OK',
    'HTTP/2 200 OK',
    'HTTP/0.9 200 OK',
    'HTTP/01.1 200 OK',
    'http/1.1 200 OK',
    'ICY 200 OK',
    'GET / HTTP/1.1',
    'HTTP/1.1 200 O\x00K',
    'HTTP/1.1 200 O\x7fK',
    'HTTP/1.1 200 OK\r',
    'HTTP/1.1 200 O\nK',
    '\r\nHTTP/1.1 200 OK',
  ])('is none: %j', (line) => {
    expect(parsed([line])).toEqual(BROKEN);
  });
});

describe('fields (RFC 9112 §5)', () => {
  test.each<{ name: string; lines: string[]; fields: OriginFields }>([
    { name: 'have names in lower case', lines: ['X-Name: Value'], fields: { 'x-name': 'Value' } },
    { name: 'need no blank', lines: ['x:y'], fields: { x: 'y' } },
    { name: 'lose the blanks around their value', lines: ['x: \t y z\t '], fields: { x: 'y z' } },
    { name: 'may be empty', lines: ['x:', 'y: \t'], fields: { x: '', y: '' } },
    { name: 'may have more colons', lines: ['x: y: z', 'a::b'], fields: { x: 'y: z', a: ':b' } },
    { name: 'keep their bytes beyond ASCII', lines: ['x: \xe4\xff\x80'], fields: { x: '\xe4\xff\x80' } },
    {
      name: 'keep an 0xA0 at either end, as in "voilà" in UTF-8',
      lines: ['x: \xa0voil\xc3\xa0 '],
      fields: { x: '\xa0voil\xc3\xa0' },
    },
    { name: 'that come again make a list', lines: ['A: 1', 'a: 2', 'A: 3'], fields: { a: ['1', '2', '3'] } },
    { name: 'may be called as objects call theirs', lines: ['constructor: 1'], fields: { constructor: '1' } },
    { name: 'may have any token as a name', lines: ["!#$%&'*+.^_`|~-9aZ: 1"], fields: { "!#$%&'*+.^_`|~-9az": '1' } },
  ])('$name', ({ lines, fields }) => {
    expect(parsed(['HTTP/1.1 200 OK', ...lines])).toMatchObject({ fields });
    expect(readFields(lines.join('\r\n'))).toEqual(fields);
  });

  test('called __proto__ are fields like any other, and leave the prototype alone', () => {
    const fields = readFields('__proto__: 1\r\n__PROTO__: 2\r\nx: y');
    expect(Object.entries(fields)).toEqual([
      ['__proto__', ['1', '2']],
      ['x', 'y'],
    ]);
    expect(Object.getPrototypeOf(fields)).toBe(Object.prototype);
    expect(({} as OriginFields).x).toBeUndefined();
  });

  test('without end in number are read, however many names there are', () => {
    const lines = Array.from({ length: 5000 }, (_, i) => `X-Name-${i}: ${i}`);
    const fields = readFields(lines.join('\r\n'));
    expect(Object.keys(fields)).toHaveLength(5000);
    expect(fields['x-name-4999']).toBe('4999');
  });

  test.each([
    'x',
    ': y',
    ' x: y',
    '\tx: y',
    'x : y',
    'x\t: y',
    'x y: z',
    'x\xe4: y',
    'x\xa0: y',
    '"x": y',
    'x(y): z',
    ':status: 200',
    'x: y\x00',
    'x: y\x1f',
    'x: y\x7f',
    'x: y\rz',
    'x: y\nz: 1',
    'x: y\n',
    'x: y\r',
    'x: y\r\r\nz: 1',
    'x: y\r\n z',
    'x: y\r\n\tz',
    '\nx: y',
    '\r\nx: y',
  ])('are not read where a line is none: %j', (lines) => {
    expect(parsed(['HTTP/1.1 200 OK', lines])).toEqual(BROKEN);
    expect(parsed(['HTTP/1.1 200 OK', 'a: b', lines, 'c: d'])).toEqual(BROKEN);
    expect(attempt(() => readFields(lines))).toEqual(BROKEN);
  });
});

describe('the end of the body (RFC 9112 §6.3)', () => {
  const NONE: BodyFraming = { kind: 'none' };
  const CHUNKED: BodyFraming = { kind: 'chunked' };
  const CLOSE: BodyFraming = { kind: 'close' };
  const LENGTH_5: BodyFraming = { kind: 'length', length: 5 };

  test.each<{ first?: string; method?: string; lines: string[]; framing: BodyFraming }>([
    { lines: [], framing: CLOSE },
    { first: 'HTTP/1.0 200 OK', lines: [], framing: CLOSE },
    { lines: ['Content-Length: 5'], framing: LENGTH_5 },
    { lines: ['Content-Length: 0'], framing: { kind: 'length', length: 0 } },
    { lines: ['Content-Length: 005'], framing: LENGTH_5 },
    { lines: ['Content-Length:\t5 '], framing: LENGTH_5 },
    { lines: ['Content-Length: 999999999999999'], framing: { kind: 'length', length: 999_999_999_999_999 } },
    { first: 'HTTP/1.0 200 OK', lines: ['Content-Length: 5'], framing: LENGTH_5 },
    { first: 'HTTP/1.1 404 Not Found', lines: ['Content-Length: 5'], framing: LENGTH_5 },
    { first: 'HTTP/1.1 205 Reset Content', lines: ['Content-Length: 5'], framing: LENGTH_5 },
    { lines: ['Transfer-Encoding: chunked'], framing: CHUNKED },
    { lines: ['transfer-encoding: CHUNKED'], framing: CHUNKED },
    { method: 'HEAD', lines: [], framing: NONE },
    { method: 'HEAD', lines: ['Content-Length: 5'], framing: NONE },
    { method: 'HEAD', lines: ['Transfer-Encoding: chunked'], framing: NONE },
    { first: 'HTTP/1.1 204 No Content', lines: ['Content-Length: 5'], framing: NONE },
    { first: 'HTTP/1.1 304 Not Modified', lines: ['Transfer-Encoding: chunked'], framing: NONE },
    { first: 'HTTP/1.1 103 Early Hints', lines: ['Content-Length: 5'], framing: NONE },
    { first: 'HTTP/1.1 101 Switching Protocols', lines: [], framing: NONE },
    { method: 'POST', lines: ['Content-Length: 5'], framing: LENGTH_5 },
  ])('of $first to $method with $lines is told by $framing.kind', ({ first, method, lines, framing }) => {
    expect(parsed([first ?? 'HTTP/1.1 200 OK', ...lines], method)).toMatchObject({ framing });
  });

  const doubtful = [
    ['Content-Length: 5', 'Transfer-Encoding: chunked'],
    ['Transfer-Encoding: chunked', 'Content-Length: 5'],
    ['Content-Length: 5', 'Content-Length: 5'],
    ['Content-Length: 5', 'Content-Length: 6'],
    ['Content-Length: 5, 5'],
    ['Content-Length: '],
    ['Content-Length: -5'],
    ['Content-Length: +5'],
    ['Content-Length: 0x5'],
    ['Content-Length: 5e0'],
    ['Content-Length: 5.0'],
    ['Content-Length: 5 5'],
    ['Content-Length: 5\xa0'],
    ['Content-Length: five'],
    ['Content-Length: 1000000000000000'],
    ['Content-Length: 18446744073709551621'],
    ['Transfer-Encoding: '],
    ['Transfer-Encoding: identity'],
    ['Transfer-Encoding: gzip, chunked'],
    ['Transfer-Encoding: chunked, identity'],
    ['Transfer-Encoding: chunked;q=1'],
    ['Transfer-Encoding: xchunked'],
    ['Transfer-Encoding: \xa0chunked'],
    ['Transfer-Encoding: \x0bchunked'],
    ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'],
  ];
  test.each(doubtful)('is in doubt, and so there is no response: %j %j', (...lines) => {
    expect(parsed(['HTTP/1.1 200 OK', ...lines])).toEqual(BROKEN);
    expect(parsed(['HTTP/1.1 304 Not Modified', ...lines])).toEqual(BROKEN);
    expect(parsed(['HTTP/1.1 200 OK', ...lines], 'HEAD')).toEqual(BROKEN);
  });

  test('is in doubt where HTTP/1.0 speaks of chunks, of which it knows nothing (RFC 9112 §6.1)', () => {
    expect(parsed(['HTTP/1.0 200 OK', 'Transfer-Encoding: chunked'])).toEqual(BROKEN);
  });
});

describe('whether the connection is used again (RFC 9112 §9.3)', () => {
  const LENGTH = 'Content-Length: 5';
  test.each<{ first?: string; method?: string; lines: string[]; persistent: boolean; name: string }>([
    { name: 'yes in HTTP/1.1', lines: [LENGTH], persistent: true },
    { name: 'yes after chunks', lines: ['Transfer-Encoding: chunked'], persistent: true },
    { name: 'not after "close"', lines: [LENGTH, 'Connection: close'], persistent: false },
    { name: 'not after "Close" in a list', lines: [LENGTH, 'Connection: x, Close'], persistent: false },
    {
      name: 'not after "close" in any of two',
      lines: [LENGTH, 'Connection: close', 'Connection: x'],
      persistent: false,
    },
    { name: 'not after both', lines: [LENGTH, 'Connection: keep-alive, close'], persistent: false },
    { name: 'yes after a word like "close"', lines: [LENGTH, 'Connection: closed'], persistent: true },
    { name: 'not after a body that the close ends', lines: [], persistent: false },
    { name: 'not after it either, with "keep-alive"', lines: ['Connection: keep-alive'], persistent: false },
    { name: 'not in HTTP/1.0', first: 'HTTP/1.0 200 OK', lines: [LENGTH], persistent: false },
    {
      name: 'yes in HTTP/1.0 with "keep-alive"',
      first: 'HTTP/1.0 200 OK',
      lines: [LENGTH, 'Connection: Keep-Alive'],
      persistent: true,
    },
    {
      name: 'not in HTTP/1.0 with both',
      first: 'HTTP/1.0 200 OK',
      lines: [LENGTH, 'Connection: keep-alive, close'],
      persistent: false,
    },
    { name: 'not after HEAD', method: 'HEAD', lines: [LENGTH], persistent: false },
    { name: 'not after HEAD without a length', method: 'HEAD', lines: [], persistent: false },
    { name: 'yes after 204', first: 'HTTP/1.1 204 No Content', lines: [], persistent: true },
    { name: 'yes after 204 of no bytes', first: 'HTTP/1.1 204 X', lines: ['Content-Length: 0'], persistent: true },
    { name: 'not after 204 of some bytes', first: 'HTTP/1.1 204 X', lines: [LENGTH], persistent: false },
    {
      name: 'not after 204 in chunks',
      first: 'HTTP/1.1 204 X',
      lines: ['Transfer-Encoding: chunked'],
      persistent: false,
    },
    { name: 'yes after 304', first: 'HTTP/1.1 304 Not Modified', lines: ['ETag: "1"'], persistent: true },
    { name: 'not after 304 with a length', first: 'HTTP/1.1 304 Not Modified', lines: [LENGTH], persistent: false },
    { name: 'not after 304 with "close"', first: 'HTTP/1.1 304 X', lines: ['Connection: close'], persistent: false },
  ])('$name', ({ first = 'HTTP/1.1 200 OK', method, lines, persistent }) => {
    expect(parsed([first, ...lines], method)).toMatchObject({ persistent });
  });

  test.each([
    { lines: [], seconds: undefined },
    { lines: ['Keep-Alive: timeout=5'], seconds: 5 },
    { lines: ['Keep-Alive: timeout=5, max=100'], seconds: 5 },
    { lines: ['Keep-Alive: max=100, Timeout=15'], seconds: 15 },
    { lines: ['Keep-Alive: max=100,timeout=15'], seconds: 15 },
    { lines: ['Keep-Alive: timeout=0'], seconds: 0 },
    { lines: ['Keep-Alive: timeout=-5'], seconds: undefined },
    { lines: ['Keep-Alive: timeout=soon'], seconds: undefined },
    { lines: ['Keep-Alive: mytimeout=5'], seconds: undefined },
    { lines: ['Keep-Alive: '], seconds: undefined },
    { lines: ['Keep-Alive: timeout=5', 'Keep-Alive: timeout=6'], seconds: undefined },
  ])('and for how long, $seconds s, is told by $lines', ({ lines, seconds }) => {
    const head = parsed(['HTTP/1.1 200 OK', ...lines]) as ResponseHead1;
    expect(head.keepAliveTimeout).toBe(seconds);
  });
});

describe('the beginning of a head', () => {
  const HEAD = 'HTTP/1.1 200 OK\r\nX: y\tz\xe4\r\n';

  test('may be good as far as it goes, wherever it stops', () => {
    for (let at = 1; at <= HEAD.length; at++) {
      const bytes = Buffer.from(HEAD.slice(0, at), 'latin1');
      // The CR may be half of a line end.
      expect(checkBeginning(bytes, 0), `at ${at}`).toBe(HEAD[at - 1] === '\r' ? at - 1 : at);
    }
  });

  test.each(['h', 'HTTP/2', ' ', '\r\n', '\x15\x03\x01', '<html>', 'HTTP/1.1 200 O\0', 'HTTP/1.1 200 OK\n'])(
    'that cannot become one is not waited for: %j',
    (text) => {
      expect(attempt(() => checkBeginning(Buffer.from(text, 'latin1'), 0))).toEqual(BROKEN);
    },
  );

  test.each(['\rX', '\n', '\0', 'X: y\n'])('is looked at where it was not yet: %j', (text) => {
    const before = checkBeginning(Buffer.from(HEAD, 'latin1'), 0);
    expect(attempt(() => checkBeginning(Buffer.from(HEAD + text, 'latin1'), before))).toEqual(BROKEN);
  });

  test('whose last byte was a CR goes on with an LF', () => {
    const text = 'HTTP/1.1 200 OK\r';
    const before = checkBeginning(Buffer.from(text), 0);
    expect(checkBeginning(Buffer.from(`${text}\n`), before)).toBe(text.length + 1);
    expect(attempt(() => checkBeginning(Buffer.from(`${text}X`), before))).toEqual(BROKEN);
  });
});
