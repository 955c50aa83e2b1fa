import type { Ms } from '../../base/units.ts';
import type { EventLog } from '../../observe/event-forward.ts';
import { changeDue, distinct, effective, failingOpen, keyOf } from './effective.ts';
import type { CheckRules, Choice, DatacenterStanding, Health, Observed, WatchedDatacenter, Word } from './model.ts';
import { OwnDatacenter, type OwnState } from './own-datacenter.ts';
import { DatacenterTable } from './table.ts';
import type { Probe } from './target.ts';
import { NO_LIMIT, ttlLimit } from './ttl.ts';
import { type Schedule, Watches } from './watches.ts';

/** The datacenters of a generation of the configuration. */
export interface DatacenterPlan {
  /** By position, as the DNS thread knows them. */
  readonly datacenters: readonly WatchedDatacenter[];
  /** Which of them records choose among. */
  readonly choices: readonly Choice[];
  /** The name of this node's own (`node.region`), which is not checked; it need not be one of them. */
  readonly own: string | undefined;
}

/** What a generation is to go by, from `commit` on; after `abandon` it is as if it had not been. */
export interface PendingDatacenters {
  /** For the DNS thread: a `DatacenterTable`, right from now on. */
  readonly memory: SharedArrayBuffer;
  /** Resolves when something is known of each, some seconds later at most: an answer that is given before may be wrong. */
  readonly checked: Promise<void>;
  commit(): void;
  abandon(): void;
}

export interface DatacenterHealthOptions {
  /** Who calls `run` of each target, now and then each interval; not again before it has ended. */
  readonly schedule: (onResult: (key: string, finding: { readonly problem: string | undefined }) => void) => Schedule;
  readonly probe: Probe;
  /** Whether this node takes traffic. Looked at each second, and by `look()`. */
  readonly own: () => OwnState;
  /** Epoch milliseconds of a clock that nobody sets while we run: `performance.timeOrigin + performance.now()`. */
  readonly now: () => Ms;
  readonly log: Pick<EventLog, 'info' | 'warn'>;
  /** Told after all of it is in the table. */
  readonly onHealth: (name: string, from: Health, to: Observed) => void;
  readonly onFailingOpen: (choice: Choice, open: boolean) => void;
}

interface Generation extends DatacenterPlan {
  readonly table: DatacenterTable;
}

/** How often this node itself is looked at, and limits of TTLs follow the time. */
const LOOK: Ms = 1000;

/** How long answers wait for first checks. Those that take longer find their datacenter in service until they are done. */
const FIRST_CHECKS: Ms = 5000;

const NOTHING: Generation = { datacenters: [], choices: [], own: undefined, table: DatacenterTable.create(0) };

/** Which datacenters answers may name: by checks from here, by the word of operators, and by what this node knows of itself. */
export class DatacenterHealth {
  readonly #options: DatacenterHealthOptions;
  readonly #watches: Watches;
  readonly #own: OwnDatacenter;
  readonly #words = new Map<string, Word>();
  readonly #looks: NodeJS.Timeout;
  #current = NOTHING;
  #pending: Generation | undefined;
  /** As was told last. */
  #healths = new Map<string, Health>();
  #open: readonly Choice[] = [];

  constructor(options: DatacenterHealthOptions) {
    const { schedule, probe, own, now } = options;
    this.#options = options;
    this.#watches = new Watches({ schedule, probe, now, onChange: () => this.#refresh() });
    this.#own = new OwnDatacenter(own, now);
    this.#looks = setInterval(() => this.look(), LOOK);
  }

  /** Begins to check what is new. One generation at a time. */
  prepare(plan: DatacenterPlan): PendingDatacenters {
    const table = DatacenterTable.create(plan.datacenters.length);
    const pending: Generation = { ...plan, choices: distinct(plan.choices), table };
    this.#pending = pending;
    this.#watch();
    this.#refresh();
    return {
      memory: table.memory,
      checked: this.#watches.known(checksOf(pending), FIRST_CHECKS),
      commit: () => {
        this.#current = pending;
        this.#settle(pending);
        this.look();
      },
      abandon: () => this.#settle(pending),
    };
  }

  /** What an operator says of a datacenter; `undefined`: no more. Holds when this returns, also for one that comes later. */
  said(name: string, word: Word | undefined): void {
    if (word === undefined) this.#words.delete(name);
    else this.#words.set(name, word);
    this.#refresh();
  }

  /** Looks at this node, and at the time. */
  look(): void {
    this.#own.look();
    this.#refresh();
  }

  standings(): readonly DatacenterStanding[] {
    return this.#current.datacenters.map((each) => this.#standing(each, this.#current, this.#words.get(each.name)));
  }

