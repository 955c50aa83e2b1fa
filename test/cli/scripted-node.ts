import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { OriginReply, PoolReply, PurgedSibling, StatusReply } from '../../src/cli/replies.ts';
import { atTeardown } from '../support/teardown.ts';
import { within } from '../support/wait.ts';

/** A node's admin API as commands see it: pools to look at and change, long polls, and what came in. */

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
  /** Who asks, for the audit log. */
  readonly source?: unknown;
  readonly body: unknown;
}

export type Origin = { -readonly [Name in keyof OriginReply]: OriginReply[Name] };
export type Pool = Omit<PoolReply, 'origins'> & { readonly origins: Origin[] };

interface Options {
  readonly pools?: readonly Pool[];
  readonly status?: StatusReply;
  /** What it says of its siblings after a purge; nothing, as a node of another version may. */
  readonly purged?: readonly PurgedSibling[];
  /** A certificate and its key, in PEM. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Answers in its place, when it says so by `true`. */
  readonly answer?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

export function origin(id: string, more: Partial<Origin> = {}): Origin {
  return { id, url: `http://${id}.example:80`, ...STANDARD, ...more };
}

const STANDARD = {
  admin: 'active',
  role: 'primary',
  health: 'up',
  effective: 'active',
  weight: 1,
  set: 0,
  inFlight: 0,
  rate: 0,
  errors: 0,
  latency: null,
};

export class ScriptedNode {
  readonly pools: readonly Pool[];
  readonly received: Received[] = [];
  readonly #options: Options;
  #url = '';
  #close = () => {};
  /** Long polls to be answered when something changes. */
  readonly #waiting = new Set<() => void>();
  readonly #onPoll: (() => void)[] = [];

  static async start(options: Options = {}): Promise<ScriptedNode> {
    const node = new ScriptedNode(options);
    const listener: RequestListener = (request, response) => void node.#handle(request, response);
    const server = options.tls === undefined ? createServer(listener) : createTlsServer(options.tls, listener);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    node.#close = () => {
      server.closeAllConnections();
      server.close();
    };
    atTeardown(node.#close);
    const { port } = server.address() as AddressInfo;
    node.#url = `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
    return node;
  }

  private constructor(options: Options) {
    this.#options = options;
    this.pools = options.pools ?? [];
  }

  get url(): string {
    return this.#url;
  }

  /** What came, without the bare looks. */
  get changes(): readonly Received[] {
    return this.received.filter(({ method }) => method !== 'GET');
  }

  /** Changes an origin, and answers those who wait for it. */
  set(name: string, values: Partial<Origin>): void {
    Object.assign(this.#origin(...(name.split('/') as [string, string])) ?? {}, values);
    for (const look of this.#waiting) look();
  }

  /** Resolves when another long poll has come. */
  polled(): Promise<void> {
    return within(new Promise<void>((resolve) => this.#onPoll.push(resolve)), 'a long poll');
  }

  /** Ends with all its connections. */
  close(): void {
    this.#close();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request;
    const body = method === 'GET' ? undefined : await json(request);
    this.received.push({ method, url, authorization: headers.authorization, source: headers['portico-source'], body });
    if (this.#options.answer?.(request, response) === true) return;
    const { pathname, searchParams } = new URL(url, 'http://node');
    const [, , , what = '', pool = '', , id = '', part] = pathname.split('/').map(decodeURIComponent);
    if (what === 'status') return reply(response, 200, this.#options.status);
    if (what === 'cache') return reply(response, 200, { purges: 1, siblings: this.#options.purged });
    if (what === 'operations') return this.#operate(body as Operation, response);
    if (pool === '') return reply(response, 200, { pools: this.pools });
    if (id === '')
      return reply(
        response,
        200,
        this.pools.find(({ name }) => name === pool),
      );
    const origin = this.#origin(pool, id);
    if (origin === undefined) return problem(response, 404, 'unknown-origin', `no origin ${id}`);
    if (part === 'state') return this.#change(origin, body as { admin: string }, response);
    this.#poll(origin, searchParams, response);
  }

  #operate({ select: { host }, admin }: Operation, response: ServerResponse): void {
    const found = this.pools.flatMap(({ name, origins }) =>
      origins.filter(({ url = '' }) => new URL(url).hostname === host).map((each) => ({ name, each })),
    );
    for (const { each } of found) setAdmin(each, admin);
    const origins = found.map(({ name, each }) => ({ ...each, pool: name }));
    reply(response, 202, { id: '1', state: 'running', origins });
  }

  #change(origin: Origin, { admin }: { readonly admin: string }, response: ServerResponse): void {
    setAdmin(origin, admin);
    reply(response, origin.effective === 'draining' ? 202 : 200, origin);
  }

  #poll(origin: Origin, search: URLSearchParams, response: ServerResponse): void {
    const look = (): boolean => {
      if (origin.effective === 'removed') return end(() => problem(response, 410, 'removed', 'removed and empty'));
      const isSo = search.get('wait') === 'up' ? origin.health === 'up' : origin.inFlight === 0;
      if (isSo && (origin.admin !== 'active' || search.get('wait') === 'up')) {
        return end(() => reply(response, 200, origin));
      }
      return origin.admin === 'active' && search.get('wait') !== 'up' && end(late);
    };
    const late = () => problem(response, 409, `not-${search.get('wait')}`, 'time is over', { origin });
    const end = (act: () => void): boolean => {
      clearTimeout(timer);
      this.#waiting.delete(look);
      act();
      return true;
    };
    const timer = setTimeout(() => end(late), Number.parseInt(search.get('timeout') ?? '0', 10));
    response.on('close', () => {
      clearTimeout(timer);
      this.#waiting.delete(look);
    });
    if (!look()) this.#waiting.add(look);
    for (const tell of this.#onPoll.splice(0)) tell();
  }

  #origin(pool: string, id: string): Origin | undefined {
    return this.pools.find(({ name }) => name === pool)?.origins.find((one) => one.id === id);
  }
}

interface Operation {
  readonly select: { readonly host: string };
  readonly admin: string;
}

function setAdmin(origin: Origin, admin: string): void {
  const idle = { drain: 'drained', maint: 'maint', active: 'active' }[admin] ?? admin;
  const effective = admin === 'drain' && origin.inFlight > 0 ? 'draining' : idle;
  Object.assign(origin, { admin, effective, drain: admin === 'active' ? null : { drained: origin.inFlight === 0 } });
}

export function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** `application/problem+json` (RFC 9457). */
export function problem(response: ServerResponse, status: number, type: string, detail: string, more = {}): void {
  response.writeHead(status, { 'content-type': 'application/problem+json' });
  response.end(
    JSON.stringify({ type: `https://portico.example/problems/${type}`, title: type, status, detail, ...more }),
  );
}
