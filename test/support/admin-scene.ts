import { scryptSync } from 'node:crypto';
import { Agent, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect, type Socket } from 'node:net';
import { type PasswordHash, parseHash } from '../../src/admin/access/password.ts';
import type { User } from '../../src/admin/access/users.ts';
import { type MountedApi, mountApi } from '../../src/admin/api/api.ts';
import type { ApiOptions, NodeStatus } from '../../src/admin/api/context.ts';
import type { Limits } from '../../src/admin/listener.ts';
import type { Role } from '../../src/admin/role.ts';
import { AdminServer, type AdminServerSettings } from '../../src/admin/server.ts';
import { type EventRecord, eventLevels } from '../../src/observe/event-forward.ts';
import { NO_SIBLINGS } from '../../src/sibling/state.ts';
import { MemoryDns } from './memory-dns.ts';
import { MemoryOperator } from './memory-operator.ts';
import { MemoryVrrp } from './memory-vrrp.ts';
import { atTeardown } from './teardown.ts';
import { within } from './wait.ts';

/** scrypt at its cheapest, of "secret": tests are many. */
const LINE = '$scrypt$ln=10,r=1,p=1$c2FsdHNhbHRzYWx0$';

export function userNamed(name: string, role: Role, hash: PasswordHash): User {
  return { principal: { name, role }, hash, fingerprint: hash.hash.toString('base64') };
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: what a test looks into
  readonly json: any;
}

export interface Asking {
  readonly as?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly type?: string;
}

export const STATUS: NodeStatus = {
  node: 'edge-1',
  region: 'us',
  version: '0.1.0',
  started: 1_699_999_000_000,
  notReady: [],
  exchanges: 0,
  connections: 0,
  generation: 3,
  workers: 2,
  listeners: [{ address: '127.0.0.1:80', protocol: 'http' }],
  cache: {
    hits: 3,
    forwards: 4,
    memory: { objects: 1, bytes: 2, capacity: 3, evictions: 0 },
    disk: undefined,
  },
};

/** An admin listener on a port of its own, in front of an operator in memory: two pools, three users of password "secret". */
export class AdminScene {
  readonly operator: MemoryOperator;
  readonly dns: MemoryDns;
  readonly vrrp: MemoryVrrp;
  readonly server: AdminServer;
  readonly log: EventRecord[] = [];
  readonly purges: unknown[] = [];
  settings: AdminServerSettings;
  readonly #api: MountedApi;
  readonly #agent = new Agent({ keepAlive: true });

  static async open({
    settings = {},
    limits,
    api = {},
    now = () => 1_700_000_000_000,
  }: {
    settings?: Partial<AdminServerSettings>;
    limits?: Limits;
    api?: Partial<ApiOptions>;
    now?: () => number;
  } = {}): Promise<AdminScene> {
    const scene = new AdminScene(
      { listen: '127.0.0.1:0', certificate: undefined, hostNames: ['admin.test'], users: users(), ...settings },
      limits,
      api,
      now,
    );
    await scene.server.start();
    atTeardown(() => scene.close());
    return scene;
  }

  private constructor(
    settings: AdminServerSettings,
    limits: Limits | undefined,
    api: Partial<ApiOptions>,
    now: () => number,
  ) {
    this.settings = settings;
    this.operator = new MemoryOperator(
      { app: ['http://10.0.1.66', 'http://10.0.1.67:8080'], api: ['http://10.0.1.66:81', 'http://10.0.1.68'] },
      now,
    );
    this.dns = new MemoryDns(['us', 'uk'], now);
    this.vrrp = new MemoryVrrp(['front', 'back'], now);
    const log = eventLevels((event) => this.log.push(event));
    const record = (entry: Parameters<MemoryOperator['record']>[0]) => this.operator.record(entry);
    this.server = new AdminServer({ settings, log, now, record, ...(limits && { limits }) });
    this.#api = mountApi(this.server, {
      operator: this.operator,
      status: () => STATUS,
      siblings: () => NO_SIBLINGS,
      dns: () => this.dns,
      vrrp: () => this.vrrp,
      purge: async (order) => {
        const index = order.urls.findIndex((url) => !URL.canParse(url));
        if (index !== -1) return { ok: false, problems: [{ list: 'urls', index, detail: 'expected a URL' }] };
        if (!order.dryRun) this.purges.push(order);
        const purges = order.urls.length + order.prefixes.length + order.tags.length + Number(order.all);
        return { ok: true, purges, siblings: [] };
      },
      now,
      ...api,
    });
  }

  get port(): number {
    return Number(new URL(this.server.url ?? '').port);
  }

  /** `ask('GET /api/v1/pools')`, by the user ops unless said otherwise. */
  async ask(line: string, { as = 'ops', headers = {}, body, type = 'application/json' }: Asking = {}): Promise<Reply> {
    const [method = 'GET', path = '/'] = line.split(' ');
    const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
    return this.send(
      method,
      path,
      {
        ...(as !== '' && { Authorization: basic(as, 'secret') }),
        ...(text !== undefined && { 'Content-Type': type, 'Content-Length': String(Buffer.byteLength(text)) }),
        ...headers,
      },
      text,
    );
  }

  send(method: string, path: string, headers: Readonly<Record<string, string>>, body?: string): Promise<Reply> {
    const isSecure = this.server.url?.startsWith('https:') === true;
    const options = { port: this.port, host: '127.0.0.1', method, path, headers };
    return new Promise((resolve, reject) => {
      const sent = isSecure
        ? httpsRequest({ ...options, rejectUnauthorized: false, agent: false })
        : httpRequest({ ...options, agent: this.#agent });
      sent.on('error', reject);
      sent.on('response', (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('error', reject);
        response.on('end', () => {
          const isJson = /json/.test(response.headers['content-type'] ?? '') && text !== '';
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text,
            json: isJson ? JSON.parse(text) : undefined,
          });
        });
      });
      sent.end(body);
    });
  }

  /** A connection of bytes. */
  connect(): Wire {
    return new Wire(connect(this.port, '127.0.0.1'));
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    this.#api.close();
    await this.server.close(0);
  }
}

export class Wire {
  readonly socket: Socket;
  received = '';
  readonly connected: Promise<void>;
  readonly ended: Promise<void>;
  #look = () => {};

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      this.received += text;
      this.#look();
    });
    socket.on('error', () => {});
    this.connected = new Promise((resolve) => socket.once('connect', () => resolve()));
    this.ended = new Promise((resolve) => socket.once('close', () => resolve()));
    atTeardown(() => socket.destroy());
  }

  write(text: string): void {
    this.socket.write(text);
  }

  until(part: string): Promise<void> {
    return new Promise((resolve) => {
      this.#look = () => {
        if (this.received.includes(part)) resolve();
      };
      this.#look();
    });
  }
}

export function basic(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
}

export function users(): readonly User[] {
  const hash = cheapHash('secret');
  return [userNamed('viewer', 'read', hash), userNamed('ops', 'operate', hash), userNamed('root', 'admin', hash)];
}

/** Turns of the event loop until something is so. */
export async function until(isSo: () => boolean, what = 'what was to come'): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = () => (isSo() ? resolve() : void setImmediate(look));
  look();
  await within(promise, what);
}

/** A hash of a password that costs a millisecond. */
export function cheapHash(password: string): PasswordHash {
  const form = parseHash(`${LINE}AAAAAAAAAAAAAAAAAAAAAA`) as PasswordHash;
  return { ...form, hash: scryptSync(password, form.salt, 32, { N: 2 ** form.ln, r: form.r, p: form.p }) };
}
