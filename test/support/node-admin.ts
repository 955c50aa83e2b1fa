import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Exposition } from './exposition.ts';
import type { Portico } from './portico.ts';
import { PATIENCE } from './wait.ts';

/** What a configuration needs for `NodeAdmin`. */
export const ADMIN = { admin: { listen: '127.0.0.1:0' } } as const;

/** An origin as the API shows it; what tests look at. */
export interface OriginView {
  readonly id: string;
  readonly health: string;
  readonly effective: string;
  readonly problem: string | null;
  readonly ejectedUntil: string | null;
  readonly slowStart: { readonly progress: number };
  readonly weight: number;
  readonly inFlight: number;
  readonly elected: number;
}

export interface PoolView {
  readonly panic: boolean;
  readonly queued: number;
  readonly origins: readonly OriginView[];
}

/** The admin listener of a running Portico, by the password that it made. */
export class NodeAdmin {
  readonly #url: string;
  readonly #authorization: string;

  static async of(portico: Portico): Promise<NodeAdmin> {
    const { admin } = await portico.events.waitFor('ready');
    const password = (await readFile(join(portico.dir, 'state/admin-password'), 'utf8')).trim();
    return new NodeAdmin(admin as string, password);
  }

  private constructor(url: string, password: string) {
    this.#url = url;
    this.#authorization = `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`;
  }

  /** `ask('PUT /api/v1/pools/app/origins/app1/state', { admin: 'drain' })`: the JSON of a good reply; else throws. */
  async ask(line: string, body?: object): Promise<unknown> {
    const [method = 'GET', path = '/'] = line.split(' ');
    const response = await this.#fetch(path, {
      method,
      headers: { 'Content-Type': 'application/json', ...(method === 'PATCH' && { 'If-Match': '*' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return response.json();
  }

  async pool(name = 'app'): Promise<PoolView> {
    return (await this.ask(`GET /api/v1/pools/${name}`)) as PoolView;
  }

  async origin(id: string): Promise<OriginView> {
    return (await this.ask(`GET /api/v1/pools/app/origins/${id}`)) as OriginView;
  }

  /** The pool once it says so. */
  async poolWhere(isSo: (pool: PoolView) => boolean, limit = PATIENCE): Promise<PoolView> {
    const late = performance.now() + limit;
    for (;;) {
      const pool = await this.pool();
      if (isSo(pool)) return pool;
      if (performance.now() > late) throw new Error(`the pool stayed ${JSON.stringify(pool)}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** The origin once it says so. */
  async originWhere(id: string, isSo: (origin: OriginView) => boolean, limit = PATIENCE): Promise<OriginView> {
    const find = ({ origins }: PoolView) => origins.find((origin) => origin.id === id) as OriginView;
    return find(await this.poolWhere((pool) => isSo(find(pool)), limit));
  }

  state(id: string, admin: string, reason = 'the test'): Promise<unknown> {
    return this.ask(`PUT /api/v1/pools/app/origins/${id}/state`, { admin, reason });
  }

  /** Sets what an operator may override. */
  patch(id: string, change: object): Promise<unknown> {
    return this.ask(`PATCH /api/v1/pools/app/origins/${id}`, change);
  }

  async metrics(): Promise<Exposition> {
    return new Exposition(await (await this.#fetch('/metrics')).text());
  }

  async #fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { Authorization: this.#authorization, ...init.headers };
    const response = await fetch(this.#url + path, { ...init, headers });
    if (!response.ok) throw new Error(`${init.method ?? 'GET'} ${path}: ${response.status} ${await response.text()}`);
    return response;
  }
}
