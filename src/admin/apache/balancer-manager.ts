import type { Ms } from '../../base/units.ts';
import type { EventLog } from '../../observe/event-forward.ts';
import type { OperatorPort } from '../../operator/commands.ts';
import type { PoolState } from '../../operator/model.ts';
import type { AdminSettings } from '../config.ts';
import type { AdminReply, AdminRequest, Mount } from '../mount.ts';
import { Problem } from '../problem.ts';
import { includesRole } from '../role.ts';
import { type Asked, askedBy } from './asked.ts';
import { carryOut, shown } from './change.ts';
import { page } from './page.ts';
import { checkPermission, hostOf } from './permission.ts';
import { NO_FACTS, type PoolFacts } from './pool-facts.ts';
import { type RefusalReason, Refused, statusOf } from './refusal.ts';
import { autoLines } from './server-status.ts';
import { PAGE_FIELDS } from './style.ts';
import { inOrder, PAGE_PATH, type View } from './view.ts';
import { originsAt, poolNamed } from './worker-url.ts';
import { xml } from './xml.ts';

export interface BalancerManagerOptions {
  readonly operator: OperatorPort;
  readonly log: EventLog;
  /** See `keptNonce`. */
  readonly nonce: string;
  /** As they are now: a reload may change them. */
  readonly compat: () => AdminSettings['compat'];
  /** What the file says of a pool, beyond what the operator's side knows. */
  readonly factsOf?: (pool: string) => PoolFacts | undefined;
  /** How many origins there may be. */
  readonly maxOrigins: number;
  /** Of Portico. */
  readonly version: string;
  /** Epoch milliseconds, of the start or the build: programs want a date. */
  readonly built: Ms;
}

/** What became of what was asked. */
type Result = 'changed' | 'unchanged' | Refused;

/** For programs that want to know: Apache says 200, whatever it did. */
const RESULT_FIELD = 'X-Balancer-Manager';

/**
 * Apache's balancer-manager, for the programs that were written for it: page, XML, and the changes of 2.4 and, if wanted,
 * 2.2. A change that is refused is answered as Apache does, by 200 and the page as it was; the page, a field of the
 * reply, the log and the audit log say why.
 */
export class BalancerManager {
  readonly #options: BalancerManagerOptions;
  readonly #refused = new Map<RefusalReason, number>();

  constructor(options: BalancerManagerOptions) {
    this.#options = options;
  }

  /** How many changes were refused since the start, by reason. */
  get refused(): ReadonlyMap<RefusalReason, number> {
    return this.#refused;
  }

