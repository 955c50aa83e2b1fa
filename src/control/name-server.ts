import { formatHostPort, type HostPort, parseListenAddress } from '../base/address.ts';
import type { Ms } from '../base/units.ts';
import type { Settings } from '../config/settings.ts';
import { AnswerTotals } from '../geodns/answer/answer-totals.ts';
import type { DnsSettings } from '../geodns/config.ts';
import { type CookieSecrets, ensureCookieSecrets, readCookieSecrets } from '../geodns/plan/cookie-secrets.ts';
import { DatabaseWatch } from '../geodns/plan/database-watch.ts';
import type { CompiledTables } from '../geodns/plan/geo-tables.ts';
import { Serials } from '../geodns/plan/serials.ts';
import type { PlannedDns } from '../geodns/planner.ts';
import { DnsThread } from '../geodns/server/dns-thread.ts';
import type { DnsPlan as ThreadPlan } from '../geodns/server/messages.ts';
import { type DnsReservation, reserveDns } from '../geodns/server/reserve.ts';
import { TCP_LIMITS } from '../geodns/server/tcp-limits.ts';
import type { DnsAnswers } from '../geodns/serving.ts';
import type { EventLog } from '../observe/event-forward.ts';
import { Datacenters, type DatacentersOptions } from './datacenters.ts';
import { alpnOf, planDnsOrRefuse } from './dns-planning.ts';
import { RefusedError } from './refused-error.ts';
import { zoneName } from './zone-name.ts';

export interface NameServerOptions extends DatacentersOptions {
  readonly file: string;
  readonly stateDir: string;
  readonly log: EventLog;
}

/** What a generation wants, beside what there is: in force after `commit`, as if it had not been after `abandon`. */
export interface PendingNameServer {
  /** Resolves some seconds later at most: no answer is given before datacenters that are new have been checked. */
  commit(): Promise<void>;
  abandon(): void;
}

/** What is answered from. */
export interface NameServerGeneration {
  readonly settings: DnsSettings;
  readonly planned: PlannedDns;
}

interface Generation extends NameServerGeneration {
  readonly threadPlan: ThreadPlan;
  readonly answers: DnsAnswers;
}

/** Queries by TCP that are under way at a stop have so long. */
const STOP_GRACE: Ms = 1_000;

/**
 * The name server of a node, as control has it: plans what is answered, hands it to the DNS thread, tells that which datacenters
 * are in service, and follows the databases.
 */
export class NameServer {
  readonly datacenters: Datacenters;
  readonly thread: DnsThread;
  readonly totals = new AnswerTotals();
  readonly #options: NameServerOptions;
  /** By ADDRESS:PORT of the configuration: the port, also where that says 0. */
  #ports: ReadonlyMap<string, number> = new Map();
  #current: Generation | undefined;
  #watch: DatabaseWatch | undefined;
  #generation = 0;

  constructor(options: NameServerOptions) {
    this.#options = options;
    this.datacenters = new Datacenters(options);
    this.thread = new DnsThread({ entry: new URL('../dns.ts', import.meta.url), log: options.log });
  }

  get current(): NameServerGeneration | undefined {
    return this.#current;
  }

