import { Worker } from 'node:worker_threads';
import type { HostPort } from '../../base/address.ts';
import type { Ms } from '../../base/units.ts';
import type { EventLog } from '../../observe/event-forward.ts';
import { LeftOpen } from './batch-left-open.ts';
import { DnsCounts } from './counts.ts';
import type { DnsMemory, DnsPlan, DnsThreadStart, EngineInUse, FromDnsThread, ToDnsThread } from './messages.ts';

/** Who dies for the first time is replaced at once. From the second time on there is a pause, ever longer. */
const FIRST_PAUSE: Ms = 100;
const LONGEST_PAUSE: Ms = 10_000;
/** After this long a death is the first again. */
const SETTLED_AFTER: Ms = 60_000;
/** A thread that is still there so long after its deadline does not listen, and is ended. */
const OVERDUE: Ms = 2_000;
/** MiB: two halves of 4 for what is young, the size that a processor's cache has, and as much again for V8. */
const YOUNG_GENERATION = 12;

export interface DnsThreadOptions {
  /** The thread's program: it calls `runDnsThread`. */
  readonly entry: URL;
  readonly log: EventLog;
}

/** Control's side of the DNS thread: hands it each generation in two steps, and replaces it when it dies. */
export class DnsThread {
  /** Outlive the thread. */
  readonly counts = new DnsCounts();
  readonly #options: DnsThreadOptions;
  readonly #memory: DnsMemory;
  #worker: Worker | undefined;
  /** What is answered from; a thread that dies is followed by one that is given this. */
  #current: DnsPlan | undefined;
  /** What a thread has prepared, and which one. */
  #prepared: { readonly plan: DnsPlan; readonly by: Worker | undefined } | undefined;
  #whenPrepared: ((problem: string | undefined) => void) | undefined;
  #whenCommitted: (() => void) | undefined;
  #whenEnded: (() => void) | undefined;
  #serving: number | undefined;
  #addresses: readonly HostPort[] = [];
  #engine: EngineInUse = { kind: 'plain', reason: undefined };
  #deaths = 0;
  #startedAt: Ms = Number.NEGATIVE_INFINITY;
  #pause: Ms = 0;
  #restart: NodeJS.Timeout | undefined;
  #isStopping = false;

  constructor(options: DnsThreadOptions) {
    this.#options = options;
    this.#memory = { counts: this.counts.memory, openings: LeftOpen.allocate() };
    this.#start();
  }

  /** The generation that is answered from; `undefined`: nobody is answered now. */
  get serving(): number | undefined {
    return this.#serving;
  }

  /** Where queries came in by UDP when the current generation began. */
  get addresses(): readonly HostPort[] {
    return this.#addresses;
  }

  /** Of these. */
  get engine(): EngineInUse {
    return this.#engine;
  }

  /** How many threads have died. */
  get deaths(): number {
    return this.#deaths;
  }

  /**
   * Has the thread build what the plan says and listen where it says, beside what it does. Resolves with what is in the
   * way, if anything is: it is then as if it had not been asked. One at a time.
   */
  prepare(plan: DnsPlan): Promise<string | undefined> {
    if (this.#worker === undefined) return Promise.resolve('the DNS thread has died, and is about to be replaced');
    this.#prepared = { plan, by: this.#worker };
    return new Promise((resolve) => {
      const settle = (problem: string | undefined) => {
        this.#whenPrepared = undefined;
        if (problem !== undefined) this.#prepared = undefined;
        resolve(problem);
      };
      this.#whenPrepared = settle;
      try {
        this.#send({ type: 'prepare', plan });
      } catch (error) {
        settle((error as Error).message);
      }
    });
  }

  /** From now on what was prepared is answered from; resolves when it is, or when the thread has died over it. */
  commit(): Promise<void> {
    const prepared = this.#prepared;
    if (prepared === undefined) return Promise.resolve();
    this.#prepared = undefined;
    this.#current = prepared.plan;
    if (this.#worker === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenCommitted = resolve;
      // A thread that came in between has the generation before this one.
      if (this.#worker !== prepared.by) this.#send({ type: 'prepare', plan: prepared.plan });
      this.#send({ type: 'commit' });
    });
  }

  /** Part of what is answered from has changed; `plan` is all of it, for a thread that is to come. */
  update(plan: DnsPlan, update: unknown): void {
    this.#current = plan;
    this.#send({ type: 'update', update });
  }

  discard(): void {
    this.#prepared = undefined;
    this.#send({ type: 'discard' });
  }

  /** Lets queries by TCP come to their end for so long; resolves when the thread has ended. */
  async stop(within: Ms): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#restart);
    const worker = this.#worker;
    if (worker === undefined) return;
    const overdue = setTimeout(() => void worker.terminate(), within + OVERDUE);
    await new Promise<void>((resolve) => {
      this.#whenEnded = resolve;
      this.#send({ type: 'stop', within });
    });
    clearTimeout(overdue);
  }

  #start(): void {
    const start: DnsThreadStart = { memory: this.#memory };
    const worker = new Worker(this.#options.entry, {
      workerData: start,
      name: 'dns',
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION },
    });
    this.#worker = worker;
    this.#startedAt = performance.now();
    let error: unknown;
    worker.on('message', (message: FromDnsThread) => this.#heard(message, worker));
    worker.on('error', (cause) => {
      error = cause;
    });
    worker.on('exit', (code) => this.#ended(error ?? new Error(`it ended with status ${code}`)));
    if (this.#current === undefined) return;
    this.#send({ type: 'prepare', plan: this.#current });
    this.#send({ type: 'commit' });
  }

  #heard(message: FromDnsThread, worker: Worker): void {
    switch (message.type) {
      case 'prepared':
        this.#toldPrepared(message.generation, message.problem, worker);
        break;
      case 'committed':
        this.#serving = message.generation;
        this.#addresses = message.addresses;
        this.#engine = message.engine;
        if (message.generation === this.#current?.generation) this.#whenCommitted?.();
        break;
      case 'event': {
        const { level, event, fields } = message.record;
        this.#options.log[level](event, fields);
        break;
      }
    }
  }

  /** Either what `prepare` waits for, or what a new thread says of the generation that is current already. */
  #toldPrepared(generation: number, problem: string | undefined, worker: Worker): void {
    if (this.#prepared?.plan.generation === generation) {
      this.#whenPrepared?.(problem);
    } else if (problem !== undefined && this.#current?.generation === generation) {
      this.#options.log.error('the DNS thread cannot answer', { problem });
      void worker.terminate();
    }
  }

  /** Whoever waits for the dead waits no longer. What killed it is not to be committed. */
  #ended(error: unknown): void {
    this.#worker = undefined;
    this.#serving = undefined;
    this.counts.dropHeld();
    this.#whenPrepared?.(`the DNS thread died over it: ${(error as Error).message}`);
    this.#whenCommitted?.();
    this.#whenEnded?.();
    if (this.#isStopping) return;
    this.#deaths += 1;
    if (performance.now() - this.#startedAt > SETTLED_AFTER) this.#pause = 0;
    const pause = this.#pause;
    this.#pause = Math.min(Math.max(FIRST_PAUSE, pause * 2), LONGEST_PAUSE);
    this.#options.log.error('the DNS thread died, a new one is started', { backoff_ms: pause, error });
    if (pause === 0) this.#start();
    else this.#restart = setTimeout(() => this.#start(), pause);
  }

  #send(message: ToDnsThread): void {
    this.#worker?.postMessage(message);
  }
}
