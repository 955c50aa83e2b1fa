import { scryptSync } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { formatHash, parseHash } from '../../../src/admin/access/password.ts';
import type { User } from '../../../src/admin/access/users.ts';
import { BalancerManager, type BalancerManagerOptions } from '../../../src/admin/apache/balancer-manager.ts';
import type { Role } from '../../../src/admin/role.ts';
import { AdminServer } from '../../../src/admin/server.ts';
import { type EventRecord, eventLevels } from '../../../src/observe/event-forward.ts';
import type { PoolState } from '../../../src/operator/model.ts';
import { makeSelfSigned } from '../../../src/proxy/tls/x509.ts';
import { atTeardown } from '../../support/teardown.ts';
import { NOW, poolOf, SmallOperator } from './small-operator.ts';

export const NONCE = '656182ed-b1c5-9786-0b6b-39476333b73c';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** Of X-Balancer-Manager. */
  readonly result: string | undefined;
}

export interface Asking {
  readonly as?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface SceneOptions {
  readonly pools?: readonly PoolState[];
  readonly apache22?: boolean;
  readonly strict?: boolean;
  readonly isSecure?: boolean;
  readonly manager?: Partial<BalancerManagerOptions>;
}

export function twoPools(): readonly PoolState[] {
  return [
    poolOf('jbosscluster', [
      { url: 'http://127.0.0.1:18101', id: 'jboss1' },
      { url: 'http://127.0.0.1:18102', id: 'jboss2', weight: 2 },
    ]),
    poolOf('static', [
      { url: 'http://127.0.0.2:18111', id: 'st1' },
      { url: 'http://node3.test:18113', id: 'st2' },
    ]),
  ];
}

/** The page on an admin listener of its own. Users viewer, ops and root have the roles read, operate and admin, and the password "secret". */
export class Scene {
  readonly operator: SmallOperator;
  readonly manager: BalancerManager;
  readonly log: EventRecord[] = [];
  readonly #server: AdminServer;

  static async open(options: SceneOptions = {}): Promise<Scene> {
    const scene = new Scene(options);
    await scene.#server.start();
    atTeardown(() => scene.#server.close(0));
    return scene;
  }

  private constructor({
    pools = twoPools(),
    apache22 = false,
    strict = false,
    isSecure = false,
    manager,
  }: SceneOptions) {
    this.operator = new SmallOperator(pools);
    const log = eventLevels((event) => this.log.push(event));
    const pair = isSecure ? makeSelfSigned(['127.0.0.1', 'localhost'], NOW - 1e9, Date.now() + 1e9) : undefined;
    const settings = { listen: '127.0.0.1:0', certificate: pair, hostNames: ['admin.test'], users: users() };
    this.#server = new AdminServer({ settings, log, now: Date.now, record: (entry) => this.operator.record(entry) });
    this.manager = new BalancerManager({
      operator: this.operator,
      log,
      nonce: NONCE,
      compat: () => ({ apache22, strict_status: strict }),
      maxOrigins: 8192,
      version: '0.1.0',
      built: Date.parse('2026-11-12T08:58:41Z'),
      ...manager,
    });
    this.manager.mountOn(this.#server);
  }

  /** `http://127.0.0.1:PORT`. */
  get url(): string {
    return this.#server.url as string;
  }

  get(path: string, asking: Asking = {}): Promise<Reply> {
    return this.ask('GET', path, asking);
  }

  /** `w_status_D=1` and so on, with everything else that a change needs. */
  change(body: string, asking: Asking = {}): Promise<Reply> {
    const worker = encodeURIComponent('http://127.0.0.1:18101');
    const full = `b=jbosscluster&w=${worker}&nonce=${NONCE}&${body}`;
    return this.ask('POST', '/balancer-manager', { ...asking, body: full });
  }

  ask(method: string, path: string, { as = 'ops', headers = {}, body }: Asking): Promise<Reply> {
    const url = new URL(path, this.url);
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const authorization = `Basic ${Buffer.from(`${as}:secret`).toString('base64')}`;
    const all = { Authorization: authorization, ...headers };
    return new Promise((resolve, reject) => {
      const sent = send(url, { method, headers: all, rejectUnauthorized: false, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => {
          const { statusCode: status = 0, headers } = response;
          resolve({ status, headers, text, result: headers['x-balancer-manager'] as string | undefined });
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }
}

/** scrypt at its cheapest: tests are many. */
function users(): readonly User[] {
  const form = parseHash('$scrypt$ln=10,r=1,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAA');
  if (form === undefined) throw new Error('no hash');
  const hash = { ...form, hash: scryptSync('secret', form.salt, 32, { N: 1024, r: 1, p: 1 }) };
  const user = (name: string, role: Role): User => ({ principal: { name, role }, hash, fingerprint: formatHash(hash) });
  return [user('viewer', 'read'), user('ops', 'operate'), user('root', 'admin')];
}
