import { describe } from 'vitest';
import { forwarded, HOST, head, judged, type RequestCase, refused, SMUGGLED } from './request-verdict.ts';
import { useScene } from './scene.ts';

/** Where a request's body ends: whoever makes Portico and an origin disagree on it can smuggle requests. */

const scene = useScene();

const POST = 'POST /form HTTP/1.1';
const CHUNKED = 'Transfer-Encoding: chunked';
const hello = { line: 'POST /form', body: 'hello' };

describe('a request with two lengths', () => {
  judged(scene, [
    {
      name: 'Content-Length before Transfer-Encoding',
      see: 'RFC 9112 §6.1',
      send: `${head(POST, HOST, 'Content-Length: 6', CHUNKED)}0\r\n\r\n${SMUGGLED}`,
      expect: refused(400),
    },
    {
      name: 'Transfer-Encoding before Content-Length',
      see: 'RFC 9112 §6.1',
      send: `${head(POST, HOST, CHUNKED, 'Content-Length: 60')}0\r\n\r\n${SMUGGLED}`,
      expect: refused(400),
    },
    {
      name: 'an empty Transfer-Encoding beside Content-Length',
      see: 'RFC 9112 §6.1',
      send: `${head(POST, HOST, 'Content-Length: 5', 'Transfer-Encoding:')}hello`,
      expect: refused(400),
    },
    {
      name: 'two Content-Lengths that differ',
      see: 'RFC 9112 §6.3',
      send: `${head(POST, HOST, 'Content-Length: 0', `Content-Length: ${SMUGGLED.length}`)}${SMUGGLED}`,
      expect: refused(400),
    },
    {
      name: 'two Content-Lengths that agree',
      see: 'RFC 9112 §6.3',
      send: `${head(POST, HOST, 'Content-Length: 5', 'Content-Length: 5')}hello`,
      expect: refused(400),
    },
    {
      name: 'a list as Content-Length',
      see: 'RFC 9112 §6.3',
      send: `${head(POST, HOST, 'Content-Length: 5, 5')}hello`,
      expect: refused(400),
    },
    {
      name: 'a list of different lengths as Content-Length',
      see: 'RFC 9112 §6.3',
      send: `${head(POST, HOST, 'Content-Length: 5, 6')}hello`,
      expect: refused(400),
    },
  ]);
});

describe('a Content-Length that is no number', () => {
  const lengths = {
    'with a plus sign': '+5',
    'with a minus sign': '-5',
    'in hexadecimal': '0x5',
    'with an exponent': '5e0',
    'with a fraction': '5.0',
    'with an underscore': '5_0',
    'with a space inside': '5 5',
    'with a parameter': '5;q=1',
    'in quotes': '"5"',
    empty: '',
    'that wraps around in 64 bits': '18446744073709551621',
    'that wraps around in 32 bits, and is longer than any number': `4294967301${'0'.repeat(30)}`,
    'after a vertical tab': '\x0b5',
    'before a form feed': '5\f',
    'before a no-break space': '5\xa0',
  };
  const cases = Object.entries(lengths).map(([name, length]): RequestCase => {
    const send = `${head(POST, HOST, `Content-Length: ${length}`)}hello`;
    return { name, see: 'RFC 9110 §8.6', send, expect: refused(400) };
  });
  judged(scene, cases);
});

describe('a length that can be told in several ways', () => {
  judged(scene, [
    {
      name: 'leading zeros of a Content-Length go no further',
      see: 'RFC 9110 §8.6',
      send: `${head(POST, HOST, 'Content-Length: 005')}hello`,
      expect: forwarded({ ...hello, fields: { 'content-length': ['5'], 'transfer-encoding': [] } }),
    },
    {
      name: 'spaces around a Content-Length go no further',
      see: 'RFC 9112 §5.1',
      send: `${head(POST, HOST, 'Content-Length:\t  5 \t')}hello`,
      expect: forwarded({ ...hello, fields: { 'content-length': ['5'] } }),
    },
    {
      name: 'a Content-Length of 0 is no body, and what follows is the next request',
      see: 'RFC 9112 §6.3',
      send: `${head(POST, HOST, 'Content-Length: 0')}${head('GET /next HTTP/1.1', HOST)}`,
      expect: forwarded({ line: 'POST /form' }, { line: 'GET /next' }),
    },
    {
      name: 'a body as long as declared, and what follows is the next request',
      see: 'RFC 9112 §6.3',
      send: `${head(POST, HOST, 'Content-Length: 5')}hello${head('GET /next HTTP/1.1', HOST)}`,
      expect: forwarded(hello, { line: 'GET /next' }),
    },
    {
      name: 'a chunked body, and what follows is the next request',
      see: 'RFC 9112 §7.1',
      send: `${head(POST, HOST, CHUNKED)}2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n${head('GET /next HTTP/1.1', HOST)}`,
      expect: forwarded(hello, { line: 'GET /next' }),
    },
    {
      name: 'a request inside of a body stays there',
      see: 'RFC 9112 §6.3',
      send: `${head(POST, HOST, `Content-Length: ${SMUGGLED.length}`)}${SMUGGLED}`,
      expect: forwarded({ line: 'POST /form', body: SMUGGLED }),
    },
    {
      name: 'the name of the coding in other letters',
      see: 'RFC 9112 §7',
      send: `${head(POST, HOST, 'tRANSFER-eNCODING: CHUNKED')}5\r\nhello\r\n0\r\n\r\n`,
      expect: forwarded(hello),
    },
    {
      name: 'a tab before the coding',
      see: 'RFC 9112 §5.1',
      send: `${head(POST, HOST, 'Transfer-Encoding:\tchunked')}5\r\nhello\r\n0\r\n\r\n`,
      expect: forwarded(hello),
    },
    {
      name: 'a space after the coding',
      see: 'RFC 9112 §5.1',
      send: `${head(POST, HOST, 'Transfer-Encoding: chunked ')}5\r\nhello\r\n0\r\n\r\n`,
      expect: forwarded(hello),
    },
    {
      name: 'Transfer_Encoding is another field, and says nothing',
      see: 'RFC 9110 §5.1',
      send: `${head(POST, HOST, 'Content-Length: 5', 'Transfer_Encoding: chunked')}hello`,
      expect: forwarded({
        ...hello,
        fields: { 'content-length': ['5'], 'transfer-encoding': [], transfer_encoding: [] },
      }),
    },
  ]);
});

