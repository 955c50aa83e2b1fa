import { brotliDecompressSync, gunzipSync, gzipSync, zstdDecompressSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { curl } from '../support/curl.ts';
import { valuesOf } from '../support/http1-parser.ts';
import { startNginx } from '../support/nginx.ts';
import { answer, type OriginRequest } from '../support/origin.ts';
import { describeWithPeers } from '../support/peers.ts';
import { startPortico } from '../support/portico.ts';
import { fetchRaw, fieldOf, type RawResponse } from '../support/raw-client.ts';
import {
  cachingDoor,
  chunks,
  headOf,
  LAST_CHUNK,
  openStage,
  type Play,
  pieces,
  type Stage,
  statusOf,
} from './cache-scene.ts';

/** What is compressed is compressed once, for each coding that clients like best, and told to be so. */

const FRESH = 'Cache-Control: max-age=60';
const TYPE = 'Content-Type: text/html; charset=utf-8';
const TEXT = Array.from({ length: 500 }, (_, i) => `<li>line ${i} of ${i * 7}</li>`).join('\n');

let stage: Stage;

beforeAll(async () => {
  stage = await openStage({
    site: {
      routes: [
        { path: '/all', compress: ['zstd', 'br', 'gzip'] },
        { path: '/gzip', compress: ['gzip'] },
      ],
    },
  });
});

const accepting = (codings: string | undefined) =>
  codings === undefined ? {} : { head: [`Accept-Encoding: ${codings}`] };

const bytesOf = ({ body }: RawResponse) => Buffer.from(body, 'latin1');

/** The coding of a reply, and its text. */
function read(reply: RawResponse): readonly [string, string] {
  const coding = fieldOf(reply, 'content-encoding') ?? 'identity';
  const decode = DECODERS[coding] ?? ((bytes: Buffer) => bytes);
  return [coding, decode(bytesOf(reply)).toString('latin1')];
}

const DECODERS: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  zstd: (bytes) => zstdDecompressSync(bytes),
  br: (bytes) => brotliDecompressSync(bytes),
  gzip: (bytes) => gunzipSync(bytes),
};

/** An origin that does not compress. */
const page =
  (...fields: string[]) =>
  () =>
    answer(TEXT, { fields: [FRESH, TYPE, 'ETag: "1"', ...fields] });

