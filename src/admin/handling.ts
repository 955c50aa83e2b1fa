import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { normalizeAddress } from '../base/address.ts';
import type { Ms } from '../base/units.ts';
import type { EventLog } from '../observe/event-forward.ts';
import type { Access } from './access/access.ts';
import { isKnownHost, isSameOrigin } from './browser.ts';
import { FormTokens } from './form-tokens.ts';
import type { AdminReply, AdminRequest, Mount } from './mount.ts';
import { Problem } from './problem.ts';
import type { Refusals } from './refusals.ts';
import { readBody } from './request-body.ts';
import { includesRole, type Principal } from './role.ts';
import type { RouteTable } from './route-table.ts';
import { problemReply, send } from './send.ts';

export interface HandlingOptions {
  readonly routes: RouteTable;
  readonly access: Access;
  readonly refusals: Refusals;
  readonly log: EventLog;
  /** Names that Host may have, beside addresses and localhost. */
  readonly hostNames: readonly string[];
}

/** Requests of one connection that are answered at once. Whoever sends more ahead is cut off. */
const PIPELINED = 16;

/**
 * From a request to its reply, in this order: path ▸ anyone may? ▸ Host ▸ login ▸ is there something? ▸ method ▸ role ▸
 * same origin ▸ handler. Who is not logged in does not learn what there is.
 */
export class Handling {
  readonly #routes: RouteTable;
  readonly #access: Access;
  readonly #refusals: Refusals;
  readonly #log: EventLog;
  readonly #tokens = new FormTokens();
  readonly #running = new Set<Running>();
  readonly #bySocket = new WeakMap<Socket, number>();
  #hostNames: readonly string[];

  constructor({ routes, access, refusals, log, hostNames }: HandlingOptions) {
    this.#routes = routes;
    this.#access = access;
    this.#refusals = refusals;
    this.#log = log;
    this.#hostNames = hostNames;
  }

  setHostNames(names: readonly string[]): void {
    this.#hostNames = names;
  }

