import { join } from 'node:path';
import { UsersError } from '../admin/access/users.ts';
import { BalancerManager } from '../admin/apache/balancer-manager.ts';
import { keptNonce } from '../admin/apache/nonce.ts';
import type { PoolFacts } from '../admin/apache/pool-facts.ts';
import { REFUSAL_REASONS } from '../admin/apache/refusal.ts';
import { type MountedApi, mountApi } from '../admin/api/api.ts';
import type { ApiOptions } from '../admin/api/context.ts';
import type { AdminSettings } from '../admin/config.ts';
import type { Mount } from '../admin/mount.ts';
import { type MountedDashboard, mountDashboard } from '../admin/page/dashboard.ts';
import type { TrafficFigures } from '../admin/page/source.ts';
import { AdminServer, type AdminServerSettings, type PendingReload } from '../admin/server.ts';
import { adminServerSettings } from '../admin/server-settings.ts';
import { localUrl, removeWhereabouts, writeWhereabouts } from '../admin/whereabouts.ts';
import type { Ms } from '../base/units.ts';
import type { Page } from '../metrics/gather.ts';
import type { EventLog } from '../observe/event-forward.ts';
import { counter, type MetricSource } from '../observe/metric.ts';
import { readCertificate } from '../proxy/tls/certificate.ts';
import { ensureSelfSigned } from '../proxy/tls/self-signed.ts';
import { MAX_ORIGINS } from '../workers/origin-table.ts';
import { RefusedError } from './refused-error.ts';

export interface AdminOptions extends ApiOptions {
  readonly stateDir: string;
  readonly file: string;
  readonly log: EventLog;
  /** Prometheus' page, for who accepts what. */
  readonly metrics: (accept: string | undefined) => Page;
  /** How fast things go, for the dashboard. */
  readonly traffic: TrafficFigures;
  readonly sites: () => readonly string[];
  readonly healthz: () => Page;
  /** Has this told on Prometheus' page. */
  readonly register: (name: string, source: MetricSource) => void;
  /** What the file says of a pool, for Apache's page. */
  readonly factsOf: (pool: string) => PoolFacts | undefined;
  readonly version: string;
  readonly readyz: () => Page;
}

/** The certificate that `tls: auto` makes; not the sites', which has other names. */
const CERTIFICATES = 'admin';

/** The admin listener, as control has it: made of the settings, told where it is, and reloaded with them. */
export class Admin {
  readonly #options: AdminOptions;
  readonly #server: AdminServer;
  readonly #api: MountedApi;
  readonly #dashboard: MountedDashboard;
  #compat: AdminSettings['compat'];
  #settings: AdminServerSettings;

  /** Throws a `RefusedError` when the port cannot be had, or a file is not good. */
  static async open(settings: AdminSettings, options: AdminOptions): Promise<Admin> {
    const admin = new Admin(settings, await serverSettings(settings, options, []), options);
    await orRefused(options.file, () => admin.#server.start());
    admin.#tellWhere(settings);
    return admin;
  }

  private constructor(admin: AdminSettings, settings: AdminServerSettings, options: AdminOptions) {
    const { log, now, operator } = options;
    this.#compat = admin.compat;
    this.#options = options;
    this.#settings = settings;
    this.#server = new AdminServer({ settings, log, now, record: (entry) => operator.record(entry) });
    for (const mount of pages(options)) this.#server.mount(mount);
    this.#balancerManager().mountOn(this.#server);
    this.#api = mountApi(this.#server, options);
    this.#dashboard = mountDashboard(this.#server, options);
  }

  get url(): string | undefined {
    return this.#server.url;
  }

  /** Has what new settings need, or throws a `RefusedError`; they hold from the commit on. */
  async prepare(settings: AdminSettings): Promise<PendingReload> {
    const { file } = this.#options;
    const next = await serverSettings(settings, this.#options, this.#settings.users);
    const { commit, abandon } = await orRefused(file, () => this.#server.prepare(next));
    return {
      commit: async () => {
        await orRefused(file, commit);
        this.#settings = next;
        this.#compat = settings.compat;
        this.#tellWhere(settings);
      },
      abandon,
    };
  }

  async close(grace: Ms): Promise<void> {
    removeWhereabouts(this.#options.stateDir, process.pid);
    this.#api.close();
    this.#dashboard.close();
    await this.#server.close(grace);
  }

  #balancerManager(): BalancerManager {
    const { stateDir, operator, log, factsOf, version, now, register } = this.#options;
    const manager = new BalancerManager({
      operator,
      log,
      nonce: keptNonce(stateDir),
      compat: () => this.#compat,
      factsOf,
      maxOrigins: MAX_ORIGINS,
      version,
      built: now(),
    });
    register('balancer-manager', () => [
      counter(
        'portico_balancer_manager_refused_total',
        "Changes by Apache's balancer-manager that were refused, by reason.",
        REFUSAL_REASONS.map((reason) => ({ labels: { reason }, value: manager.refused.get(reason) ?? 0 })),
      ),
    ]);
    return manager;
  }

  /** For commands on this machine. */
  #tellWhere({ tls }: AdminSettings): void {
    const { stateDir, log } = this.#options;
    const url = this.#server.url as string;
    const isSecure = this.#settings.certificate !== undefined;
    const own = typeof tls === 'object' ? tls.cert : join(stateDir, CERTIFICATES, 'self-signed.pem');
    try {
      writeWhereabouts(stateDir, {
        url: localUrl(isSecure ? 'https' : 'http', url.slice(url.indexOf('//') + 2)),
        pid: process.pid,
        ...(isSecure && { certificate: own }),
      });
    } catch (error) {
      log.warn('commands on this machine will not find the admin listener', { error });
    }
  }
}

function pages({ metrics, healthz, readyz }: AdminOptions): Mount[] {
  const asReply = ({ status, contentType, body }: Page) => ({ status, headers: { 'content-type': contentType }, body });
  return [
    { method: 'GET', path: '/healthz', role: 'anyone', handler: () => asReply(healthz()) },
    { method: 'GET', path: '/readyz', role: 'anyone', handler: () => asReply(readyz()) },
    // Browsers ask for it whatever a page says.
    { method: 'GET', path: '/favicon.ico', role: 'anyone', handler: () => ({ status: 204 }) },
    { method: 'GET', path: '/metrics', role: 'read', handler: ({ headers }) => asReply(metrics(headers.accept)) },
  ];
}

async function serverSettings(
  settings: AdminSettings,
  { stateDir, log, file }: AdminOptions,
  known: AdminServerSettings['users'],
): Promise<AdminServerSettings> {
  return orRefused(file, () =>
    adminServerSettings(settings, {
      stateDir,
      log,
      known,
      selfSigned: (names) => ensureSelfSigned(join(stateDir, CERTIFICATES), names),
      readCertificate,
    }),
  );
}

async function orRefused<T>(file: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof UsersError) throw new RefusedError(error.problems.map((each) => `${file} ${each}`));
    throw new RefusedError([`${file} admin: ${(error as Error).message}`]);
  }
}