describe('the coding', () => {
  test.each([
    { accept: 'gzip, deflate, br, zstd', coding: 'zstd' },
    { accept: 'gzip, br', coding: 'br' },
    { accept: 'gzip', coding: 'gzip' },
    { accept: 'x-gzip', coding: 'gzip' },
    { accept: 'GZIP;Q=1', coding: 'gzip' },
    { accept: 'gzip;q=1, zstd;q=0.5', coding: 'gzip' },
    { accept: 'zstd;q=0.2, gzip;q=0.8, br;q=0.8', coding: 'br' },
    { accept: '*', coding: 'zstd' },
    { accept: 'zstd;q=0, *', coding: 'br' },
    { accept: 'gzip;q=0', coding: 'identity' },
    { accept: 'deflate', coding: 'identity' },
    { accept: 'identity', coding: 'identity' },
    { accept: 'identity;q=1, gzip;q=0.5', coding: 'identity' },
    { accept: '', coding: 'identity' },
    { accept: undefined, coding: 'identity' },
  ])('for a client that accepts "$accept" is $coding, also when it is stored', async ({ accept, coding }) => {
    const play = stage.play(page(), '/all');
    const first = await play.fetch(accepting(accept));
    const second = await play.fetch(accepting(accept));
    expect([statusOf(first), statusOf(second)]).toEqual(['fwd=uri-miss; stored', 'hit']);
    for (const reply of [first, second]) {
      expect([reply.status, reply.end, ...read(reply)]).toEqual([200, 'clean', coding, TEXT]);
      expect([valuesOf(reply.fields, 'vary'), valuesOf(reply.fields, 'etag')]).toEqual([
        ['Accept-Encoding'],
        [coding === 'identity' ? '"1"' : 'W/"1"'],
      ]);
    }
    expect(bytesOf(second).equals(bytesOf(first))).toBe(true);
    expect(fieldOf(second, 'content-length')).toBe(`${second.body.length}`);
    expect(play.asked.map((request) => request.values('accept-encoding'))).toEqual([[coding]]);
  });

  test('is made once of each, whoever asks and however', async () => {
    const play = stage.play(page(), '/all');
    const accepted = [
      'zstd',
      'br, gzip',
      'gzip;q=0.9',
      'deflate',
      'gzip, br, zstd',
      'br',
      'gzip, compress',
      'identity',
    ];
    const bodies = new Map<string, string>();
    for (const accept of [...accepted, ...accepted]) {
      const reply = await play.fetch(accepting(accept));
      const [coding, text] = read(reply);
      expect([text, bodies.get(coding) ?? reply.body]).toEqual([TEXT, reply.body]);
      bodies.set(coding, reply.body);
    }
    expect([...bodies.keys()]).toEqual(['zstd', 'br', 'gzip', 'identity']);
    expect(play.asked.map((request) => request.values('accept-encoding')[0])).toEqual([...bodies.keys()]);
  });

  test('is right for each of many who ask at once, and the origin is asked once for each coding', async () => {
    const codings = ['zstd', 'br', 'gzip', 'identity'];
    const play = stage.play(page(), '/all');
    const replies = await play.fetchMany(60, (i) => accepting(codings[i % 4]));
    for (const [i, reply] of replies.entries()) expect(read(reply)).toEqual([codings[i % 4], TEXT]);
    expect(play.asked.map((request) => request.values('accept-encoding')[0]).sort()).toEqual(codings.toSorted());
  });

  test('is one of the route', async () => {
    const [gzip, none] = [stage.play(page(), '/gzip'), stage.play(page())];
    expect(read(await gzip.fetch(accepting('zstd, br, gzip')))).toEqual(['gzip', TEXT]);
    expect(read(await gzip.fetch(accepting('zstd, br')))).toEqual(['identity', TEXT]);
    const plain = await none.fetch(accepting('zstd, br, gzip'));
    expect([...read(plain), fieldOf(plain, 'vary'), fieldOf(plain, 'etag')]).toEqual([
      'identity',
      TEXT,
      undefined,
      '"1"',
    ]);
  });

  test('over HTTP/2, as a client that knows them all reads it', async () => {
    const play = stage.play(page(), '/all');
    const url = stage.portico.url(1) + play.target;
    for (const coding of ['br', 'gzip', 'br', 'gzip']) {
      const reply = await curl(url, '-H', `Accept-Encoding: ${coding}`, '-H', 'Host: www.example.com');
      expect([reply.version, reply.fields['content-encoding'], DECODERS[coding]?.(reply.body).toString()]).toEqual([
        '2',
        coding,
        TEXT,
      ]);
    }
    const decoded = await curl(url, '--compressed', '-H', 'Host: www.example.com');
    expect([decoded.exit, decoded.text]).toEqual([0, TEXT]);
  });

  test('of a body that comes in pieces, of no known length', async () => {
    const length = 700_000;
    const play = stage.play(async function* () {
      yield headOf(FRESH, TYPE, 'Transfer-Encoding: chunked');
      yield* chunks(0, length, 10_000);
      yield LAST_CHUNK;
    }, '/all');
    const expected = Buffer.concat([...pieces(0, length)]).toString('latin1');
    for (const status of ['fwd=uri-miss; stored', 'hit']) {
      const reply = await play.fetch(accepting('zstd'));
      const [coding, text] = read(reply);
      expect([coding, text === expected, statusOf(reply)]).toEqual(['zstd', true, status]);
    }
  });
});

describe('what is left as it is', () => {
  const coded = gzipSync(TEXT).toString('latin1');

  test.each([
    { why: 'no-transform', fields: ['Cache-Control: max-age=60, no-transform', TYPE], body: TEXT },
    { why: 'no-transform for us', fields: ['CDN-Cache-Control: max-age=60, no-transform', TYPE], body: TEXT },
    { why: 'an image', fields: [FRESH, 'Content-Type: image/webp'], body: TEXT },
    { why: 'a film', fields: [FRESH, 'Content-Type: video/mp4'], body: TEXT },
    { why: 'an archive', fields: [FRESH, 'Content-Type: application/zip'], body: TEXT },
    { why: 'a type that is not told', fields: [FRESH], body: TEXT },
    { why: 'a stream of events', fields: [FRESH, 'Content-Type: text/event-stream'], body: TEXT },
    { why: 'too short', fields: [FRESH, TYPE], body: TEXT.slice(0, 500) },
    {
      why: 'coded by the origin',
      fields: [FRESH, TYPE, 'Content-Encoding: gzip', 'Vary: Accept-Encoding'],
      body: coded,
    },
    { why: 'no 200', fields: [FRESH, TYPE], body: TEXT, status: '404 Not Found' },
  ])('$why', async ({ fields, body, status = '200 OK' }) => {
    const play = stage.play(
      () => answer(body, { status, fields: [...fields, 'ETag: "1"', 'Accept-Ranges: bytes'] }),
      '/all',
    );
    for (const expected of ['fwd=uri-miss; stored', 'hit']) {
      const reply = await play.fetch(accepting('zstd, br, gzip'));
      expect([statusOf(reply), reply.body, fieldOf(reply, 'etag'), fieldOf(reply, 'accept-ranges')]).toEqual([
        expected,
        body,
        '"1"',
        'bytes',
      ]);
      const own = fields.find((each) => each.startsWith('Content-Encoding'));
      expect(fieldOf(reply, 'content-encoding')).toBe(own === undefined ? undefined : 'gzip');
    }
  });

  test.each(['private', 'no-store', 'max-age=0, no-cache'])('what is not stored: %s', async (directives) => {
    const play = stage.play(() => answer(TEXT, { fields: [`Cache-Control: ${directives}`, TYPE] }), '/all');
    for (let i = 0; i < 2; i++) expect(read(await play.fetch(accepting('gzip')))).toEqual(['identity', TEXT]);
  });

  test('the answer to a POST', async () => {
    const play = stage.play(page(), '/all');
    expect(read(await play.fetch({ ...accepting('gzip'), method: 'POST' }))).toEqual(['identity', TEXT]);
  });
});

