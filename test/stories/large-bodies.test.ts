import { once } from 'node:events';
import { createServer, get, globalAgent, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, test } from 'vitest';
import type { Bytes } from '../../src/base/units.ts';
import { MEMORY_IS_TOLD, peakMemory } from '../support/memory.ts';
import { PatternReader, PIECE, patternAt } from '../support/pattern.ts';
import { type Portico, startPortico } from '../support/portico.ts';
import { atTeardown } from '../support/teardown.ts';
import { within } from '../support/wait.ts';
import { frontDoor } from './front-door.ts';

/** Bodies that are many times larger than the memory of the process that they pass through. */

/** 10 GB with `LARGE_BODY_GB=10`. */
const SIZE: Bytes = Number(process.env.LARGE_BODY_GB ?? 2) * 1e9;
const LIMIT: Bytes = 256 * 2 ** 20;
const PATIENCE = { timeout: (SIZE / 1e9) * 15_000 + 20_000 };

/** Sends and takes bodies of `SIZE`, and says of what it took how much there was and whether it was right. */
async function startOrigin(): Promise<string> {
  const server = createServer((incoming, response) => serve(incoming, response).catch(() => response.destroy()));
  server.requestTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  atTeardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  if (incoming.method === 'GET') {
    response.writeHead(200, incoming.url === '/chunked' ? {} : { 'Content-Length': SIZE });
    await pipeline(pieces(), response);
  } else {
    response.end(JSON.stringify(await taste(incoming)));
  }
}

function* pieces(): Generator<Buffer> {
  for (let sent = 0; sent < SIZE; sent += PIECE) yield patternAt(sent, Math.min(PIECE, SIZE - sent));
}

async function taste(body: Readable) {
  const reader = new PatternReader();
  for await (const chunk of body) reader.push(chunk);
  return { received: reader.received, ...(reader.wrongAt !== undefined && { wrongAt: reader.wrongAt }) };
}

async function scene(): Promise<Portico> {
  // One worker, as each takes a share of memory for itself, whatever it does.
  const portico = await startPortico(frontDoor({ origins: [await startOrigin()], node: { workers: 1 } }));
  atTeardown(() => globalAgent.destroy()); // A node that stops waits a second for idle connections.
  return portico;
}

const WHOLE = { received: SIZE };

describe.skipIf(!MEMORY_IS_TOLD)(`a body of ${SIZE / 1e9} GB`, () => {
  test.each(['/length', '/chunked'])(
    'comes down whole through less than 256 MiB of memory: %s',
    PATIENCE,
    async (path) => {
      const portico = await scene();
      const asked = get(`${portico.url()}${path}`);
      const [response] = await within(once(asked, 'response'), 'a response');
      expect(await taste(response)).toEqual(WHOLE);
      expect(peakMemory(portico.pid)).toBeLessThan(LIMIT);
    },
  );

  test.each([
    { name: 'of a known length', headers: { 'Content-Length': SIZE } },
    { name: 'in chunks', headers: { 'Transfer-Encoding': 'chunked' } },
  ])('goes up whole through less than 256 MiB of memory, $name', PATIENCE, async ({ headers }) => {
    const portico = await scene();
    const asked = request(`${portico.url()}/upload`, { method: 'PUT', headers });
    const [[response]] = await Promise.all([once(asked, 'response'), pipeline(pieces(), asked)]);
    expect(response.statusCode).toBe(200);
    expect(JSON.parse(await textOf(response))).toEqual(WHOLE);
    expect(peakMemory(portico.pid)).toBeLessThan(LIMIT);
    expect(await portico.accessLog.lineFor('/upload')).toMatchObject({ bytes_in: SIZE });
  });
});

describe.skipIf(!MEMORY_IS_TOLD)('by HTTP/2', () => {
  test(`a body of ${SIZE / 1e9} GB comes down whole through less than 256 MiB of memory`, PATIENCE, async () => {
    const portico = await scene();
    const session = connectHttp2(portico.url(1), {
      rejectUnauthorized: false,
      settings: { initialWindowSize: 2 ** 20 },
    });
    atTeardown(() => session.destroy());
    // Of the session as of the stream: its own 64 KiB would have both sides stop and go.
    await within(once(session, 'connect'), 'the session');
    session.setLocalWindowSize(2 ** 20);
    expect(await taste(session.request({ ':path': '/length' }))).toEqual(WHOLE);
    expect(peakMemory(portico.pid)).toBeLessThan(LIMIT);
  });
});

async function textOf(body: Readable): Promise<string> {
  let text = '';
  for await (const chunk of body.setEncoding('utf8')) text += chunk;
  return text;
}
