import { type IncomingMessage, request } from 'node:http';

/**
 * As much of the Fetch API as the client of the npm suite uses. It was written for node-fetch, which leaves a request
 * as it is; Node's own fetch adds `Cache-Control: no-cache` to requests that have a condition or `cache: 'no-store'`, and
 * so would ask the cache under test for something else.
 */

export interface FetchInit {
  readonly method?: string;
  readonly headers?: ReadonlyArray<readonly [string, string]>;
  readonly body?: string;
}

export interface FetchResponse {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  text(): Promise<string>;
}

/** A request may be answered late, but not never: the client itself would wait for ever. */
const LIMIT_MS = 10_000;

/** One request on a connection of its own; redirections are not followed. Resolves when the whole response is there. */
export function fetch(url: string, { method = 'GET', headers = [], body }: FetchInit = {}): Promise<FetchResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<FetchResponse>();
  const outgoing = request(url, { method, agent: false, signal: AbortSignal.timeout(LIMIT_MS) });
  for (const [name, value] of [['Accept', '*/*'] as const, ...headers]) outgoing.appendHeader(name, `${value}`);
  outgoing.on('response', (incoming) => read(incoming).then(resolve, reject));
  outgoing.on('error', reject);
  outgoing.end(body);
  return promise;
}

/** The same with at most so many requests at once; the others wait in their order. */
export function limited(send: typeof fetch, atOnce: number): typeof fetch {
  const waiting: Array<() => void> = [];
  let free = atOnce;
  return async (url, init) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await send(url, init);
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}

async function read(incoming: IncomingMessage): Promise<FetchResponse> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  return {
    status: incoming.statusCode ?? 0,
    statusText: incoming.statusMessage ?? '',
    headers: headersOf(incoming),
    text: async () => text,
  };
}

function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    headers.append(rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '');
  }
  return headers;
}
