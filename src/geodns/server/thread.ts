import type { MessagePort } from 'node:worker_threads';
import { formatHostPort, type HostPort } from '../../base/address.ts';
import type { Ms } from '../../base/units.ts';
import { type EventLog, forwardedEventLog } from '../../observe/event-forward.ts';
import type { ChosenEngine, EngineWish } from './choose-engine.ts';
import { DnsCounts } from './counts.ts';
import { Endpoint, type EndpointParts } from './endpoint.ts';
import type { DnsMemory, DnsPlan, DnsThreadStart, EngineInUse, FromDnsThread, ToDnsThread } from './messages.ts';
import { ReplaceableResponder } from './replaceable-responder.ts';
import type { Responder } from './responder.ts';
import { TCP_LIMITS } from './tcp-limits.ts';
import { TcpServer } from './tcp-server.ts';

export interface DnsThreadParts {
  /**
   * Makes a responder of `DnsPlan.answers`. Throws or rejects when that cannot be done, with a message for operators. What takes
   * long is better done in pieces, between which queries are answered.
   */
  responderOf(answers: unknown, log: EventLog): Responder | Promise<Responder>;
  /** For sockets that are opened from now on. Never rejects. */
  engineOf(wish: Pick<EngineWish, 'wanted' | 'log' | 'leftOpen'>): Promise<ChosenEngine>;
}

/** The program of the DNS thread: `parentPort` and `workerData` are handed to it by the file that the thread runs. */
export function runDnsThread(port: MessagePort, start: DnsThreadStart, parts: DnsThreadParts): void {
  new DnsServer(port, start, parts);
}

interface Prepared {
  readonly plan: DnsPlan;
  readonly responder: Responder;
  /** By ADDRESS:PORT. */
  readonly opened: ReadonlyMap<string, Endpoint>;
}

/**
 * Answers DNS queries. It owns its sockets and waits for nobody: control tells it what to answer from, and reads what it
 * has counted, but is not asked.
 */
class DnsServer {
  readonly #port: MessagePort;
  readonly #log: EventLog;
  readonly #memory: DnsMemory;
  readonly #parts: DnsThreadParts;
  readonly #responder: ReplaceableResponder;
  readonly #endpointParts: EndpointParts;
  readonly #tcp: TcpServer;
  /** Likewise. */
  #endpoints: ReadonlyMap<string, Endpoint> = new Map();
  #prepared: Prepared | undefined;
  /** One thing at a time, in the order in which control said it. */
  #work: Promise<void> = Promise.resolve();

  constructor(port: MessagePort, { memory }: DnsThreadStart, parts: DnsThreadParts) {
    this.#port = port;
    this.#memory = memory;
    this.#parts = parts;
    const log: EventLog = forwardedEventLog((record) => this.#say({ type: 'event', record }));
    this.#log = log;
    const counts = new DnsCounts(memory.counts);
    const responder = new ReplaceableResponder(undefined, counts, log);
    this.#responder = responder;
    this.#tcp = new TcpServer({ responder, limits: TCP_LIMITS, counts, log });
    this.#endpointParts = { responder, counts, log, tcp: this.#tcp };
    port.on('message', (message: ToDnsThread) => {
      this.#work = this.#work.then(() => this.#heard(message));
    });
  }

  async #heard(message: ToDnsThread): Promise<void> {
    switch (message.type) {
      case 'prepare':
        await this.#prepare(message.plan);
        break;
      case 'commit':
        await this.#commit();
        break;
      case 'discard':
        await this.#discard();
        break;
      case 'update':
        this.#update(message.update);
        break;
      case 'stop':
        await this.#stop(message.within);
        break;
    }
  }

  async #prepare(plan: DnsPlan): Promise<void> {
    await this.#discard();
    let problem: string | undefined;
    try {
      const responder = await this.#parts.responderOf(plan.answers, this.#log);
      // Who asks at a new address, before the commit, is answered as all others are: at the very first not at all.
      this.#prepared = { plan, responder, opened: await this.#openNew(plan) };
    } catch (error) {
      problem = (error as Error).message;
    }
    this.#say({ type: 'prepared', generation: plan.generation, problem });
  }

  /** Rejects with nothing of it left open. */
  async #openNew({ listen, engine }: DnsPlan): Promise<Map<string, Endpoint>> {
    const chosen = await this.#parts.engineOf({ wanted: engine, log: this.#log, leftOpen: this.#memory.openings });
    const opened = new Map<string, Endpoint>();
    try {
      for (const address of listen) {
        const key = keyOf(address);
        if (this.#endpoints.has(key) || opened.has(key)) continue;
        const endpoint = new Endpoint(address, chosen, this.#endpointParts);
        await endpoint.open();
        opened.set(key, endpoint);
      }
      return opened;
    } catch (error) {
      await closeAll(opened.values());
      throw error;
    }
  }

  async #commit(): Promise<void> {
    if (this.#prepared === undefined) return;
    const { plan, responder, opened } = this.#prepared;
    this.#prepared = undefined;
    this.#responder.current = responder;
    this.#tcp.limits = plan.tcp;
    const wanted = new Set(plan.listen.map(keyOf));
    const all = [...this.#endpoints, ...opened];
    this.#endpoints = new Map(all.filter(([key]) => wanted.has(key)));
    await closeAll(all.filter(([key]) => !wanted.has(key)).map(([, endpoint]) => endpoint));
    const endpoints = [...this.#endpoints.values()];
    const addresses = endpoints.flatMap((endpoint) => endpoint.addresses);
    this.#say({ type: 'committed', generation: plan.generation, addresses, engine: inUse(endpoints) });
  }

  #update(update: unknown): void {
    try {
      this.#responder.current?.update?.(update);
    } catch (error) {
      this.#log.error('the DNS thread cannot take what has changed, and answers as before', { error });
    }
  }

  async #discard(): Promise<void> {
    const prepared = this.#prepared;
    this.#prepared = undefined;
    if (prepared !== undefined) await closeAll(prepared.opened.values());
  }

  /** By UDP queries are answered until those by TCP are. */
  async #stop(within: Ms): Promise<void> {
    await this.#tcp.drain(within);
    await this.#discard();
    await closeAll(this.#endpoints.values());
    process.exit(0);
  }

  #say(message: FromDnsThread): void {
    this.#port.postMessage(message);
  }
}

function keyOf({ host, port }: HostPort): string {
  return formatHostPort(host, port);
}

/** Of all: the one that falls short tells for the others. */
function inUse(endpoints: readonly Endpoint[]): EngineInUse {
  const engines = endpoints.map(({ engine }) => engine);
  return engines.find(({ reason }) => reason !== undefined) ?? engines[0] ?? { kind: 'plain', reason: undefined };
}

async function closeAll(endpoints: Iterable<Endpoint>): Promise<void> {
  await Promise.all([...endpoints].map((endpoint) => endpoint.close()));
}
