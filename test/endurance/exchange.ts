import { once } from 'node:events';
import { Agent, type IncomingHttpHeaders, request as request1 } from 'node:http';
import { type ClientHttp2Session, connect as connect2, constants } from 'node:http2';
import type { Readable } from 'node:stream';
import type { Ms } from '../../src/base/units.ts';

/** Exchanges of clients that behave as people's do: some read slowly, some leave in the middle. */

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly fields: Readonly<Record<string, string>>;
  /** Leaves when so many milliseconds have gone by. */
  readonly leaveAfter?: Ms | undefined;
  /** Takes a rest of this length after each of the first pieces. */
  readonly rest?: Ms | undefined;
}

export type Answer =
  | { readonly end: 'clean' | 'broken'; readonly status: number; readonly fields: IncomingHttpHeaders; body: Buffer }
  /** No head came. */
  | { readonly end: 'lost'; readonly problem: string }
  | { readonly end: 'left' };

export interface Connection {
  ask(asked: Asked): Promise<Answer>;
  close(): void;
}

/** What happened to a client that waits for longer than anything here takes, and not as long as our own timeouts. */
export const FORGOTTEN = 'forgotten';
const FORGOTTEN_AFTER: Ms = 15_000;

/** A body may come in hundreds of pieces. */
const RESTS_MAX = 20;

const HOST = 'www.example.com';

/** HTTP/1.1. */
export function connectHttp1(port: number): Connection {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    ask({ method, path, fields, ...manner }) {
      const headers = { host: HOST, ...fields, ...(method === 'POST' && { 'content-length': '0' }) };
      const request = request1({ host: '127.0.0.1', port, method, path, headers, agent });
      const answer = settled(manner, () => request.destroy());
      request.on('error', (error) => answer.resolve({ end: 'lost', problem: error.message }));
      request.on('response', (response) => {
        answer.begun();
        const { statusCode = 0, headers: fields } = response;
        void read(response, manner.rest, () => response.complete).then(({ body, end }) =>
          answer.resolve({ end, status: statusCode, fields, body }),
        );
      });
      request.end();
      return answer.promise;
    },
    close: () => agent.destroy(),
  };
}

/** HTTP/2 over TLS. */
export function connectHttp2(port: number): Connection {
  let session: ClientHttp2Session | undefined;
  return {
    async ask({ method, path, fields, ...manner }) {
      if (session === undefined || session.closed || session.destroyed) {
        session = connect2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
        session.on('error', () => {});
        const opened = await Promise.race([once(session, 'connect'), once(session, 'close')]).catch(() => undefined);
        if (opened === undefined || session.destroyed) return { end: 'lost', problem: 'no connection' };
      }
      const head = { ':method': method, ':path': path, ':authority': HOST, ...fields };
      const stream = session.request(head, { endStream: true });
      const answer = settled(manner, () => stream.close(constants.NGHTTP2_CANCEL));
      stream.on('error', (error) => answer.resolve({ end: 'lost', problem: error.message }));
      stream.on('close', () => answer.resolve({ end: 'lost', problem: 'the stream was closed' }));
      stream.on('response', (headers) => {
        answer.begun();
        const { ':status': status = 0, ...fields } = headers;
        stream.removeAllListeners('close');
        stream.removeAllListeners('error');
        stream.on('error', () => {});
        void read(stream, manner.rest, () => stream.rstCode === 0).then(({ body, end }) =>
          answer.resolve({ end, status, fields: fields as IncomingHttpHeaders, body }),
        );
      });
      return answer.promise;
    },
    close: () => session?.destroy(),
  };
}

/** An answer that also comes when the client leaves, or was forgotten. */
function settled({ leaveAfter }: Pick<Asked, 'leaveAfter'>, leave: () => void) {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  let where = 'before the head';
  const since = new Date().toISOString();
  const timer = setTimeout(() => {
    resolve(leaveAfter !== undefined ? { end: 'left' } : { end: 'lost', problem: `${FORGOTTEN} ${where}, ${since}` });
    leave();
  }, leaveAfter ?? FORGOTTEN_AFTER);
  void promise.then(() => clearTimeout(timer));
  const begun = () => {
    where = 'within the body';
  };
  return { promise, resolve, begun };
}

/** All of a body. `isWhole` is asked when the stream is over. */
function read(
  stream: Readable,
  rest: Ms | undefined,
  isWhole: () => boolean,
): Promise<{ body: Buffer; end: 'clean' | 'broken' }> {
  const { promise, resolve } = Promise.withResolvers<{ body: Buffer; end: 'clean' | 'broken' }>();
  const pieces: Buffer[] = [];
  let ended = false;
  stream.on('data', (piece: Buffer) => {
    pieces.push(piece);
    if (rest === undefined || pieces.length > RESTS_MAX) return;
    stream.pause();
    setTimeout(() => stream.resume(), rest);
  });
  stream.on('end', () => {
    ended = true;
  });
  stream.on('error', () => {});
  stream.on('close', () => resolve({ body: Buffer.concat(pieces), end: ended && isWhole() ? 'clean' : 'broken' }));
  return promise;
}