  /** As it would be if this was what an operator said; `undefined`: there is no such datacenter. */
  imagined(name: string, word: Word | undefined): DatacenterStanding | undefined {
    const datacenter = this.#current.datacenters.find((each) => each.name === name);
    return datacenter && this.#standing(datacenter, this.#current, word);
  }

  /** A choice that would have nobody in service any more if this was what an operator said of one; `undefined`: none. */
  emptied(name: string, word: Word | undefined): Choice | undefined {
    const open = failingOpen(this.#current.choices, (each) =>
      each === name ? this.imagined(name, word)?.effective === 'serving' : this.#isServing(each),
    );
    const isOpen = new Set(this.failingOpen().map(keyOf));
    return open.find((choice) => !isOpen.has(keyOf(choice)));
  }

  /** Choices of which nobody is in service, so that answers are given as if all were. */
  failingOpen(): readonly Choice[] {
    return failingOpen(this.#current.choices, (name) => this.#isServing(name));
  }

  /** Nobody is told anything after this. */
  close(): void {
    clearInterval(this.#looks);
    this.#watches.close();
  }

  /** It is not pending any more. */
  #settle(generation: Generation): void {
    if (this.#pending !== generation) return;
    this.#pending = undefined;
    this.#watch();
  }

  #generations(): Generation[] {
    return this.#pending === undefined ? [this.#current] : [this.#current, this.#pending];
  }

  #watch(): void {
    this.#watches.update(this.#generations().flatMap(checksOf));
  }

  #isServing(name: string): boolean {
    return this.imagined(name, this.#words.get(name))?.effective === 'serving';
  }

  #observed({ name, check }: WatchedDatacenter, { own }: DatacenterPlan): Observed {
    if (name === own) return this.#own.observed;
    if (check !== 'off') return this.#watches.observed(name, check);
    return { health: 'unknown', since: 0, problem: undefined, draining: false, due: undefined, last: undefined };
  }

  #standing(datacenter: WatchedDatacenter, plan: DatacenterPlan, word: Word | undefined): DatacenterStanding {
    const observed = this.#observed(datacenter, plan);
    const limit = ttlLimit(changeDue({ word, observed }), this.#options.now());
    return {
      name: datacenter.name,
      own: datacenter.name === plan.own,
      observed,
      effective: effective({ word, observed }),
      ttlLimit: limit === NO_LIMIT ? undefined : limit,
    };
  }

  /** Has all that follows hold: first for the DNS thread, and then for who is told. */
  #refresh(): void {
    for (const generation of this.#generations()) this.#write(generation);
    this.#tellHealth();
    this.#tellOpen();
  }

  #write(generation: Generation): void {
    const { table, datacenters } = generation;
    let isNews = false;
    for (const [position, each] of datacenters.entries()) {
      const { effective, ttlLimit = NO_LIMIT } = this.#standing(each, generation, this.#words.get(each.name));
      if (table.set(position, effective === 'serving', ttlLimit)) isNews = true;
    }
    if (isNews) table.tell();
  }

  #tellHealth(): void {
    const before = this.#healths;
    const seen = this.#current.datacenters.map((each) => [each.name, this.#observed(each, this.#current)] as const);
    this.#healths = new Map(seen.map(([name, { health }]) => [name, health]));
    for (const [name, observed] of seen) {
      const from = before.get(name);
      if (from !== observed.health) this.#tellOne(name, from ?? 'checking', observed);
    }
  }

  #tellOne(name: string, from: Health, observed: Observed): void {
    const { log, onHealth } = this.#options;
    const { health, problem } = observed;
    if (health === from || health === 'unknown') return;
    if (health === 'down') log.warn('datacenter down', { datacenter: name, problem });
    else if (health === 'up') log.info('datacenter up', { datacenter: name });
    onHealth(name, from, observed);
  }

  #tellOpen(): void {
    const before = new Map(this.#open.map((choice) => [keyOf(choice), choice]));
    this.#open = this.failingOpen();
    const now = new Map(this.#open.map((choice) => [keyOf(choice), choice]));
    const { log, onFailingOpen } = this.#options;
    for (const [key, choice] of now) {
      if (before.has(key)) continue;
      log.warn('no datacenter is in service, answers are given as if all were', { datacenters: choice });
      onFailingOpen(choice, true);
    }
    for (const [key, choice] of before) {
      if (now.has(key)) continue;
      log.info('answers are no longer given as if all datacenters were in service', { datacenters: choice });
      onFailingOpen(choice, false);
    }
  }
}

function checksOf({ datacenters, own }: DatacenterPlan): { readonly name: string; readonly check: CheckRules }[] {
  return datacenters.flatMap(({ name, check }) => (check === 'off' || name === own ? [] : [{ name, check }]));
}
