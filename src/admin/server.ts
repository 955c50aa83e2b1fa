import { formatHostPort, normalizeAddress, parseListenAddress } from '../base/address.ts';
import type { Ms } from '../base/units.ts';
import type { EventLog } from '../observe/event-forward.ts';
import type { OperatorPort } from '../operator/commands.ts';
import { Access } from './access/access.ts';
import type { User } from './access/users.ts';
import { Handling } from './handling.ts';
import { type Certificate, LIMITS, type Limits, Listener } from './listener.ts';
import type { Mount } from './mount.ts';
import { Refusals } from './refusals.ts';
import { RouteTable } from './route-table.ts';

/** What of the settings the server stands on; files are read by then (`server-settings.ts`). */
export interface AdminServerSettings {
  /** ADDRESS:PORT. */
  readonly listen: string;
  /** `undefined`: without TLS. */
  readonly certificate: Certificate | undefined;
  readonly hostNames: readonly string[];
  readonly users: readonly User[];
}

export interface AdminServerOptions {
  readonly settings: AdminServerSettings;
  readonly log: EventLog;
  readonly now: () => Ms;
  /** Where failed logins are noted, and what a role did not allow. */
  readonly record: OperatorPort['record'];
  readonly limits?: Limits;
}

/** A reload for which all is there; one of the two is to be called. */
export interface PendingReload {
  /** Throws, and all is as before, when a port that our own listener has to let go first is lost on the way. */
  readonly commit: () => Promise<void>;
  readonly abandon: () => Promise<void>;
}

/** The admin listener. Handlers are mounted before it starts. */
export class AdminServer {
  readonly #routes = new RouteTable();
  readonly #access: Access;
  readonly #handling: Handling;
  readonly #log: EventLog;
  readonly #limits: Limits;
  #settings: AdminServerSettings;
  #listener: Listener | undefined;
  /** Former listeners whose connections have not all ended. */
  readonly #leaving = new Set<Promise<void>>();

  constructor({ settings, log, now, record, limits = LIMITS }: AdminServerOptions) {
    this.#settings = settings;
    this.#log = log;
    this.#limits = limits;
    const onFailure = ({ name, address }: { readonly name: string | undefined; readonly address: string }) =>
      record({ actor: name ?? '-', source: 'login', address, action: 'login.failed', target: 'admin', reason: '' });
    this.#access = new Access({ users: settings.users, log, now, onFailure });
    const { hostNames } = settings;
    const refusals = new Refusals({ record, now });
    this.#handling = new Handling({ routes: this.#routes, access: this.#access, refusals, log, hostNames });
  }

  mount(mount: Mount): void {
    this.#routes.add(mount);
  }

  /** http://127.0.0.1:8400, with the port as it is; `undefined` while it does not listen. */
  get url(): string | undefined {
    const address = parseListenAddress(this.#settings.listen);
    if (this.#listener === undefined || address === undefined) return undefined;
    const scheme = this.#listener.isSecure ? 'https' : 'http';
    return `${scheme}://${formatHostPort(address.host, this.#listener.port)}`;
  }

  /** Throws when the port cannot be had. */
  async start(): Promise<void> {
    this.#listener = await this.#open(this.#settings);
  }

  /** What does not change is not touched: streams go on. When it throws, all is as before. */
  async reload(settings: AdminServerSettings): Promise<void> {
    await (await this.prepare(settings)).commit();
  }

  /** Gets the new address, if it is another one; throws when that cannot be had. Nothing changes until the commit. */
  async prepare(settings: AdminServerSettings): Promise<PendingReload> {
    const opened = this.#isInTheWay(settings) ? undefined : await this.#open(settings);
    return {
      commit: async () => {
        await this.#relisten(settings, opened);
        this.#settings = settings;
        this.#access.setUsers(settings.users);
        this.#handling.setHostNames(settings.hostNames);
        this.#handling.endStrangers();
      },
      abandon: async () => opened?.close(0),
    };
  }

  /** Who waits is answered, streams end, and what still runs after `grace` is cut. */
  async close(grace: Ms): Promise<void> {
    const closing = this.#listener?.close(grace);
    this.#listener = undefined;
    this.#handling.endAll();
    await Promise.all([closing, ...this.#leaving]);
  }

  async #relisten(settings: AdminServerSettings, opened: Listener | undefined): Promise<void> {
    const { certificate } = this.#settings;
    const isSecure = settings.certificate !== undefined;
    if (opened !== undefined) {
      this.#leave();
      this.#listener = opened;
      return;
    }
    if (settings.listen === this.#settings.listen && isSecure === (certificate !== undefined)) {
      if (isSecure && !isSame(settings.certificate, certificate)) this.#listener?.setCertificate(settings.certificate);
      return;
    }
    // The one has to let go before the other can take it.
    const port = this.#listener?.port;
    this.#leave();
    try {
      this.#listener = await this.#open(settings, port);
    } catch (error) {
      this.#listener = await this.#open(this.#settings, port);
      throw error;
    }
  }

  /** Whether our own listener keeps the address from another one: it is there, or one of the two is at all addresses. */
  #isInTheWay({ listen }: AdminServerSettings): boolean {
    if (listen === this.#settings.listen) return true;
    const [next, own] = [parseListenAddress(listen), parseListenAddress(this.#settings.listen)];
    if (next === undefined || own === undefined || next.port !== this.#listener?.port) return false;
    const hosts = [next, own].map(({ host }) => normalizeAddress(host));
    return hosts[0] === hosts[1] || hosts.some((host) => host === '0.0.0.0' || host === '::');
  }

  #open({ listen, certificate }: AdminServerSettings, knownPort?: number): Promise<Listener> {
    const { host, port } = parseListenAddress(listen) ?? { host: '127.0.0.1', port: 0 };
    return Listener.open({
      host,
      port: knownPort ?? port,
      certificate,
      limits: this.#limits,
      onRequest: (request, response) => void this.#handling.handle(request, response),
      isBusy: (socket) => this.#handling.isBusy(socket),
    });
  }

  #leave(): void {
    const former = this.#listener;
    if (former === undefined) return;
    const closed = former.close(LEAVE_TIME).catch((error) => this.#log.warn('admin listener did not close', { error }));
    const leaving = closed.then(() => void this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
    this.#handling.endAll((socket) => former.has(socket));
  }
}

/** For requests that run while the listen address changes. */
const LEAVE_TIME: Ms = 10_000;

function isSame(a: Certificate | undefined, b: Certificate | undefined): boolean {
  return a?.certPem === b?.certPem && a?.keyPem === b?.keyPem;
}
