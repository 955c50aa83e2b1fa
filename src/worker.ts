import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { Bytes, Ms } from './base/units.ts';
import type { Cache } from './cache/cache.ts';
import { WorkerCache } from './cache/worker-cache.ts';
import { ThreadVitals } from './metrics/thread-vitals.ts';
import { TrafficCounts } from './metrics/traffic-counts.ts';
import { TrafficTable } from './metrics/traffic-table.ts';
import { AccessLog } from './observe/access-log.ts';
import { forwardedEventLog } from './observe/event-forward.ts';
import { fillFromSibling } from './proxy/caching/sibling-fill.ts';
import { PROXY_ERRORS } from './proxy/error.ts';
import { Generation } from './proxy/generation.ts';
import { Handler } from './proxy/handle.ts';
import { Listener } from './proxy/listener.ts';
import type { Maintained } from './proxy/maintenance.ts';
import type { ListenerPlan } from './proxy/plan.ts';
import { type TrafficCounter, UNCOUNTED } from './proxy/traffic.ts';
import { SiblingClient } from './sibling/ask/sibling-client.ts';
import { PeerTable } from './sibling/peer-table.ts';
import type { SiblingPlan } from './sibling/plan.ts';
import type { FromWorker, ToWorker, Wanted, WorkerPlan, WorkerStart } from './workers/messages.ts';
import { OriginTable } from './workers/origin-table.ts';
import { WorkerSiblings } from './workers/worker-siblings.ts';

/** One data-plane worker: a thread that listens, proxies and logs by itself. The control plane tells it by what plan. */

/** How long an idle connection may still bring a request after we began to stop: one that was on its way already. */
const IDLE_GRACE: Ms = 1_000;
/** How long what was cut may take to be over. */
const CUT_GRACE: Ms = 500;
const STOP_POLL: Ms = 25;

interface Prepared {
  readonly plan: WorkerPlan;
  readonly generation: Generation;
  readonly opened: ReadonlyMap<string, Listener>;
}

class DataPlane {
  readonly #port: MessagePort;
  readonly #table: OriginTable;
  readonly #traffic: TrafficCounter;
  readonly #events = forwardedEventLog((record) => this.#say({ type: 'event', record }));
  readonly #listeners = new Map<string, Listener>();
  /** Taken out by a reload; some of their connections may still be open. */
  readonly #leaving = new Set<Listener>();
  readonly #cache: WorkerCache | undefined;
  readonly #peers: PeerTable | undefined;
  readonly #siblings = new WorkerSiblings((message) => this.#say(message));
  #handler: Handler | undefined;
  #maintained: Maintained;
  #drainingIdle: Ms | undefined;
  #stopping = false;
  #accessLog: AccessLog | undefined;
  #plan: WorkerPlan | undefined;
  #prepared: Prepared | undefined;