  /** Whether anything is under way on a connection. */
  isBusy(socket: Socket): boolean {
    return (this.#bySocket.get(socket) ?? 0) > 0;
  }

  /** Ends what is asked by somebody who is not any more who that was. */
  endStrangers(): void {
    for (const { user, abort } of this.#running) {
      if (user !== undefined && !this.#access.stillHolds(user)) abort.abort();
    }
  }

  /** Streams end, and who waits is told how things are. Those of `sockets`, or all. */
  endAll(isTheirs: (socket: Socket) => boolean = () => true): void {
    for (const { socket, abort } of this.#running) {
      if (isTheirs(socket)) abort.abort();
    }
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    const count = (this.#bySocket.get(socket) ?? 0) + 1;
    if (count > PIPELINED) {
      socket.destroy();
      return;
    }
    this.#bySocket.set(socket, count);
    const running: Running = { socket, user: undefined, abort: new AbortController() };
    this.#running.add(running);
    response.once('close', () => {
      this.#bySocket.set(socket, (this.#bySocket.get(socket) ?? 1) - 1);
      this.#running.delete(running);
      running.abort.abort();
    });
    response.on('error', () => {}); // The client left; `close` follows.
    const reply = await this.#reply(request, running);
    // What of a body nobody wanted is read and dropped, so that the client gets to read our reply.
    request.resume();
    if (!response.destroyed)
      await send(response, reply, running.abort.signal).catch((error) => this.#broke(error, response));
  }

  async #reply(request: IncomingMessage, running: Running): Promise<AdminReply> {
    try {
      return await this.#answer(request, running);
    } catch (error) {
      const problem = error instanceof Problem ? error : this.#unexpected(request, error);
      const isForPerson = request.headers.accept?.includes('text/html') === true && !request.url?.startsWith('/api/');
      return problemReply(problem, isForPerson);
    }
  }

  async #answer(request: IncomingMessage, running: Running): Promise<AdminReply> {
    const { method = 'GET', url = '/', headers, socket } = request;
    const [path = '/', query = ''] = split(url);
    const found = this.#routes.find(method, path);
    const isForAnyone = found.kind === 'found' && found.mount.role === 'anyone';
    const isSecure = 'encrypted' in socket;
    const address = normalizeAddress(socket.remoteAddress ?? '') ?? '';
    if (!isForAnyone) {
      if (!isKnownHost(headers.host, this.#hostNames)) throw unknownHost(headers.host);
      running.user = await this.#login(headers.authorization, address);
    }
    if (found.kind === 'malformed') throw new Problem('bad-request', 'expected a path with % before two hex digits');
    if (found.kind === 'nothing')
      throw new Problem('not-found', 'expected the path of a resource, as /api/v1/openapi.json lists');
    if (found.kind === 'other-method') {
      const allow = found.allow.join(', ');
      throw new Problem('method-not-allowed', `expected ${allow}, got ${method}`, { headers: { Allow: allow } });
    }
    this.#checkRole(found.mount, running.user, { method, path, address });
    const sameOrigin = isSameOrigin(headers, isSecure);
    if (method !== 'GET' && method !== 'HEAD' && !sameOrigin) {
      throw new Problem('foreign-origin', 'expected Origin and Sec-Fetch-Site of a page of this server, or neither');
    }
    const asked = { method, path, params: found.params, query: new URLSearchParams(query), headers, address, isSecure };
    return found.mount.handler(this.#request(request, running, { ...asked, isSameOrigin: sameOrigin }));
  }

  #checkRole(
    { role, path: route }: Mount,
    user: Principal | undefined,
    asked: { readonly method: string; readonly path: string; readonly address: string },
  ): void {
    if (role === 'anyone' || (user !== undefined && includesRole(user.role, role))) return;
    const why = `expected role ${role}, got ${user?.role ?? 'none'}`;
    if (user !== undefined) this.#refusals.note({ ...asked, user, route, why });
    throw new Problem('role-too-low', why);
  }

  async #login(authorization: string | undefined, address: string): Promise<Principal> {
    const login = await this.#access.login(authorization, address);
    switch (login.kind) {
      case 'user':
        return login.user;
      case 'wait':
        throw new Problem('too-many-guesses', 'expected no further login before Retry-After is over', {
          headers: { 'Retry-After': String(wholeSeconds(login.wait)) },
        });
      case 'none':
      case 'wrong': {
        const detail = login.kind === 'none' ? 'expected Basic or Bearer credentials, got none' : 'these are not good';
        const headers = { 'WWW-Authenticate': 'Basic realm="Portico", charset="UTF-8"' };
        throw new Problem('not-logged-in', detail, { headers });
      }
    }
  }

  #request(
    request: IncomingMessage,
    { user, abort }: Running,
    asked: Pick<
      AdminRequest,
      'method' | 'path' | 'params' | 'query' | 'headers' | 'address' | 'isSecure' | 'isSameOrigin'
    >,
  ): AdminRequest {
    const tokens = this.#tokens;
    const name = user?.name ?? '';
    return {
      ...asked,
      user,
      formToken: tokens.of(name),
      isFormToken: (text) => tokens.isOf(name, text),
      actor: (source) => ({ name, source, address: asked.address }),
      body: () => readBody(request),
      signal: abort.signal,
    };
  }

  #unexpected({ method, url }: IncomingMessage, error: unknown): Problem {
    this.#log.error('admin request failed', { method, path: split(url ?? '')[0], error });
    return new Problem('internal', 'it is in the log');
  }

  #broke(error: unknown, response: ServerResponse): void {
    this.#log.error('admin reply failed', { error });
    response.destroy();
  }
}

interface Running {
  readonly socket: Socket;
  user: Principal | undefined;
  readonly abort: AbortController;
}

function unknownHost(host: string | undefined): Problem {
  const detail = `expected an address, localhost or one of admin.host_names in Host, got ${JSON.stringify(host)}`;
  return new Problem('unknown-host', detail);
}

/** For Retry-After, which knows no smaller unit. */
export function wholeSeconds(ms: Ms): number {
  return Math.max(1, Math.ceil(ms / 1000));
}

function split(url: string): [path: string, query: string] {
  const at = url.indexOf('?');
  return at === -1 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)];
}
