import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Ms } from '../base/units.ts';
import { renderPage, renderText } from './sample-page.ts';

/** What one sample origin answers: a page about the request, and a few answers that are hard on what stands in front. */

export interface SampleSite {
  readonly name: string;
  /** Any CSS colour. */
  readonly colour: string;
  /** Between two chunks of `/stream`. */
  readonly pace: Ms;
}

const CHUNKS = 8;
const STATIC = {
  '/sample.css': { type: 'text/css; charset=utf-8', body: readStatic('sample.css') },
  '/sample.js': { type: 'text/javascript; charset=utf-8', body: readStatic('sample.js') },
} as const;

export function createSite(site: SampleSite): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    request.resume();
    response.setHeader('X-Origin', site.name);
    const path = pathOf(request);
    switch (path) {
      case '/':
        return sendPage(site, request, response);
      case '/hints':
        response.writeEarlyHints({ link: '</sample.css>; rel=preload; as=style' });
        return sendPage(site, request, response);
      case '/slow':
        return; // Never: this is what the splash page is for.
      case '/stream':
        return sendStream(site, response);
      case '/crash':
        request.socket.resetAndDestroy();
        return;
      case '/sample.css':
      case '/sample.js':
        return send(response, 200, STATIC[path].type, STATIC[path].body, 'max-age=60');
      default:
        return send(response, 404, 'text/plain; charset=utf-8', `The origin "${site.name}" has no such page.\n`);
    }
  };
}

function sendPage(site: SampleSite, request: IncomingMessage, response: ServerResponse): void {
  const arrived = { method: request.method ?? '', target: request.url ?? '', rawHeaders: request.rawHeaders };
  response.setHeader('Vary', 'Accept');
  if (request.headers.accept?.includes('text/html')) {
    send(response, 200, 'text/html; charset=utf-8', renderPage(site, arrived));
  } else {
    send(response, 200, 'text/plain; charset=utf-8', renderText(site, arrived));
  }
}

/** A line at a time, and at the end a trailer that counts them. */
function sendStream({ name, pace }: SampleSite, response: ServerResponse): void {
  response.writeHead(200, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Cache-Control': 'no-store',
    Trailer: 'X-Lines',
  });
  let lines = 0;
  const next = () => {
    lines += 1;
    response.write(`line ${lines} of ${CHUNKS} from the origin "${name}"\n`);
    if (lines < CHUNKS) return;
    clearInterval(timer);
    response.addTrailers({ 'X-Lines': String(lines) });
    response.end();
  };
  const timer = setInterval(next, pace);
  response.on('close', () => clearInterval(timer));
  next();
}

function send(response: ServerResponse, status: number, type: string, body: string, cache = 'no-store'): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': cache,
  });
  response.end(body);
}

function pathOf(request: IncomingMessage): string {
  return request.url?.split('?', 1)[0] ?? '';
}

function readStatic(name: string): string {
  return readFileSync(new URL(`static/${name}`, import.meta.url), 'utf8');
}