describe('a body where none is usual', () => {
  const bodies = { 'with a length': 'Content-Length: 5', 'by chunks': CHUNKED };
  const cases = ['GET', 'DELETE', 'OPTIONS', 'HEAD', 'PROPFIND'].flatMap((method) =>
    Object.entries(bodies).map(([how, field]): RequestCase => {
      const body = field === CHUNKED ? '5\r\nhello\r\n0\r\n\r\n' : 'hello';
      const send = `${head(`${method} /odd HTTP/1.1`, HOST, field)}${body}`;
      const expected = forwarded({ line: `${method} /odd`, body: 'hello' });
      return {
        name: `${method} ${how} reaches the origin with its framing`,
        see: 'RFC 9110 §9.3',
        send,
        expect: expected,
      };
    }),
  );
  judged(scene, cases);

  judged(
    scene,
    ['DELETE', 'OPTIONS', 'GET'].map((method) => ({
      name: `${method} with a request as its chunked body smuggles none`,
      see: 'features.md §4.2',
      send: `${head(`${method} /odd HTTP/1.1`, HOST, CHUNKED)}${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`,
      expect: forwarded({ line: `${method} /odd`, body: SMUGGLED }),
    })),
  );
});

describe('a Transfer-Encoding that is not plainly chunked', () => {
  // RFC 9112 §6.3 wants 400 where chunked is not the last coding, §6.1 allows 501 for one that is not known.
  const either = refused(400, 501);
  const codings: Record<string, { fields: readonly string[]; expect: ReturnType<typeof refused> }> = {
    'a known coding before it': { fields: ['Transfer-Encoding: gzip, chunked'], expect: refused(501) },
    'a known coding before it, on a line of its own': {
      fields: ['Transfer-Encoding: gzip', 'Transfer-Encoding: chunked'],
      expect: refused(501),
    },
    'an unknown coding': { fields: ['Transfer-Encoding: xchunked'], expect: either },
    'a coding after it': { fields: ['Transfer-Encoding: chunked, identity'], expect: either },
    'a coding after it, on a line of its own': {
      fields: ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'],
      expect: either,
    },
    'identity alone': { fields: ['Transfer-Encoding: identity'], expect: either },
    'chunked twice': { fields: ['Transfer-Encoding: chunked, chunked'], expect: either },
    'chunked twice, on two lines': { fields: [CHUNKED, CHUNKED], expect: either },
    'a parameter': { fields: ['Transfer-Encoding: chunked;q=1'], expect: either },
    'quotes around it': { fields: ['Transfer-Encoding: "chunked"'], expect: either },
    'an empty list member before it': { fields: ['Transfer-Encoding: ,chunked'], expect: either },
    'a vertical tab before it': { fields: ['Transfer-Encoding: \x0bchunked'], expect: either },
    'a form feed after it': { fields: ['Transfer-Encoding: chunked\f'], expect: either },
    'a NUL after it': { fields: ['Transfer-Encoding: chunked\0'], expect: refused(400) },
    'a no-break space before it': { fields: ['Transfer-Encoding: \xa0chunked'], expect: either },
    'a space before the colon': { fields: ['Transfer-Encoding : chunked'], expect: refused(400) },
    'a tab before the colon': { fields: ['Transfer-Encoding\t: chunked'], expect: refused(400) },
    'a NUL in the name': { fields: ['Transfer-Encoding\0: chunked'], expect: refused(400) },
    'a line folded before it': { fields: ['Transfer-Encoding:', ' chunked'], expect: refused(400) },
    'a bare LF before the field': { fields: ['X: y\nTransfer-Encoding: chunked'], expect: refused(400) },
    'a bare CR before the field': { fields: ['X: y\rTransfer-Encoding: chunked'], expect: refused(400) },
    'HTTP/1.1 chunks as one of two colons': { fields: ['Transfer-Encoding:: chunked'], expect: either },
  };
  const cases = Object.entries(codings).map(([name, { fields, expect }]): RequestCase => {
    const send = `${head(POST, HOST, ...fields)}5\r\nhello\r\n0\r\n\r\n`;
    return { name, see: 'RFC 9112 §6.1', send, expect };
  });
  judged(scene, cases);

  judged(scene, [
    {
      name: 'chunked in HTTP/1.0',
      see: 'RFC 9112 §6.1',
      send: `${head('POST /form HTTP/1.0', HOST, CHUNKED)}5\r\nhello\r\n0\r\n\r\n`,
      expect: refused(400),
    },
    {
      name: 'chunked in HTTP/1.0 beside a length and a wish to go on',
      see: 'RFC 9112 §6.1',
      send: `${head('POST /form HTTP/1.0', HOST, 'Connection: keep-alive', 'Content-Length: 5', CHUNKED)}0\r\n\r\n${SMUGGLED}`,
      expect: refused(400),
    },
  ]);
});
