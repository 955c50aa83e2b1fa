import { describe, expect, test } from 'vitest';
import type { AccessEntry } from '../../src/observe/access-entry.ts';
import { accessFormat } from '../../src/observe/access-format.ts';
import { entryOf } from './entry.ts';

/** Nothing came back: the origin was not reached, and the client waits no longer. */
const NOTHING = { status: 0, bytesSent: 0, firstByte: undefined, pool: undefined, origin: undefined, attempts: 0 };

const HOSTILE = [
  { name: 'a line of its own', text: '/\r\n{"status":200}\r\n' },
  { name: 'quotes', text: '/" 200 1 "-" "' },
  { name: 'a backslash at the end', text: '/\\' },
  { name: 'a NUL', text: '/\x00/etc/passwd' },
  { name: 'escape sequences of a terminal', text: '/\x1b]0;owned\x07\x9b2J' },
  { name: 'bytes that are no UTF-8', text: '/\xff\xfe\x80' },
  { name: 'bytes that are UTF-8', text: '/caf\xc3\xa9' },
  { name: 'spaces', text: '/a b  c' },
  { name: 'separators that some readers take for line ends', text: '/\x85\u2028\u2029' },
  { name: 'characters that end in a line feed byte', text: '/\u010a\u0a0a' },
  { name: 'a hundred thousand bytes', text: `/${'"\xff\n'.repeat(33_333)}` },
];

describe('the json format', () => {
  const line = (entry: AccessEntry) => JSON.parse(accessFormat('json')(entry));

  test('tells an exchange in one object', () => {
    expect(accessFormat('json')(entryOf())).toBe(
      '{"time":"2026-11-20T21:05:00.123Z","id":"4bf92f3577b34da6","client":"203.0.113.7","method":"GET",' +
        '"scheme":"https","host":"www.example.com","target":"/index.html?q=1","protocol":"HTTP/1.1","status":200,' +
        '"bytes":1024,"bytes_in":0,"duration_ms":12.346,"first_byte_ms":11,"pool":"app","origin":"app2","attempts":1,' +
        '"user_agent":"curl/8.5.0"}\n',
    );
  });

  test('tells who connected when that is not the client', () => {
    expect(line(entryOf({ peer: '10.0.0.1' }))).toMatchObject({ client: '203.0.113.7', peer: '10.0.0.1' });
  });

  test('tells failure, splash page and referer where there are any', () => {
    const different = { error: 'connection_refused', splash: true, referer: 'https://example.org/' } as const;
    expect(line(entryOf(different))).toMatchObject(different);
  });

  test('tells which sibling had it, and that it was one who asked', () => {
    expect(line(entryOf({ sibling: 'us-2' }))).toMatchObject({ sibling: 'us-2' });
    expect(line(entryOf({ fromSibling: true }))).toMatchObject({ from_sibling: true });
  });

  test('leaves out what is not known', () => {
    expect(Object.keys(line(entryOf({ ...NOTHING, userAgent: undefined })))).toEqual(
      'time id client method scheme host target protocol status bytes bytes_in duration_ms attempts'.split(' '),
    );
  });

  test.each(HOSTILE)('is one line of ASCII that says what came, with $name', ({ text }) => {
    const entry = entryOf({ target: text, referer: text, userAgent: text, authority: text, id: text });
    expect(accessFormat('json')(entry)).toMatch(/^[ -\x7f]*\n$/);
    expect(line(entry)).toMatchObject({ target: text, referer: text, user_agent: text, host: text, id: text });
  });
});

