import { describe, expect, test } from 'vitest';
import { connectRaw } from '../support/raw-client.ts';
import { forwarded, HOST, head, judged, type RequestCase, refused, SMUGGLED } from './request-verdict.ts';
import { useScene } from './scene.ts';

/** The chunked coding of a request's body (RFC 9112 §7.1). */

const scene = useScene();

const HEAD = head('POST /form HTTP/1.1', HOST, 'Transfer-Encoding: chunked');
const END = '0\r\n\r\n';

describe('a broken chunk', () => {
  const bodies = {
    'a size with 0x before it': `0x5\r\nhello\r\n${END}`,
    'a size with a plus sign': `+5\r\nhello\r\n${END}`,
    'a negative size': `-5\r\nhello\r\n${END}`,
    'a size with an underscore': `0_5\r\nhello\r\n${END}`,
    'no size at all': `\r\nhello\r\n${END}`,
    'a size that is no number': `five\r\nhello\r\n${END}`,
    'a space before the size': ` 5\r\nhello\r\n${END}`,
    'a space after the size': `5 \r\nhello\r\n${END}`,
    'a tab after the size': `5\t\r\nhello\r\n${END}`,
    'a vertical tab after the size': `5\x0b\r\nhello\r\n${END}`,
    'a NUL after the size': `5\0\r\nhello\r\n${END}`,
    'a bare LF after the size': `5\nhello\r\n${END}`,
    'a bare CR after the size': `5\rhello\r\n${END}`,
    'two CRs after the size': `5\r\r\nhello\r\n${END}`,
    'a size that wraps around in 64 bits': `10000000000000005\r\nhello\r\n${END}`,
    'a size that wraps around in 32 bits': `100000005\r\nhello\r\n0\r\n\r\n${'x'.repeat(64)}`,
    'a size of 200 digits': `${'f'.repeat(200)}\r\nhello\r\n${END}`,
    'more bytes than its size': `5\r\nhello world\r\n${END}`,
    'fewer bytes than its size': `7\r\nhello\r\n${END}`,
    'no line end after its bytes': `5\r\nhello${END}`,
    'a bare LF after its bytes': `5\r\nhello\n${END}`,
    'a bare CR after its bytes': `5\r\nhello\r${END}`,
    'two other bytes in place of its line end': `5\r\nhelloXX${END}`,
    'a last chunk with a bare LF': `5\r\nhello\r\n0\n\n${SMUGGLED}`,
    'a bare LF at the very end': `5\r\nhello\r\n0\r\n\n${SMUGGLED}`,
    'an extension with a bare LF': `5;x\nhello\r\n${END}`,
    'an extension with a bare CR': `5;x\rhello\r\n${END}`,
    'an extension with a NUL': `5;x=\0\r\nhello\r\n${END}`,
    'an extension with a line end in quotes': `5;x="\r\nhello\r\n${END}"\r\n`,
  };
  // 2^32 + 5 can be a good size: then the body has just not ended when its client goes.
  const cases = Object.entries(bodies)
    .filter(([name]) => !name.includes('32 bits'))
    .map(([name, body]): RequestCase => ({ name, see: 'RFC 9112 §7.1', send: HEAD + body, expect: refused(400) }));
  judged(scene, cases);

  const apart = cases.map((each) => ({
    ...each,
    name: `${each.name}, in a packet after its head`,
    send: [HEAD, (each.send as string).slice(HEAD.length)],
  }));
  judged(scene, apart);

  test('a size of more than 32 bits is a size, and not what its last digits say', async () => {
    const client = await connectRaw(scene.http);
    await client.send(HEAD, bodies['a size that wraps around in 32 bits']);
    const request = await scene.origin.requestFor('/form');
    client.finish();
    await client.untilClosed();
    expect(await request.arrived).toBe('cut');
    await scene.innocent();
    scene.expectUnharmed();
  });
});

describe('a chunk that may be told in several ways', () => {
  const hello = { line: 'POST /form', body: 'hello' };
  judged(scene, [
    {
      name: 'leading zeros of a size',
      see: 'RFC 9112 §7.1',
      send: `${HEAD}0005\r\nhello\r\n000\r\n\r\n`,
      expect: forwarded(hello),
    },
    {
      name: 'sizes in either case',
      see: 'RFC 9112 §7.1',
      send: `${HEAD}a\r\n0123456789\r\nA\r\n0123456789\r\n${END}`,
      expect: forwarded({ ...hello, body: '01234567890123456789' }),
    },
    {
      name: 'an extension goes no further',
      see: 'RFC 9112 §7.1.1',
      send: `${HEAD}5;name=value;other="quoted"\r\nhello\r\n0;last\r\n\r\n`,
      expect: forwarded(hello),
    },
    {
      name: 'every byte in a packet of its own',
      see: 'RFC 9112 §7.1',
      send: [...`${HEAD}5\r\nhello\r\n${END}`],
      expect: forwarded(hello),
    },
  ]);

  judged(scene, [
    {
      name: 'an extension of 20 KiB is too much',
      see: 'RFC 9112 §7.1.1',
      send: `${HEAD}5;${'x'.repeat(20_480)}\r\nhello\r\n${END}`,
      expect: refused(400, 413, 431),
    },
  ]);
});

describe('trailers of a request', () => {
  judged(scene, [
    {
      name: 'with another word on the framing are refused',
      see: 'RFC 9112 §6.1',
      send: `${HEAD}5\r\nhello\r\n0\r\nContent-Length: 99\r\n\r\n`,
      expect: refused(400),
    },
    {
      name: 'cannot set the host or who is asking',
      see: 'RFC 9110 §6.5.1',
      send: `${HEAD}5\r\nhello\r\n0\r\nHost: evil.example\r\nX-Forwarded-For: 192.0.2.66\r\n\r\n`,
      expect: forwarded({
        line: 'POST /form',
        body: 'hello',
        fields: { host: ['www.example.com'], 'x-forwarded-for': ['127.0.0.1'] },
      }),
    },
    {
      name: 'with a bare LF are refused',
      see: 'RFC 9112 §2.2',
      send: `${HEAD}5\r\nhello\r\n0\r\nX: y\n\r\n${SMUGGLED}`,
      expect: refused(400),
    },
    {
      name: 'with a bad name are refused',
      see: 'RFC 9112 §5',
      send: `${HEAD}5\r\nhello\r\n0\r\nX Y: z\r\n\r\n`,
      expect: refused(400),
    },
    {
      name: 'without end are refused',
      see: 'RFC 9110 §5.4',
      send: `${HEAD}5\r\nhello\r\n0\r\n${'X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n'.repeat(2000)}`,
      expect: refused(400, 413, 431),
    },
  ]);
});