  /** ADDRESS:PORT, by UDP and TCP. */
  get listeners(): readonly string[] {
    return (this.#current?.threadPlan.listen ?? []).map(({ host, port }) => formatHostPort(host, port));
  }

  /** Why geo databases as they are now are not in force; `undefined`: they are. */
  get databaseProblem(): string | undefined {
    return this.#watch?.problem;
  }

  /** Throws a `RefusedError` when it cannot be had. */
  async prepare(settings: Settings, dns: DnsSettings): Promise<PendingNameServer> {
    const { planned, serials } = await this.#plan(settings, dns);
    const { addresses, release } = await this.#reserve(dns);
    const datacenters = this.#prepareDatacenters(settings, dns, planned);
    const abandon = () => {
      release();
      datacenters.abandon();
      this.thread.discard();
      this.totals.discard();
    };
    try {
      const generation = this.#generationOf(dns, planned, addresses, datacenters.memory);
      const problem = await this.thread.prepare(generation.threadPlan);
      if (problem !== undefined) throw new RefusedError([`${this.#options.file} dns: ${problem}`]);
      // What it has found is the thread's now.
      release();
      serials.save();
      for (const warning of planned.warnings) this.#options.log.warn('configuration', { warning });
      return {
        commit: async () => {
          await datacenters.checked;
          datacenters.commit();
          await this.thread.commit();
          this.#taken(generation, dns, addresses);
        },
        abandon,
      };
    } catch (error) {
      abandon();
      throw error;
    }
  }

  /** Whoever asks is answered until now. */
  async close(): Promise<void> {
    this.#watch?.close();
    this.datacenters.close();
    await this.thread.stop(STOP_GRACE);
  }

  async #plan(settings: Settings, dns: DnsSettings): Promise<{ planned: PlannedDns; serials: Serials }> {
    const { file, stateDir } = this.#options;
    const serials = Serials.read(stateDir);
    const planned = await planDnsOrRefuse(file, dns, {
      alpn: alpnOf(settings.listeners),
      cookies: this.#cookies(dns),
      serialOf: (zone, content) => serials.serialOf(zone, content, Date.now()),
      serialProblem: (zone, serial, content) => serials.problemOf(zone, serial, content),
      tables: this.#current?.planned.tables,
    });
    return { planned, serials };
  }

  #cookies({ cookie_secret_file }: DnsSettings): CookieSecrets {
    const { file, stateDir } = this.#options;
    try {
      return cookie_secret_file === undefined ? ensureCookieSecrets(stateDir) : readCookieSecrets(cookie_secret_file);
    } catch (error) {
      throw new RefusedError([`${file} dns.cookie_secret_file: ${(error as Error).message}`]);
    }
  }

  async #reserve({ listen }: DnsSettings): Promise<DnsReservation> {
    const { file } = this.#options;
    const wanted = listen.map((text) => ({
      address: parseListenAddress(text) as HostPort,
      known: this.#ports.get(text),
    }));
    const result = await reserveDns(wanted, this.#current?.threadPlan.listen);
    if (result.ok) return result.reservation;
    throw new RefusedError(result.problems.map(({ index, reason }) => `${file} dns.listen[${index}]: ${reason}`));
  }

  #prepareDatacenters({ node }: Settings, { datacenters }: DnsSettings, { choices }: PlannedDns) {
    try {
      return this.datacenters.prepare(datacenters, choices, node.region);
    } catch (error) {
      throw new RefusedError([`${this.#options.file} dns.datacenters: ${(error as Error).message}`]);
    }
  }

  #generationOf(
    settings: DnsSettings,
    planned: PlannedDns,
    listen: readonly HostPort[],
    standings: SharedArrayBuffer,
  ): Generation {
    const { plan } = planned;
    const counts = this.totals.begin({
      zones: settings.zones.map(zoneName),
      datacenters: plan.datacenters.map(({ name }) => name),
    });
    const answers: DnsAnswers = { plan, standings, counts };
    this.#generation += 1;
    const threadPlan = { generation: this.#generation, listen, engine: settings.engine, tcp: TCP_LIMITS, answers };
    return { settings, planned, threadPlan, answers };
  }

  #taken(generation: Generation, { listen }: DnsSettings, addresses: readonly HostPort[]): void {
    const before = this.#current;
    this.#current = generation;
    this.#ports = new Map(listen.map((text, index) => [text, (addresses[index] as HostPort).port]));
    this.totals.settle();
    if (before !== undefined && before.settings.engine !== generation.settings.engine) {
      this.#options.log.warn('dns.engine changes with the next start', { engine: this.thread.engine.kind });
    }
    const { tables } = generation.planned;
    if (before?.planned.tables === tables) return;
    this.#watch?.close();
    this.#watch = new DatabaseWatch(tables, { onTables: (news) => this.#tables(news), log: this.#options.log });
  }

  /** A generation that is being prepared has tables of its own, and looks by itself whether they are of today. */
  #tables(tables: CompiledTables): void {
    const { planned, answers, ...rest } = this.#current as Generation;
    const plan = { ...planned.plan, tables: tables.maps };
    const next: DnsAnswers = { ...answers, plan };
    const threadPlan = { ...rest.threadPlan, answers: next };
    this.#current = { ...rest, planned: { ...planned, plan, tables }, answers: next, threadPlan };
    this.thread.update(threadPlan, tables.maps);
  }
}
