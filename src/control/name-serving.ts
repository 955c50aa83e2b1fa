import type { DnsPort } from '../admin/api/dns-port.ts';
import type { Settings } from '../config/settings.ts';
import { datacenterFamilies } from '../metrics/datacenter-families.ts';
import { dnsFamilies } from '../metrics/dns-families.ts';
import type { MetricFamily } from '../observe/metric.ts';
import { dnsFacts, dnsPort } from './dns-port.ts';
import { NameServer, type NameServerOptions } from './name-server.ts';

/** What a generation wants, beside what there is: in force after `commit`, as if it had not been after `abandon`. */
export interface PendingNames {
  commit(): Promise<void>;
  abandon(): void;
}

/** Whether the node has a name server: one begins with the generation that wants it, and ends with the one that does not. */
export class NameServing {
  readonly #options: NameServerOptions;
  #server: NameServer | undefined;
  #port: DnsPort | undefined;
  /** Why the file as it is now is not in force: lines. */
  #problems: readonly string[] = [];

  constructor(options: NameServerOptions) {
    this.#options = options;
  }

  /** `undefined`: there is none. */
  get port(): DnsPort | undefined {
    return this.#port;
  }

  get listeners(): readonly string[] {
    return this.#server?.listeners ?? [];
  }

  /** Throws a `RefusedError`. */
  async prepare(settings: Settings): Promise<PendingNames> {
    const { dns } = settings;
    if (dns === 'off') return { commit: () => this.close(), abandon: () => {} };
    // Not a file that was read again, but what operators have changed of its pools.
    if (dns === this.#server?.current?.settings) return { commit: async () => {}, abandon: () => {} };
    const server = this.#server ?? new NameServer(this.#options);
    try {
      const pending = await server.prepare(settings, dns);
      return {
        commit: async () => {
          this.#server = server;
          await pending.commit();
          this.#problems = [];
          this.#port ??= dnsPort(server, () => this.#problems);
        },
        abandon: () => {
          pending.abandon();
          this.#endIfNew(server);
        },
      };
    } catch (error) {
      this.#endIfNew(server);
      throw error;
    }
  }

  /** A reload was, and why. */
  refused(problems: readonly string[]): void {
    this.#problems = problems;
  }

  /** Has it seen at once that this node drains, or is ready. */
  look(): void {
    this.#server?.datacenters.look();
  }

  families(): readonly MetricFamily[] {
    const server = this.#server;
    if (server === undefined) return [];
    const { datacenters } = server;
    return [...dnsFamilies(dnsFacts(server)), ...datacenterFamilies(datacenters.list(), datacenters.failingOpen())];
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#port = undefined;
    await server?.close();
  }

  #endIfNew(server: NameServer): void {
    if (server !== this.#server) void server.close();
  }
}
