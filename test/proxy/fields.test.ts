import { describe, expect, test } from 'vitest';
import { collectFields, listTokens, withoutNamed } from '../../src/proxy/fields.ts';

/** `Name: value` lines as the parser gives them. */
function raw(...lines: string[]): string[] {
  return lines.flatMap((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
}

function collect(...lines: string[]) {
  return collectFields(raw(...lines));
}

describe('an end-to-end field', () => {
  test('is passed on as it came: its name, its bytes, its place', () => {
    const lines = ['X-B: 2', 'x-a: caf\xe9 \xff', 'X-B: 1', 'Accept-Encoding: gzip', 'X-Empty:'];
    expect(collect(...lines)).toMatchObject({ fields: raw(...lines), error: undefined });
  });

  test.each(['Cookie', 'Accept', 'User-Agent', 'Referer', 'Authorization', 'Range', 'If-None-Match'])(
    '%s stays, though the proxy may read it',
    (name) => expect(collect(`${name}: x`).fields).toEqual([name, 'x']),
  );

  test.each([
    { field: 'accept', lines: ['Accept: text/html', 'Accept: */*'], value: 'text/html, */*' },
    { field: 'userAgent', lines: ['User-Agent: curl'], value: 'curl' },
    { field: 'referer', lines: ['Referer: http://a/'], value: 'http://a/' },
  ] as const)('$field is known beside', ({ field, lines, value }) => {
    const { fields, known } = collect(...lines);
    expect(known[field]).toBe(value);
    expect(fields).toEqual(raw(...lines));
  });
});

describe('a field of the connection alone (RFC 9110 §7.6.1)', () => {
  test.each([
    'Connection: close',
    'Keep-Alive: timeout=5',
    'Proxy-Connection: keep-alive',
    'Proxy-Authorization: Basic x',
    'Proxy-Authenticate: Basic',
    'TE: trailers',
    'Trailer: X-Sum',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA',
    'kEEP-aLIVE: timeout=5',
  ])('is not passed on: %s', (line) => expect(collect('X: 1', line).fields).toEqual(['X', '1']));

  test.each([
    { name: 'one name', lines: ['Connection: X-Hop', 'X-Hop: 1', 'X: 1'] },
    { name: 'any case', lines: ['connection: x-hOP', 'X-Hop: 1', 'X: 1'] },
    { name: 'a list with empty members', lines: ['Connection: ,close,, X-Hop ,\t', 'X-Hop: 1', 'X: 1'] },
    { name: 'several fields', lines: ['Connection: keep-alive', 'X-Hop: 1', 'X: 1', 'Connection: X-Hop'] },
    { name: 'a field that comes twice', lines: ['X-Hop: 1', 'Connection: X-Hop', 'X: 1', 'X-Hop: 2'] },
    { name: 'names of no field', lines: ['Connection: close, X-None', 'X: 1'] },
  ])('is any that Connection names: $name', ({ lines }) => expect(collect(...lines).fields).toEqual(['X', '1']));

  test('is none of those that the proxy answers for, whatever Connection says', () => {
    const { known, host, hosts } = collect(
      'Connection: host, content-length, x-forwarded-for, via, cdn-loop',
      'Host: a',
      'Content-Length: 5',
      'X-Forwarded-For: 192.0.2.1',
      'Via: 1.1 x',
      'CDN-Loop: y',
    );
    expect({ hosts, host }).toEqual({ hosts: 1, host: 'a' });
    expect(known).toMatchObject({ contentLength: 5, xForwardedFor: '192.0.2.1', via: '1.1 x', cdnLoop: 'y' });
  });
});

describe('a field that the proxy writes itself', () => {
  test.each([
    { field: 'forwarded', name: 'Forwarded' },
    { field: 'xForwardedFor', name: 'X-Forwarded-For' },
    { field: 'xForwardedProto', name: 'X-Forwarded-Proto' },
    { field: 'xForwardedHost', name: 'X-Forwarded-Host' },
    { field: 'via', name: 'Via' },
    { field: 'cdnLoop', name: 'CDN-Loop' },
  ] as const)('is taken out, and its lines are one list (RFC 9110 §5.3): $name', ({ field, name }) => {
    const { fields, known } = collect(`${name}: a`, 'X: 1', `${name.toUpperCase()}: b, c`);
    expect(fields).toEqual(['X', '1']);
    expect(known[field]).toBe('a, b, c');
  });

  test('is taken out: X-Request-Id', () => {
    expect(collect('X-Request-ID: abc')).toMatchObject({ fields: [], known: { requestId: 'abc' } });
  });

  test.each([
    'X_Forwarded_For',
    'x_forwarded-for',
    'X-FORWARDED_PROTO',
    'CDN_Loop',
    'Content_Length',
    'Transfer_Encoding',
  ])('cannot be said by an alias that CGI takes for the same: %s', (name) =>
    expect(collect(`${name}: 1`).fields).toEqual([]),
  );

  test('is not every name with an underscore', () => {
    expect(collect('X_Custom: 1').fields).toEqual(['X_Custom', '1']);
  });

  test('has no say in where programs behind CGI send their requests (CVE-2016-5385)', () => {
    expect(collect('Proxy: http://evil.example', 'PROXY: x').fields).toEqual([]);
  });
});

describe('Host', () => {
  test.each([
    { name: 'none', lines: [], hosts: 0, host: '' },
    { name: 'one', lines: ['hOST: www.example.com'], hosts: 1, host: 'www.example.com' },
    { name: 'an empty one', lines: ['Host:'], hosts: 1, host: '' },
    { name: 'two alike', lines: ['Host: a', 'Host: a'], hosts: 2, host: 'a' },
  ])('is counted: $name', ({ lines, hosts, host }) => {
    expect(collect(...lines)).toMatchObject({ hosts, host, fields: [] });
  });
});

describe('the framing of a body', () => {
  test.each([
    { name: 'a length', lines: ['Content-Length: 5'], known: { contentLength: 5, chunked: false } },
    { name: 'none', lines: ['Content-Length: 0'], known: { contentLength: 0, chunked: false } },
    { name: 'a length with zeros before it', lines: ['Content-Length: 005'], known: { contentLength: 5 } },
    { name: 'the longest', lines: ['Content-Length: 9007199254740991'], known: { contentLength: 2 ** 53 - 1 } },
    { name: 'chunks', lines: ['Transfer-Encoding: Chunked'], known: { chunked: true, contentLength: undefined } },
    { name: 'nothing', lines: [], known: { chunked: false, contentLength: undefined } },
  ])('is $name', ({ lines, known }) => {
    expect(collect(...lines)).toMatchObject({ fields: [], known, error: undefined });
  });

  test.each([
    ['a sign', ['Content-Length: +5']],
    ['a minus', ['Content-Length: -1']],
    ['a list', ['Content-Length: 5, 5']],
    ['hexadecimal', ['Content-Length: 0x5']],
    ['a fraction', ['Content-Length: 5.0']],
    ['an exponent', ['Content-Length: 1e3']],
    ['nothing', ['Content-Length:']],
    ['a digit that is not ASCII', ['Content-Length: \xb2']],
    ['more than numbers hold', ['Content-Length: 9007199254740993']],
    ['what wraps around in 64 bits', ['Content-Length: 18446744073709551621']],
    ['two that agree', ['Content-Length: 5', 'Content-Length: 5']],
    ['two that differ', ['Content-Length: 5', 'Content-Length: 6']],
    ['chunks after a length', ['Content-Length: 5', 'Transfer-Encoding: chunked']],
    ['chunks before a length', ['Transfer-Encoding: chunked', 'Content-Length: 0']],
  ])('is in doubt with %s (RFC 9112 §6.3)', (_, lines) => expect(collect(...lines).error).toBe('bad_request'));

  test.each([
    'gzip, chunked',
    'chunked, gzip',
    'chunked, chunked',
    'identity',
    'xchunked',
    'chunked;q=1',
    '"chunked"',
    '',
    '\x0bchunked',
  ])('knows no coding %j (RFC 9112 §6.1)', (coding) => {
    expect(collectFields(['Transfer-Encoding', coding]).error).toBe('transfer_coding_unknown');
  });

  test('knows no two codings, each on a line of its own', () => {
    expect(collect('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked').error).toBe('transfer_coding_unknown');
    expect(collect('Transfer-Encoding: chunked', 'Transfer-Encoding: identity').error).toBe('transfer_coding_unknown');
  });
});

describe('Expect (RFC 9110 §10.1.1)', () => {
  test.each([
    { value: '100-continue', expected: { known: { expectContinue: true }, error: undefined } },
    { value: '100-Continue', expected: { known: { expectContinue: true }, error: undefined } },
    { value: '200-ok', expected: { error: 'expectation_failed' } },
    { value: '100-continue, x', expected: { error: 'expectation_failed' } },
    { value: '', expected: { error: 'expectation_failed' } },
  ])('of $value', ({ value, expected }) => {
    expect(collect(`Expect: ${value}`)).toMatchObject({ fields: [], ...expected });
  });
});

describe('Upgrade (RFC 9110 §7.8)', () => {
  test.each([
    { name: 'a WebSocket', lines: ['Connection: Upgrade', 'Upgrade: WebSocket'], upgrade: 'websocket' },
    {
      name: 'one among other options',
      lines: ['Upgrade: websocket', 'Connection: keep-alive, upgrade'],
      upgrade: 'websocket',
    },
    { name: 'without Connection', lines: ['Upgrade: websocket'], upgrade: undefined },
    { name: 'with another option', lines: ['Connection: close', 'Upgrade: websocket'], upgrade: undefined },
    { name: 'HTTP/2', lines: ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c'], upgrade: undefined },
    { name: 'a choice', lines: ['Connection: Upgrade', 'Upgrade: websocket, h2c'], upgrade: undefined },
    {
      name: 'a choice on two lines',
      lines: ['Connection: Upgrade', 'Upgrade: websocket', 'Upgrade: h2c'],
      upgrade: undefined,
    },
    { name: 'a version', lines: ['Connection: Upgrade', 'Upgrade: websocket/13'], upgrade: undefined },
  ])('to $name: $upgrade', ({ lines, upgrade }) => {
    const { fields, known } = collect(...lines);
    expect(known.upgrade).toBe(upgrade);
    expect(fields).toEqual([]);
  });
});

describe('Cookie', () => {
  test('comes in crumbs by HTTP/2 and is one field in HTTP/1.1 (RFC 9113 §8.2.3)', () => {
    expect(collect('cookie: a=1', 'x: 1', 'cookie: b=2', 'cookie: c=3').fields).toEqual([
      'cookie',
      'a=1; b=2; c=3',
      'x',
      '1',
    ]);
  });

  test('can be named by Connection, crumbs and all', () => {
    expect(collect('Cookie: a=1', 'Connection: cookie', 'Cookie: b=2').fields).toEqual([]);
  });
});

describe('the names of fields', () => {
  test('are told apart for ever, however many and long they are', () => {
    for (let i = 0; i < 3000; i++) {
      const name = `X-Random-${i}${i % 3 === 0 ? 'x'.repeat(100) : ''}`;
      expect(collectFields([name, '1']).fields).toEqual([name, '1']);
    }
    // What is first seen when no more is remembered is understood all the same.
    expect(collect('HOst: a', 'cOnTent-LENGTH: 7', 'KeeP-ALIve: x', 'X_ForWARDed_For: x')).toMatchObject({
      fields: [],
      host: 'a',
      known: { contentLength: 7 },
    });
  });

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('may be %s', (name) => {
    expect(collectFields([name, '1', name, '2'])).toMatchObject({ fields: [name, '1', name, '2'], error: undefined });
  });
});

describe('a list of tokens (RFC 9110 §5.6.1)', () => {
  test.each([
    { value: '', tokens: [] },
    { value: ' , ,\t', tokens: [] },
    { value: 'A', tokens: ['a'] },
    { value: 'a,B ,\tc', tokens: ['a', 'b', 'c'] },
  ])('of "$value"', ({ value, tokens }) => expect(listTokens(value)).toEqual(tokens));

  test('takes no field out that has not its very name', () => {
    expect(withoutNamed(['x-ab', '1', 'X-A', '2'], ['x-a', 'close'])).toEqual(['x-ab', '1']);
  });
});
