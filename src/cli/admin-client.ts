import type { OutgoingHttpHeaders } from 'node:http';
import type { RequestOptions } from 'node:https';
import type { Ms } from '../base/units.ts';
import { Failure } from './command.ts';
import { type ConnectError, explainConnectError } from './explain-connect.ts';
import { explainReply } from './explain-reply.ts';
import type { NodeAddress } from './find-node.ts';
import type { Reply } from './reply.ts';

/** The admin API of one node. What goes wrong is a `Failure`, told in one line. */

export interface Asked {
  readonly method?: 'GET' | 'PUT' | 'POST';
  readonly body?: unknown;
  /** Statuses beside 2xx that are no failure. */
  readonly takes?: readonly number[];
  /** How long the node may take on purpose: a long poll. */
  readonly patience?: Ms;
  readonly signal?: AbortSignal;
}

/** Beyond `patience`, until the reply is complete. */
const LIMIT: Ms = 10_000;

/** Thousands of origins are some MiB. */
const LARGEST = 64 * 1024 ** 2;

export class AdminClient {
  readonly #node: NodeAddress;

  constructor(node: NodeAddress) {
    this.#node = node;
  }

  /** `path` begins after `/api/v1`, with its parts encoded. */
  async ask(path: string, asked: Asked = {}): Promise<Reply> {
    const received = await this.#exchange(path, asked);
    const reply = { ...received, body: parsed(received.text) };
    const isGood = reply.status >= 200 && reply.status < 300;
    if ((isGood || asked.takes?.includes(reply.status)) && reply.body !== undefined) return reply;
    throw new Failure(explainReply(this.#node, reply));
  }

  async #exchange(path: string, asked: Asked): Promise<Omit<Reply, 'body'>> {
    const limit = AbortSignal.timeout(LIMIT + (asked.patience ?? 0));
    const signal = AbortSignal.any([limit, ...(asked.signal === undefined ? [] : [asked.signal])]);
    try {
      return await this.#send(new URL(`${this.#node.url}/api/v1${path}`), asked, signal);
    } catch (error) {
      asked.signal?.throwIfAborted();
      throw new Failure(explainConnectError(this.#node, limit.aborted ? 'silent' : (error as ConnectError)));
    }
  }

  async #send(url: URL, asked: Asked, signal: AbortSignal): Promise<Omit<Reply, 'body'>> {
    // One of the two is enough, and each takes some milliseconds to load.
    const { request } = url.protocol === 'https:' ? await import('node:https') : await import('../base/node-http.ts');
    const content = asked.body === undefined ? undefined : Buffer.from(JSON.stringify(asked.body));
    const options: RequestOptions = {
      method: asked.method ?? 'GET',
      headers: this.#headers(content),
      agent: false,
      signal,
      ...(url.protocol === 'https:' && (await this.#trust())),
    };
    const { promise, resolve, reject } = Promise.withResolvers<Omit<Reply, 'body'>>();
    const outgoing = request(url, options, (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length > LARGEST) response.destroy(new Error('its reply is too long'));
      });
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode: status = 0, headers } = response;
        resolve({ status, text: Buffer.concat(chunks).toString(), retryAfter: headers['retry-after'] });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(content);
    return promise;
  }

  #headers(content: Buffer | undefined): OutgoingHttpHeaders {
    const { credentials } = this.#node;
    return {
      accept: 'application/json, application/problem+json',
      // For the audit log.
      'portico-source': 'cli',
      ...(content !== undefined && { 'content-type': 'application/json', 'content-length': content.length }),
      ...(credentials !== undefined && { authorization: basic(credentials) }),
    };
  }

  async #trust(): Promise<RequestOptions> {
    const { insecure, trusted, pinned } = this.#node;
    if (insecure) return { rejectUnauthorized: false };
    const { checkServerIdentity, getCACertificates } = await import('node:tls');
    return {
      ca: [...getCACertificates('default'), ...trusted],
      // A certificate that is trusted itself needs nobody above it.
      allowPartialTrustChain: true,
      checkServerIdentity: (host, certificate) =>
        pinned !== undefined && certificate.fingerprint256 === pinned
          ? undefined
          : checkServerIdentity(host, certificate),
    };
  }
}

/** RFC 7617, in UTF-8. */
function basic({ user, password }: { readonly user: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
