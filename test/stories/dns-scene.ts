import { readFile } from 'node:fs/promises';
import type { Ms } from '../../src/base/units.ts';
import { Authority } from '../proxy/tls/authority.ts';
import { DnsClient } from '../support/dns-client.ts';
import type { DnsMessage } from '../support/dns-message.ts';
import { dnsAddress } from '../support/dns-node.ts';
import type { LogEvent } from '../support/event-log.ts';
import { OperatedNode } from '../support/operated-node.ts';
import { answer, type OriginRequest, type ScriptedOrigin, startOrigin } from '../support/origin.ts';
import { atTeardown } from '../support/teardown.ts';
import { PATIENCE } from '../support/wait.ts';
import { frontDoor } from './front-door.ts';

/** A node that answers for a site with two datacenters, as clients see it who ask all the time. */

export const US = '192.0.2.10';
export const EU = '198.51.100.10';

/** From one check to the next: the least there is. */
export const INTERVAL: Ms = 500;

/** How long one may take: a busy machine shall not be taken for a region that is silent. */
export const TIMEOUT: Ms = 1_000;

/** One decides. */
export const CHECK = { interval: `${INTERVAL}ms`, timeout: `${TIMEOUT}ms`, rise: 1, fall: 1 } as const;

/** How a region answers when it is asked whether it is ready. */
export type Readiness = 'ready' | '503' | 'reset' | 'silent';

/** What stands for the nodes of a region: all that they say is whether they are ready, by HTTPS. */
export class Region {
  is: Readiness;
  readonly #origin: ScriptedOrigin;

  static async start(is: Readiness = 'ready'): Promise<Region> {
    const { cert, key } = (await Authority.open()).issue({ names: ['IP:127.0.0.1'] });
    const tls = { cert: await readFile(cert), key: await readFile(key) };
    return new Region(await startOrigin(() => answer('ready'), tls), is);
  }

  private constructor(origin: ScriptedOrigin, is: Readiness) {
    this.is = is;
    this.#origin = origin;
    origin.script = (request) => this.#play(request);
  }

  /** What of a datacenter is asked. */
  get url(): string {
    return `${this.#origin.url}/readyz`;
  }

  get checks(): number {
    return this.#origin.requests.length;
  }

  /** Resolves when so many checks have come after now. */
  async nextChecks(count: number): Promise<void> {
    const wanted = this.checks + count;
    await this.#origin.arrivals.waitFor(() => this.checks >= wanted, { from: this.checks });
  }

  async *#play(request: OriginRequest) {
    if (this.is === 'reset') request.connection.reset();
    else if (this.is === 'silent') await request.connection.closed;
    else yield answer(this.is, { status: this.is === 'ready' ? '200 OK' : '503 Service Unavailable' });
  }
}

export interface SceneOptions {
  /** `us` is first in the order of who is nowhere in particular, as all clients here are. */
  readonly us?: object;
  readonly eu?: object;
  /** The datacenter of the node itself. */
  readonly own?: string;
  /** More settings of `dns:`. */
  readonly dns?: object;
}

export function siteConfig({ us, eu, own = 'elsewhere', dns }: SceneOptions = {}): object {
  return {
    ...frontDoor({ origins: ['http://127.0.0.1:9'], node: { region: own } }),
    dns: {
      listen: ['127.0.0.1:0'],
      rate_limit: 'off',
      datacenters: {
        us: { location: [37.7, -97.8], addresses: [US], check: 'off', ...us },
        eu: { location: [51.5, -0.1], addresses: [EU], check: 'off', ...eu },
      },
      zones: [
        {
          name: 'example.com',
          soa: { mname: 'ns1.example.com', rname: 'hostmaster.example.com' },
          records: [
            { name: '@', type: 'NS', value: 'ns1.example.com' },
            { name: 'ns1', type: 'A', value: '127.0.0.1' },
            { name: 'www', geo: ['us', 'eu'], ttl: '60s' },
          ],
        },
      ],
      ...dns,
    },
  };
}

export async function startSite(config: object): Promise<Site> {
  return Site.of(await OperatedNode.start(config));
}

export class Site {
  readonly node: OperatedNode;
  readonly client: DnsClient;

  static async of(node: OperatedNode): Promise<Site> {
    return new Site(node, await DnsClient.open(dnsAddress(node.portico)));
  }

  private constructor(node: OperatedNode, client: DnsClient) {
    this.node = node;
    this.client = client;
  }

  async ask(name = 'www.example.com.', type?: number): Promise<DnsMessage> {
    return this.client.ask({ name, ...(type !== undefined && { type }) });
  }

  /** The addresses that clients get. */
  async addresses(name?: string): Promise<string[]> {
    return addressesOf(await this.ask(name));
  }

  /** How long it takes until clients get this address, and no other. */
  async until(address: string, name?: string): Promise<Ms> {
    const begun = performance.now();
    for (;;) {
      const addresses = await this.addresses(name);
      const took = performance.now() - begun;
      if (addresses.length === 1 && addresses[0] === address) return took;
      if (took > 4 * PATIENCE) throw new Error(`clients still get ${addresses} and not ${address}`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  /** An event from now on, be it there by then or not. */
  event(message: string, from = this.node.portico.events.all.length): Promise<LogEvent> {
    return this.node.portico.events.waitFor((event) => event.message === message, { from, limit: 4 * PATIENCE });
  }

  // biome-ignore lint/suspicious/noExplicitAny: what a test looks into
  async status(): Promise<any> {
    return (await this.node.ask('GET /dns')).json;
  }

  async metric(line: string): Promise<number> {
    const { text } = await this.node.send('GET', '/metrics');
    const found = text.split('\n').find((each) => each.startsWith(`${line} `));
    return Number(found?.slice(line.length + 1));
  }

  setDatacenter(name: string, body: object) {
    return this.node.ask(`PUT /dns/datacenters/${name}/state`, { as: 'ops', body });
  }
}

export function addressesOf({ answers }: DnsMessage): string[] {
  return answers.filter(({ type }) => type === 1).map(({ rdata }) => Buffer.from(rdata, 'hex').join('.'));
}

/** A client that asks every 2 ms, whatever became of its questions before. */
export class Asking {
  readonly #client: DnsClient;
  readonly #name: string;
  readonly #timer: NodeJS.Timeout;
  readonly #asked: Promise<string>[] = [];

  static async start({ to }: DnsClient, name = 'www.example.com.'): Promise<Asking> {
    return new Asking(await DnsClient.open(to), name);
  }

  private constructor(client: DnsClient, name: string) {
    this.#client = client;
    this.#name = name;
    this.#timer = setInterval(() => this.#asked.push(this.#ask()), 2);
    atTeardown(() => clearInterval(this.#timer));
  }

  get count(): number {
    return this.#asked.length;
  }

  /** Resolves when it has asked so often from now on. */
  async more(count: number): Promise<void> {
    const wanted = this.count + count;
    while (this.count < wanted) await new Promise((resolve) => setTimeout(resolve, 2));
  }

  /** It asks no more: what it was answered, how often. */
  async end(): Promise<Record<string, number>> {
    clearInterval(this.#timer);
    const counts: Record<string, number> = {};
    for (const each of await Promise.all(this.#asked)) counts[each] = (counts[each] ?? 0) + 1;
    return counts;
  }

  /** `192.0.2.10`, the number of an error, or that there was no answer. */
  async #ask(): Promise<string> {
    try {
      const reply = await this.#client.ask({ name: this.#name });
      return reply.rcode === 0 ? addressesOf(reply).join(' ') : `rcode ${reply.rcode}`;
    } catch {
      return 'no answer';
    }
  }
}
