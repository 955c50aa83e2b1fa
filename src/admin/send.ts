import type { ServerResponse } from 'node:http';
import type { Ms } from '../base/units.ts';
import { REPLY_FIELDS } from './browser.ts';
import { type AdminReply, STREAM_LIMIT } from './mount.ts';
import type { Problem } from './problem.ts';

/** How long a client may take for what is sent to it, once that is all there. */
const TAKEN_WITHIN: Ms = 60_000;

/** Sends a reply to its end, or until `signal` is aborted when it is a stream. */
export async function send(response: ServerResponse, reply: AdminReply, signal: AbortSignal): Promise<void> {
  const { status, headers = {}, body = '' } = reply;
  if (typeof body === 'function') {
    response.writeHead(status, { ...REPLY_FIELDS, ...headers });
    response.flushHeaders();
    if (response.req.method !== 'HEAD') await body({ write: (text) => write(response, text) });
    if (signal.aborted && !response.writableEnded) response.shouldKeepAlive = false;
    finish(response);
    return;
  }
  const length = Buffer.byteLength(body);
  const isBodiless = status === 204 || status === 304;
  response.writeHead(status, {
    ...REPLY_FIELDS,
    ...headers,
    ...(!isBodiless && { 'Content-Length': length }),
  });
  finish(response, isBodiless ? '' : body);
}

/** A connection that is to be closed is not, as long as the client still sends: else it would not get to read our reply. */
function finish(response: ServerResponse, body: string | Uint8Array = ''): void {
  const overdue = setTimeout(() => response.destroy(), TAKEN_WITHIN);
  overdue.unref();
  response.once('close', () => clearTimeout(overdue));
  const { req: request } = response;
  if (request.complete) {
    response.end(body);
    return;
  }
  if (body.length > 0) response.write(body);
  else response.flushHeaders();
  request.once('end', () => response.end());
}

function write(response: ServerResponse, text: string): boolean {
  if (response.writableEnded || response.destroyed) return false;
  response.write(text);
  if (response.writableLength <= STREAM_LIMIT) return true;
  response.destroy();
  return false;
}

/** As a program reads it, or, for a page that a person asked for, in plain words. */
export function problemReply(problem: Problem, isForPerson: boolean): AdminReply {
  const { status, headers } = problem;
  if (!isForPerson) {
    const body = `${JSON.stringify(problem)}\n`;
    return { status, headers: { ...headers, 'Content-Type': 'application/problem+json' }, body };
  }
  const { title } = problem.toJSON();
  const body = `${status} ${title}\n${problem.message}\n`;
  return { status, headers: { ...headers, 'Content-Type': 'text/plain; charset=utf-8' }, body };
}