  constructor(
    port: MessagePort,
    { index, workers, originTable, trafficTable, maintained, drainingIdle, cache, peerTable }: WorkerStart,
  ) {
    this.#port = port;
    this.#maintained = maintained;
    this.#drainingIdle = drainingIdle;
    this.#table = new OriginTable(originTable, workers, index);
    this.#traffic = trafficTable === undefined ? UNCOUNTED : countIn(new TrafficTable(trafficTable, workers), index);
    this.#cache =
      cache === undefined ? undefined : new WorkerCache(cache, { worker: index, workers, log: this.#events });
    this.#peers = peerTable && new PeerTable(peerTable, workers + 1, index);
    this.#table.listen(() => this.#handler?.generation.underWay.wake());
    port.on('message', (message: ToWorker) => this.#heard(message));
  }

  #heard(message: ToWorker): void {
    switch (message.type) {
      case 'prepare':
        void this.#prepare(message.plan);
        break;
      case 'activate':
        void this.#activate();
        break;
      case 'discard':
        for (const listener of this.#prepared?.opened.values() ?? []) listener.close();
        this.#prepared = undefined;
        break;
      case 'replace_cache':
        this.#cache?.replace(message.cache);
        break;
      case 'cut':
        this.#handler?.generation.underWay.cut(message.slot);
        break;
      case 'give_way':
        this.#handler?.generation.underWay.giveWay(message.slot);
        break;
      case 'maintain':
        this.#maintained = message.maintained;
        if (this.#handler !== undefined) this.#handler.maintained = message.maintained;
        break;
      case 'drain':
        this.#drain(message.idle);
        break;
      case 'fill':
        void this.#fill(message.slot, message).then((bytes) => this.#say({ type: 'filled', id: message.id, bytes }));
        break;
      case 'purge_told':
        this.#siblings.told(message.id, message.siblings);
        break;
      case 'reopen_logs':
        this.#accessLog?.reopen();
        break;
      case 'stop_accepting':
        void this.#stopAccepting();
        break;
      case 'stop':
        void this.#stop(message.within);
        break;
    }
  }

  async #prepare(plan: WorkerPlan): Promise<void> {
    const opened = new Map<string, Listener>();
    try {
      const generation = new Generation(
        plan.proxy,
        this.#table,
        this.#handler?.generation,
        this.#traffic,
        this.#siblings,
      );
      this.#cache?.prepare(plan.proxy.cache, plan.proxy.node.name);
      this.#handler ??= new Handler(
        generation,
        (entry) => this.#accessLog?.write(entry),
        () => this.#cacheNow(),
      );
      this.#handler.maintained = this.#maintained;
      for (const listener of plan.proxy.listeners) {
        if (!this.#listeners.has(listener.key)) opened.set(listener.key, this.#newListener(listener, this.#handler));
      }
      this.#prepared = { plan, generation, opened };
      if (this.#plan === undefined) this.#serveBy(plan);
      await Promise.all([...opened.values()].map((listener) => listener.listen()));
      this.#say({ type: 'prepared', generation: plan.generation, problem: undefined });
    } catch (error) {
      this.#say({ type: 'prepared', generation: plan.generation, problem: (error as Error).message });
    }
  }

  #newListener(plan: ListenerPlan, handler: Handler): Listener {
    const listener = new Listener(plan, handler, this.#traffic);
    if (this.#drainingIdle !== undefined) listener.drain(this.#drainingIdle);
    return listener;
  }

  async #activate(): Promise<void> {
    if (this.#prepared === undefined || this.#handler === undefined) return;
    const { plan, generation, opened } = this.#prepared;
    this.#prepared = undefined;
    if (this.#handler.generation !== generation) this.#handler.switchTo(generation);
    this.#serveBy(plan);
    for (const [key, listener] of opened) this.#listeners.set(key, listener);
    const wanted = new Map<string, ListenerPlan>(plan.proxy.listeners.map((each) => [each.key, each]));
    const unwanted: Listener[] = [];
    for (const [key, listener] of this.#listeners) {
      const next = wanted.get(key);
      if (next === undefined) {
        this.#listeners.delete(key);
        unwanted.push(listener);
      } else if (!opened.has(key)) {
        listener.update(next);
      }
    }
    await this.#leave(unwanted);
    this.#say({ type: 'active', generation: plan.generation });
  }

  /** The first plan as soon as there are listeners: who comes before it is active is served as whoever comes later. */
  #serveBy(plan: WorkerPlan): void {
    this.#askSiblings(plan.siblings);
    this.#openAccessLog(plan);
    this.#plan = plan;
    if (plan.proxy.cache !== undefined) this.#cache?.update(plan.proxy.cache);
  }

  #askSiblings(plan: SiblingPlan | undefined): void {
    const siblings = this.#siblings;
    if (plan === undefined || this.#peers === undefined) {
      siblings.client?.close();
      siblings.client = undefined;
    } else if (siblings.client !== undefined) siblings.client.update(plan);
    else siblings.client = new SiblingClient(plan, { table: this.#peers, log: this.#events });
  }

  #fill(slot: number, wanted: Wanted): Promise<Bytes | undefined> {
    const cache = this.#cacheNow();
    if (this.#handler === undefined || cache === undefined) return Promise.resolve(undefined);
    return fillFromSibling(this.#handler.generation, cache, slot, wanted);
  }

  /** Their connections go on; there will be no new ones. */
  async #leave(listeners: readonly Listener[]): Promise<void> {
    for (const left of this.#leaving) if (isIdle(left)) this.#leaving.delete(left);
    for (const listener of listeners) this.#leaving.add(listener);
    await Promise.all(listeners.map((listener) => listener.stopAccepting()));
  }

  #openAccessLog({ accessLog }: WorkerPlan): void {
    if (JSON.stringify(accessLog) === JSON.stringify(this.#plan?.accessLog)) return;
    void this.#accessLog?.close();
    this.#accessLog =
      accessLog === 'off' ? undefined : new AccessLog(accessLog, (event, fields) => this.#events.error(event, fields));
  }

  /** Those of a generation that is not active yet listen already. */
  #everyListener(): Listener[] {
    return [...this.#listeners.values(), ...(this.#prepared?.opened.values() ?? []), ...this.#leaving];
  }

  /** A node that stops drains for good. */
  #drain(idle: Ms | undefined): void {
    this.#drainingIdle = idle;
    if (this.#stopping) return;
    for (const listener of this.#everyListener()) {
      if (idle !== undefined) listener.drain(idle);
      else listener.resume();
    }
  }

  async #stopAccepting(): Promise<void> {
    await Promise.all(this.#everyListener().map((listener) => listener.stopAccepting()));
    this.#say({ type: 'not_accepting' });
  }

  /** Lets every exchange end and every connection with it, and ends this thread. */
  async #stop(within: Ms): Promise<void> {
    this.#stopping = true;
    const begun = performance.now();
    const listeners = this.#everyListener();
    for (const listener of listeners) listener.drain(Infinity);
    await this.#until(() => {
      if (performance.now() - begun > IDLE_GRACE) for (const listener of listeners) listener.closeIdle();
      return this.#running === 0 && listeners.every(isIdle);
    }, within);
    if (this.#running > 0) this.#events.warn('exchanges were cut at the deadline', { count: this.#running });
    this.#handler?.cutAll();
    for (const listener of listeners) listener.close();
    // A tunnel that is cut ends when its sockets have closed, and then has its line in the log.
    await this.#until(() => this.#running === 0, CUT_GRACE);
    await this.#cache?.close();
    await this.#accessLog?.close();
    process.exit(0);
  }

  get #running(): number {
    return this.#handler?.running ?? 0;
  }

  async #until(reached: () => boolean, within: Ms): Promise<void> {
    const begun = performance.now();
    while (!reached() && performance.now() - begun < within) {
      await new Promise((resolve) => setTimeout(resolve, STOP_POLL));
    }
  }

  /** The one that serves now, if it does. */
  #cacheNow(): Cache | undefined {
    return this.#plan?.proxy.cache === undefined ? undefined : this.#cache?.current;
  }

  #say(message: FromWorker): void {
    this.#port.postMessage(message);
  }
}

/** Also how this thread is, for as long as it lives. */
function countIn(table: TrafficTable, worker: number): TrafficCounter {
  new ThreadVitals(table.rows(worker, 'thread'));
  return new TrafficCounts(table, worker, PROXY_ERRORS);
}

function isIdle(listener: Listener): boolean {
  return listener.connections === 0;
}

if (parentPort === null) throw new Error('worker.ts runs as a thread of portico run');
new DataPlane(parentPort, workerData as WorkerStart);