describe('the combined format', () => {
  /** Local time differs from machine to machine. */
  const line = (entry: AccessEntry) => accessFormat('combined')(entry).replace(/\[[^\]]+\]/, '[time]');

  test.each([
    {
      name: 'is that of Apache',
      entry: entryOf({ referer: 'https://example.org/' }),
      expected: '203.0.113.7 - - [time] "GET /index.html?q=1 HTTP/1.1" 200 1024 "https://example.org/" "curl/8.5.0"\n',
    },
    {
      name: 'has a dash for what is not known or empty',
      entry: entryOf({ bytesSent: 0, userAgent: '', version: '2.0', client: '2001:db8::1' }),
      expected: '2001:db8::1 - - [time] "GET /index.html?q=1 HTTP/2.0" 200 - "-" "-"\n',
    },
    {
      name: 'has 499 for a client that left before there was a status',
      entry: entryOf(NOTHING),
      expected: '203.0.113.7 - - [time] "GET /index.html?q=1 HTTP/1.1" 499 - "-" "curl/8.5.0"\n',
    },
    {
      name: 'escapes what could forge a line',
      entry: entryOf({ target: '/"\r\n', userAgent: 'a\\\xff', client: 'a b' }),
      expected: 'a%20b - - [time] "GET /\\"\\r\\n HTTP/1.1" 200 1024 "-" "a\\\\\\xff"\n',
    },
  ])('$name', ({ entry, expected }) => {
    expect(line(entry)).toBe(expected);
  });

  test('has the local time of the arrival', () => {
    const time = /\[(.+)\]/.exec(accessFormat('combined')(entryOf()))?.[1] as string;
    expect(Date.parse(time.replaceAll('/', ' ').replace(':', ' '))).toBe(Date.UTC(2026, 10, 20, 21, 5));
  });

  test.each(HOSTILE)('is one line of nine fields in printable ASCII, with $name', ({ text }) => {
    const entry = entryOf({ target: text, referer: text, userAgent: text, client: text, method: text });
    expect(accessFormat('combined')(entry)).toMatch(
      /^[!-~]+ - - \[[^\]]+\] "(?:[ !#-[\]-~]|\\[ -~])*" 200 1024 "(?:[ !#-[\]-~]|\\[ -~])*" "(?:[ !#-[\]-~]|\\[ -~])*"\n$/,
    );
  });
});

describe('the squid format', () => {
  test("is that of Squid's native log, at the time of the end", () => {
    expect(accessFormat('squid')(entryOf())).toBe(
      '1795208700.135     12 203.0.113.7 TCP_MISS/200 1024 GET https://www.example.com/index.html?q=1 - ' +
        'HIER_DIRECT/app2 -\n',
    );
  });

  test.each([
    { name: 'from an origin', different: {}, expected: 'TCP_MISS/200' },
    {
      name: 'an origin that could not be reached',
      different: { error: 'connection_refused', status: 502 },
      expected: 'TCP_MISS/502',
    },
    {
      name: 'an origin that was too slow',
      different: { error: 'http_response_timeout', status: 504 },
      expected: 'TCP_MISS_TIMEDOUT/504',
    },
    { name: 'a client that left while an origin worked', different: { status: 0 }, expected: 'TCP_MISS_ABORTED/000' },
    {
      name: 'a client that left in the middle',
      different: { error: 'client_disconnected' },
      expected: 'TCP_MISS_ABORTED/200',
    },
    { name: 'a client that left before', different: NOTHING, expected: 'NONE_NONE_ABORTED/000' },
    {
      name: 'a client that is not let in',
      different: { ...NOTHING, error: 'access_denied', status: 403 },
      expected: 'TCP_DENIED/403',
    },
    { name: 'a redirection of ours', different: { ...NOTHING, status: 308 }, expected: 'TCP_REDIRECT/308' },
    { name: 'a bad request', different: { ...NOTHING, error: 'bad_request', status: 400 }, expected: 'NONE_NONE/400' },
    {
      name: 'a slow request',
      different: { ...NOTHING, error: 'request_timeout', status: 408 },
      expected: 'NONE_NONE_TIMEDOUT/408',
    },
    { name: 'a WebSocket', different: { status: 101 }, expected: 'TCP_TUNNEL/101' },
    { name: 'a sibling', different: { ...NOTHING, status: 200, sibling: 'us-2' }, expected: 'TCP_MISS/200' },
    {
      name: 'a sibling that had it newer',
      different: { ...NOTHING, status: 200, sibling: 'us-2', cache: 'stale' },
      expected: 'TCP_REFRESH_MODIFIED/200',
    },
  ])('has the result code for $name', ({ different, expected }) => {
    expect(accessFormat('squid')(entryOf(different)).trim().split(/ +/)[3]).toBe(expected);
  });

  test('says that no origin was asked', () => {
    expect(accessFormat('squid')(entryOf(NOTHING))).toMatch(/ - HIER_NONE\/- -\n$/);
  });

  test('says which sibling had it', () => {
    const entry = entryOf({ ...NOTHING, sibling: 'us-2' });
    expect(accessFormat('squid')(entry)).toMatch(/ - SIBLING_HIT\/us-2 -\n$/);
  });

  test.each(HOSTILE)('is one line of ten fields in printable ASCII, with $name', ({ text }) => {
    const entry = entryOf({ target: text, client: text, method: text, origin: text, authority: text });
    const line = accessFormat('squid')(entry);
    expect(line).toMatch(/^[ -~]*\n$/);
    expect(line.trim().split(/ +/)).toHaveLength(10);
  });
});