  /** Whoever may read may ask; who may change something is looked at here, as Apache's clients want a page even then. */
  mountOn(server: { mount(mount: Mount): void }): void {
    for (const path of [PAGE_PATH, `${PAGE_PATH}/`, `${PAGE_PATH}/{pool}`]) {
      for (const method of ['GET', 'POST'] as const) {
        server.mount({ method, path, role: 'read', handler: (request) => this.#answer(request) });
      }
    }
    const status = ({ query }: AdminRequest) => this.#serverStatus(query);
    server.mount({ method: 'GET', path: '/server-status', role: 'read', handler: status });
  }

  async #answer(request: AdminRequest): Promise<AdminReply> {
    this.#poolsOf(request); // Before anything is changed: there may be nothing at this path.
    const asked = await askedBy(request);
    const isChange = asked.changes.size > 0 && request.method !== 'HEAD';
    const result = isChange ? await this.#change(request, asked) : undefined;
    const reply = this.#show(request, asked, result);
    if (result === undefined) return reply;
    if (!(result instanceof Refused)) return { ...reply, headers: { ...reply.headers, [RESULT_FIELD]: result } };
    const { reason } = result;
    const status = statusOf(reason, this.#options.compat().strict_status, asked.changes.has('b_nwrkr'));
    return { ...reply, status, headers: { ...reply.headers, [RESULT_FIELD]: `refused; reason=${reason}` } };
  }

  async #change(request: AdminRequest, asked: Asked): Promise<Result> {
    const { operator, nonce, compat } = this.#options;
    try {
      checkPermission(request, asked, nonce, compat().apache22);
      const pool = poolNamed(this.#poolsOf(request), asked.pool ?? '');
      if (pool === undefined) {
        throw new Refused('unknown-pool', `b: expected the name of a balancer, got ${shown(asked.pool)}`);
      }
      const facts = this.#factsOf(pool.name);
      const isChanged = await carryOut(asked, pool, { operator, facts, actor: request.actor('balancer-manager') });
      return isChanged ? 'changed' : 'unchanged';
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#note(request, asked, error);
      return error;
    }
  }

  #note(request: AdminRequest, asked: Asked, { reason, message, isRecorded }: Refused): void {
    const { operator, log } = this.#options;
    const { name: user, source, address } = request.actor('balancer-manager');
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
    log.warn('balancer-manager refused a change', { user, address, reason, detail: message });
    if (isRecorded) return;
    const isAddition = asked.changes.has('b_nwrkr');
    const action = isAddition ? 'origin.add' : 'origin.change';
    const target = `${asked.pool ?? '-'}/${asked.worker ?? '-'}`.slice(0, 200);
    const refused = `${reason}: ${message}`;
    operator.record({ actor: user, source, address, action, target, reason: asked.reason.slice(0, 500), refused });
  }

  #show(request: AdminRequest, asked: Asked, result: Result | undefined): AdminReply {
    const all = this.#poolsOf(request);
    if (asked.isAuto) return plainText(autoLines(all));
    const pool = asked.pool === undefined ? undefined : poolNamed(all, asked.pool);
    const isAsked = request.query.has('b') || request.method === 'POST';
    const selected = isAsked ? pool : undefined;
    const view = this.#view(request, asked.isXml ? all : inOrder(all, selected), result);
    if (asked.isXml) return { status: 200, headers: { 'Content-Type': 'text/xml' }, body: xml(view) };
    const [origin] = selected === undefined ? [] : originsAt(selected, asked.worker ?? '');
    // Of an origin that there is not, nothing is selected; Apache shows the plain page as well.
    const isUnknown = asked.worker !== undefined && origin === undefined;
    const body = page(view, { pool: isUnknown ? undefined : selected, origin });
    return { status: 200, headers: PAGE_FIELDS, body };
  }

  #view(request: AdminRequest, pools: readonly PoolState[], result: Result | undefined): View {
    const { nonce, maxOrigins, version, built } = this.#options;
    const { headers, user } = request;
    const role = user?.role ?? 'read';
    return {
      pools,
      nonce: includesRole(role, 'operate') ? nonce : undefined,
      mayAdd: includesRole(role, 'admin'),
      isAnsible: headers['user-agent']?.startsWith('ansible-httpget') === true,
      host: hostOf(`http://${headers.host ?? ''}`) ?? 'localhost',
      refusal: result instanceof Refused ? result.message : undefined,
      factsOf: (pool) => this.#factsOf(pool),
      maxOrigins,
      version,
      built,
    };
  }

  #serverStatus(query: URLSearchParams): AdminReply {
    if (query.has('auto')) return plainText(autoLines(this.#options.operator.pools()));
    throw new Problem(
      'not-found',
      'expected /server-status?auto, which has what balancers are; the rest is at /metrics',
    );
  }

  /** All of them, or the one that the path names. */
  #poolsOf({ params: { pool: name } }: AdminRequest): readonly PoolState[] {
    const pools = this.#options.operator.pools();
    if (name === undefined) return pools;
    const pool = poolNamed(pools, name);
    if (pool === undefined) throw new Problem('unknown-pool', `there is no pool ${JSON.stringify(name)}`);
    return [pool];
  }

  #factsOf(pool: string): PoolFacts {
    return this.#options.factsOf?.(pool) ?? NO_FACTS;
  }
}

function plainText(body: string): AdminReply {
  return { status: 200, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body };
}