describe('fields of what was compressed', () => {
  test('that would not be true any more are gone', async () => {
    const UNTRUE = [
      'Accept-Ranges: bytes',
      'Content-MD5: abc',
      'Digest: a=b',
      'Repr-Digest: a=:b:',
      'Content-Digest: a=:b:',
    ];
    const play = stage.play(page(...UNTRUE, 'X-Kept: yes', 'Vary: Accept-Language'), '/all');
    for (let i = 0; i < 2; i++) {
      const reply = await play.fetch(accepting('br'));
      for (const each of UNTRUE) expect(fieldOf(reply, each.split(':', 1)[0] as string)).toBeUndefined();
      expect([fieldOf(reply, 'x-kept'), fieldOf(reply, 'vary')]).toEqual(['yes', 'Accept-Language, Accept-Encoding']);
    }
  });

  test('a weak tag stays, and none is made up', async () => {
    for (const etag of ['W/"2"', undefined]) {
      const fields = [FRESH, TYPE, ...(etag === undefined ? [] : [`ETag: ${etag}`])];
      const play = stage.play(() => answer(TEXT, { fields }), '/all');
      for (let i = 0; i < 2; i++) expect(fieldOf(await play.fetch(accepting('br')), 'etag')).toBe(etag);
    }
  });
});

describe('conditions', () => {
  test.each([
    { field: 'If-None-Match: W/"1"', status: 304 },
    { field: 'If-None-Match: "1"', status: 304 },
    { field: 'If-None-Match: "0", W/"1"', status: 304 },
    { field: 'If-None-Match: W/"2"', status: 200 },
  ])('$field: $status, from what is stored', async ({ field, status }) => {
    for (const coding of ['gzip', 'identity']) {
      const play = stage.play(page(), '/all');
      await play.fetch(accepting(coding));
      const reply = await play.fetch({ head: [field, `Accept-Encoding: ${coding}`] });
      expect([reply.status, statusOf(reply), fieldOf(reply, 'vary'), fieldOf(reply, 'etag')]).toEqual([
        status,
        'hit',
        'Accept-Encoding',
        coding === 'gzip' ? 'W/"1"' : '"1"',
      ]);
    }
  });

  test('with nothing stored: the origin is asked for the whole, and the client gets its 304', async () => {
    const play = stage.play(page(), '/all');
    const reply = await play.fetch({ head: ['If-None-Match: W/"1"', 'Accept-Encoding: gzip'] });
    expect([reply.status, play.asked[0]?.values('if-none-match')]).toEqual([304, []]);
    expect([read(await play.fetch(accepting('gzip')))[0], play.asked.length]).toEqual(['gzip', 1]);
  });

  test('to the origin name the tag that it knows; a 304 renews each variant, which stays as it is', async () => {
    const knows = (request: OriginRequest) =>
      request.values('if-none-match').some((value) => value.split(/, */).includes('"1"'));
    const play = stage.play((request) => {
      if (knows(request)) return `HTTP/1.1 304 Not Modified\r\n${FRESH}\r\nETag: "1"\r\n\r\n`;
      return answer(TEXT, { fields: ['Cache-Control: max-age=60', 'Age: 100', TYPE, 'ETag: "1"'] });
    }, '/all');
    for (const coding of ['gzip', 'identity']) {
      const first = await play.fetch(accepting(coding));
      const renewed = await play.fetch(accepting(coding));
      expect([statusOf(renewed), ...read(renewed)]).toEqual([
        'fwd=stale; fwd-status=304; stored; detail=stale',
        coding,
        TEXT,
      ]);
      const hit = await play.fetch(accepting(coding));
      expect([statusOf(hit), ...read(hit), fieldOf(hit, 'etag'), fieldOf(hit, 'vary')]).toEqual([
        'hit',
        coding,
        TEXT,
        coding === 'gzip' ? 'W/"1"' : '"1"',
        'Accept-Encoding',
      ]);
      expect(hit.body).toBe(first.body);
    }
    expect(play.asked).toHaveLength(4);
  });

  test('what has changed is compressed anew', async () => {
    const play = stage.play(() => {
      const turn = play.asked.length;
      return answer(`${turn}${TEXT}`, { fields: [FRESH, `Age: ${turn === 1 ? 100 : 0}`, TYPE, `ETag: "${turn}"`] });
    }, '/all');
    for (const [text, status] of [
      [`1${TEXT}`, 'fwd=uri-miss; stored'],
      [`2${TEXT}`, 'fwd=stale; stored; detail=stale'],
      [`2${TEXT}`, 'hit'],
    ]) {
      const reply = await play.fetch(accepting('zstd'));
      expect([...read(reply), statusOf(reply)]).toEqual(['zstd', text, status]);
    }
  });
});

