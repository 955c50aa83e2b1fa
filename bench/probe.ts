import { get } from 'node:http';
import { connect } from 'node:http2';
import { get as getByTls } from 'node:https';
import type { Protocol } from './works.ts';

/** Single requests: whether a server is there, and whether it does the work that it is going to be measured on. */

export interface Answer {
  readonly status: number;
  readonly bodyBytes: number;
}

const TIMEOUT_MS = 5_000;

/** Whether anything at all answers there. */
export async function answers(url: string): Promise<boolean> {
  return ask(url, 'http/1.1').then(
    () => true,
    () => false,
  );
}

/** One request in that protocol. Rejects when there is no whole answer in time. */
export function ask(url: string, protocol: Protocol): Promise<Answer> {
  switch (protocol) {
    case 'http/1.1':
      return askHttp1(url, get);
    case 'http/1.1 over TLS':
      return askHttp1(url, getByTls);
    case 'h2 over TLS':
      return askHttp2(url);
  }
}

function askHttp1(url: string, request: typeof get | typeof getByTls): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const options = { agent: false, rejectUnauthorized: false, signal: AbortSignal.timeout(TIMEOUT_MS) };
  request(url, options, (response) => {
    let bodyBytes = 0;
    response.on('data', (chunk: Buffer) => {
      bodyBytes += chunk.length;
    });
    response.on('end', () => resolve({ status: response.statusCode ?? 0, bodyBytes }));
    response.on('error', reject);
  }).on('error', reject);
  return promise;
}

function askHttp2(url: string): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const { origin, pathname } = new URL(url);
  const session = connect(origin, { rejectUnauthorized: false });
  session.on('error', reject);
  session.setTimeout(TIMEOUT_MS, () => session.destroy(new Error(`no answer from ${url}`)));
  const stream = session.request({ ':path': pathname });
  let status = 0;
  let bodyBytes = 0;
  stream.on('response', (headers) => {
    status = Number(headers[':status']);
  });
  stream.on('data', (chunk: Buffer) => {
    bodyBytes += chunk.length;
  });
  stream.on('end', () => {
    session.close();
    resolve({ status, bodyBytes });
  });
  stream.on('error', reject);
  return promise;
}
