import { mkdir, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { formatHash } from '../../src/admin/access/password.ts';
import { basic, cheapHash } from './admin-scene.ts';
import { type CommandResult, portico as run } from './command.ts';
import { type Portico, type StartOptions, startPortico } from './portico.ts';
import { fetchRaw } from './raw-client.ts';
import { tempDir } from './temp.ts';
import { within } from './wait.ts';

/** Of the users viewer, ops and root, whose roles are read, operate and admin. */
export const PASSWORD = 'hunter2-sesame';

export interface ApiReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: what a test looks into
  readonly json: any;
}

export interface ApiRequest {
  /** Default: root. */
  readonly as?: 'viewer' | 'ops' | 'root';
  /** JSON, or text as it stands. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A real node with its admin listener, asked as operators ask: by the API and by the command line. */
export class OperatedNode {
  readonly portico: Portico;
  /** Of the admin listener: `http://127.0.0.1:41234`. */
  readonly admin: string;
  readonly #config: object;

  /** `config`: without users, state and workers. */
  static async start(config: object, { dir, ...options }: StartOptions = {}): Promise<OperatedNode> {
    const home = dir ?? (await tempDir());
    const whole = await operated(config, home);
    const portico = await startPortico(whole, { ...options, dir: home });
    return new OperatedNode(portico, config);
  }

  private constructor(portico: Portico, config: object) {
    this.portico = portico;
    this.#config = config;
    this.admin = portico.events.all.find(({ message }) => message === 'ready')?.admin as string;
  }

  /** Another one in the same place, when this one has ended; by the same file unless told otherwise. */
  successor(config: object = this.#config): Promise<OperatedNode> {
    return OperatedNode.start(config, { dir: this.portico.dir });
  }

  /** SIGKILL, and another one. */
  async killed(config?: object): Promise<OperatedNode> {
    await this.portico.kill();
    return this.successor(config);
  }

  async reload(config: object) {
    return this.portico.reload(await operated(config, this.portico.dir));
  }

  /** `ask('GET /pools')`, below `/api/v1`. */
  ask(line: string, asked: ApiRequest = {}): Promise<ApiReply> {
    const [method = 'GET', path = ''] = line.split(' ');
    return this.send(method, `/api/v1${path}`, asked);
  }

  send(method: string, path: string, { as = 'root', body, headers = {} }: ApiRequest = {}): Promise<ApiReply> {
    const url = new URL(path, this.admin);
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const fields = {
      Authorization: basic(as, PASSWORD),
      ...(text !== undefined && { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }),
      ...headers,
    };
    const { promise, resolve, reject } = Promise.withResolvers<ApiReply>();
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const sent = send(url, { method, headers: fields, agent: false, rejectUnauthorized: false }, async (response) => {
      try {
        const received = Buffer.concat(await response.toArray()).toString();
        const isJson = /json/.test(response.headers['content-type'] ?? '') && received !== '';
        const { statusCode: status = 0, headers: fields } = response;
        resolve({ status, headers: fields, text: received, json: isJson ? JSON.parse(received) : undefined });
      } catch (error) {
        reject(error);
      }
    });
    sent.on('error', reject);
    sent.end(text);
    return within(promise, `an answer to ${method} ${path}`, 9000);
  }

  /** One origin as the API shows it. */
  // biome-ignore lint/suspicious/noExplicitAny: what a test looks into
  async origin(name: string): Promise<any> {
    const [pool, id] = name.split('/');
    return (await this.ask(`GET /pools/${pool}/origins/${id}`)).json;
  }

  /** `portico COMMAND …` on the node's machine. */
  command(...args: readonly string[]): Promise<CommandResult> {
    const [name = '', ...rest] = args;
    const whole = [name, '-c', this.portico.file, '--user', 'ops', ...rest];
    return run(whole, { env: { PORTICO_PASSWORD: PASSWORD } });
  }

  /** Who answers so many requests, at once and by all workers: bodies, or the status of what is no 200. */
  async answerers(count = 20, host = 'www.example.com'): Promise<Record<string, number>> {
    const port = this.portico.port();
    const answers = await Promise.all(Array.from({ length: count }, () => fetchRaw(port, '/', { host })));
    const counts: Record<string, number> = {};
    for (const { status, body } of answers) {
      const who = status === 200 ? body : String(status);
      counts[who] = (counts[who] ?? 0) + 1;
    }
    return counts;
  }
}

/** The same with users and an admin listener of its own. */
async function operated(config: object, dir: string): Promise<object> {
  const secrets = join(dir, 'secrets');
  await mkdir(secrets, { recursive: true });
  const file = join(secrets, 'password');
  await writeFile(file, `${formatHash(cheapHash(PASSWORD))}\n`, { mode: 0o600 });
  const users = Object.entries(ROLES).map(([name, role]) => ({ name, role, password_file: file }));
  const { admin, node } = config as { readonly admin?: object; readonly node?: object };
  return {
    ...config,
    node: { workers: 2, state_dir: join(dir, 'state'), ...node },
    admin: { listen: '127.0.0.1:0', users, ...admin },
  };
}

const ROLES = { viewer: 'read', ops: 'operate', root: 'admin' } as const;