describe('ranges', () => {
  test('of what was compressed are not served: all of it is', async () => {
    const play = stage.play(page(), '/all');
    const head = ['Accept-Encoding: gzip', 'Range: bytes=0-9'];
    await play.fetch(accepting('gzip'));
    for (const more of [[], ['If-Range: W/"1"'], ['If-Range: "1"']]) {
      const reply = await play.fetch({ head: [...head, ...more] });
      expect([reply.status, ...read(reply), statusOf(reply)]).toEqual([200, 'gzip', TEXT, 'hit']);
    }
  });

  test('of what was not are', async () => {
    const play = stage.play(page(), '/all');
    await play.fetch();
    const reply = await play.fetch({ head: ['Range: bytes=0-9', 'If-Range: "1"'] });
    expect([reply.status, reply.body, statusOf(reply)]).toEqual([206, TEXT.slice(0, 10), 'hit']);
  });

  test('a part that the origin sends is passed as it is', async () => {
    const play = stage.play(
      () =>
        answer(TEXT.slice(0, 1000), {
          status: '206 Partial Content',
          fields: [FRESH, TYPE, 'ETag: "1"', `Content-Range: bytes 0-999/${TEXT.length}`],
        }),
      '/all',
    );
    const reply = await play.fetch({ head: ['Accept-Encoding: gzip', 'Range: bytes=0-999'] });
    expect([reply.status, ...read(reply), fieldOf(reply, 'etag')]).toEqual([
      206,
      'identity',
      TEXT.slice(0, 1000),
      '"1"',
    ]);
  });
});

test('HEAD says what GET would', async () => {
  const play = stage.play(page(), '/all');
  for (const coding of ['br', 'identity']) {
    const get = await play.fetch(accepting(coding));
    const length = `${(await play.fetch(accepting(coding))).body.length}`;
    const head = await play.fetch({ ...accepting(coding), method: 'HEAD' });
    const told = (reply: RawResponse) =>
      ['content-encoding', 'etag', 'vary', 'content-type'].map((name) => fieldOf(reply, name));
    expect([head.body, statusOf(head), fieldOf(head, 'content-length'), ...told(head)]).toEqual([
      '',
      'hit',
      length,
      ...told(get),
    ]);
  }
});

test('a purge is for all codings', async () => {
  const play = stage.play(page(), '/all');
  const codings = ['zstd', 'br', 'gzip', 'identity'];
  for (const coding of codings) await play.fetch(accepting(coding));
  await fetchRaw(stage.port, play.target, { method: 'PURGE' });
  for (const coding of codings) expect(statusOf(await play.fetch(accepting(coding)))).not.toBe('hit');
});

