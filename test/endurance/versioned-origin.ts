import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { crc32 } from 'node:zlib';
import type { Random } from '../cache/memory/random.ts';
import { atTeardown } from '../support/teardown.ts';
import { bodyOf, etagOf, numberOf, traitsOf } from './versioned-objects.ts';

/** Serves versioned objects, each in its newest version. A POST makes one more. */
export class VersionedOrigin {
  readonly url: string;
  readonly #versions: number[];
  /** What it was asked for, and how often it broke off. */
  asked = 0;
  broken = 0;

  static async start(objects: number, random: Random): Promise<VersionedOrigin> {
    const server = createServer({ keepAliveTimeout: 60_000 });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    atTeardown(() => {
      server.closeAllConnections();
      server.close();
    });
    const origin = new VersionedOrigin(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, objects);
    server.on('request', (request, response) => origin.#answer(request, response, random));
    return origin;
  }

  private constructor(url: string, objects: number) {
    this.url = url;
    this.#versions = new Array(objects).fill(0);
  }

  get objects(): number {
    return this.#versions.length;
  }

  versionOf(number: number): number {
    return this.#versions[number] ?? 0;
  }

  change(number: number): void {
    this.#versions[number] = this.versionOf(number) + 1;
  }

  #answer(request: IncomingMessage, response: ServerResponse, random: Random): void {
    this.asked += 1;
    const number = numberOf(request.url ?? '');
    // It is for the cache, always.
    if (request.method === 'PURGE') {
      response.writeHead(405, { allow: 'GET, HEAD, POST' }).end();
      return;
    }
    if (request.method === 'POST') {
      this.change(number);
      request.resume();
      response.writeHead(204).end();
      return;
    }
    const traits = traitsOf(number);
    const version = this.versionOf(number);
    const flavor = traits.varies ? String(request.headers['x-flavor'] ?? '') : '';
    const etag = etagOf(version, flavor);
    const body = bodyOf(number, version, flavor);
    const head = {
      'cache-control': traits.cacheControl,
      'content-type': traits.text ? 'text/plain' : 'application/octet-stream',
      'surrogate-key': traits.tag,
      etag,
      'x-version': String(version),
      'x-flavor': flavor,
      'x-digest': String(crc32(body)),
      ...(traits.varies && { vary: 'X-Flavor' }),
    };
    if (request.headers['if-none-match'] === etag) {
      response.writeHead(304, head).end();
      return;
    }
    // One without a body would be whole before it broke off.
    const breaks = traits.breaks && body.length > 0 && random.below(3) === 0;
    if (breaks) this.broken += 1;
    if (breaks && random.below(3) === 0) {
      request.socket.resetAndDestroy();
      return;
    }
    response.writeHead(200, traits.chunked ? head : { ...head, 'content-length': body.length });
    if (request.method === 'HEAD') response.end();
    else void send(response, body, breaks, random);
  }
}

/** In some pieces with turns between them, and for one that breaks off not all of it. */
async function send(response: ServerResponse, body: Buffer, breaks: boolean, random: Random): Promise<void> {
  const end = breaks ? random.below(body.length) : body.length;
  const size = Math.ceil(end / (1 + random.below(4))) || 1;
  for (let at = 0; at < end; at += size) {
    if (response.destroyed) return;
    response.write(body.subarray(at, Math.min(end, at + size)));
    await new Promise((resolve) => setTimeout(resolve, random.below(3)));
  }
  // Not `response.destroy`: it has no socket yet if the response before it is being written still.
  if (breaks) response.req.socket.destroy();
  else response.end();
}