describe('what the origin coded itself', () => {
  const codedBy = (...fields: string[]) =>
    ((request: OriginRequest) => {
      const accepts = request.values('accept-encoding').join().includes('gzip');
      const own = accepts ? ['Content-Encoding: gzip', 'ETag: "gzip"'] : ['ETag: "plain"'];
      return answer(accepts ? gzipSync(TEXT).toString('latin1') : TEXT, { fields: [FRESH, TYPE, ...own, ...fields] });
    }) as Parameters<Stage['play']>[0];

  const ask = async (play: Play, accept: string | undefined) => {
    const reply = await play.fetch(accepting(accept));
    return [...read(reply), fieldOf(reply, 'etag'), statusOf(reply) === 'hit'];
  };

  test.each([
    { prefix: '', fields: ['Vary: Accept-Encoding'] },
    { prefix: '', fields: [] },
    { prefix: '/gzip', fields: ['Vary: Accept-Encoding'] },
    { prefix: '/gzip', fields: [] },
  ])('below "$prefix" with $fields is for those who can read it', async ({ prefix, fields }) => {
    const play = stage.play(codedBy(...fields), prefix);
    expect(await ask(play, 'gzip')).toEqual(['gzip', TEXT, '"gzip"', false]);
    expect(await ask(play, 'gzip')).toEqual(['gzip', TEXT, '"gzip"', true]);
    for (const accept of [undefined, 'identity', 'gzip;q=0', 'br']) {
      expect((await ask(play, accept)).slice(0, 3)).toEqual(['identity', TEXT, '"plain"']);
    }
    // Without Vary what came last is for everybody, if they can read it.
    expect((await ask(play, 'gzip'))[1]).toBe(TEXT);
  });

  test('without being asked to goes to nobody else', async () => {
    const coded = gzipSync(TEXT).toString('latin1');
    const play = stage.play(
      ({ target: _ }) =>
        answer(play.asked.length === 1 ? coded : TEXT, {
          fields: [FRESH, TYPE, ...(play.asked.length === 1 ? ['Content-Encoding: gzip'] : [])],
        }),
      '/gzip',
    );
    expect(read(await play.fetch(accepting('gzip')))[0]).toBe('gzip');
    expect(read(await play.fetch())).toEqual(['identity', TEXT]);
    expect(read(await play.fetch(accepting('br')))).toEqual(['identity', TEXT]);
  });

  test('is asked for as the client likes it, where the site does not compress', async () => {
    const play = stage.play(codedBy('Vary: Accept-Encoding'));
    for (const accept of ['br, gzip', 'gzip , br;q=0.5', 'zstd', 'deflate', undefined]) await ask(play, accept);
    expect(play.asked.map((request) => request.values('accept-encoding'))).toEqual([
      ['gzip, br'],
      ['zstd'],
      ['identity'],
    ]);
  });
});

test('a reload that begins or ends it leaves nobody with what cannot be read', async () => {
  const place = await openStage();
  const take = (compress: string[] | 'off') => place.portico.reload(cachingDoor(place.origin, { site: { compress } }));
  const play = place.play(page());
  const accepted = ['zstd', 'br, gzip', 'gzip', 'identity', undefined];
  for (const compress of ['off', ['gzip'], ['zstd', 'br'], 'off', ['gzip', 'zstd']] as const) {
    await take(compress === 'off' ? compress : [...compress]);
    for (const accept of [...accepted, ...accepted]) {
      const reply = await play.fetch(accepting(accept));
      const [coding, text] = read(reply);
      expect(text).toBe(TEXT);
      expect(['identity', ...(accept ?? '').split(', ')]).toContain(coding);
    }
  }
});

describeWithPeers(['nginx'], 'in front of nginx', () => {
  test('files are compressed by us or by nginx, and validated with it', async () => {
    const extra = 'gzip on; gzip_types text/plain; gzip_min_length 1; add_header Cache-Control max-age=60;';
    const nginx = await startNginx({ extra });
    const site = { routes: [{ path: '/files', compress: ['br', 'gzip'] }] };
    const portico = await startPortico(cachingDoor(nginx, { site }));
    const get = (...args: string[]) => curl(`${portico.url()}/files/100k`, '-H', 'Host: www.example.com', ...args);
    for (const coding of ['br', 'gzip', 'identity']) {
      const first = await get('-H', `Accept-Encoding: ${coding}`);
      const second = await get('-H', `Accept-Encoding: ${coding}`);
      expect(second.fields['cache-status']).toMatch(/^edge-1; hit/);
      expect(second.body.equals(first.body)).toBe(true);
      expect((DECODERS[coding]?.(second.body) ?? second.body).toString()).toBe('x'.repeat(102_400));
      expect([second.fields['content-encoding'] ?? 'identity', second.fields.vary]).toEqual([
        coding,
        'Accept-Encoding',
      ]);
      // nginx knows its own tag again behind what was made of it.
      const validated = await get('-H', `Accept-Encoding: ${coding}`, '-H', 'Cache-Control: no-cache');
      expect(validated.fields['cache-status']).toMatch(/fwd=request; fwd-status=304;/);
      expect(validated.body.equals(first.body)).toBe(true);
    }
  });
});
