import type { EventLog } from '../../src/observe/event-forward.ts';
import type { Actor, OperatorEvent } from '../../src/operator/commands.ts';
import type { Rotation } from '../../src/operator/effective.ts';
import type { Maintenance, Observed } from '../../src/operator/model.ts';
import { Operator } from '../../src/operator/operator.ts';
import type { FileOrigin, FilePools, KnownPool, OperatorParts } from '../../src/operator/parts.ts';
import type { Standing } from '../../src/operator/standing.ts';

/** An operator's side with control and workers as plain values: what they were told is there to be looked at. */

export const ALICE: Actor = { name: 'alice', source: 'api', address: '192.0.2.7' };
export const UP: Observed = { health: 'up', since: 0, warmth: 1 };

export function file(pools: Readonly<Record<string, readonly (string | FileOrigin)[]>>): FilePools {
  const origin = (each: string | FileOrigin): FileOrigin =>
    typeof each === 'string' ? { url: `http://${each}.test`, name: each, weight: 1 } : each;
  return Object.fromEntries(Object.entries(pools).map(([name, origins]) => [name, { origins: origins.map(origin) }]));
}

export interface Logged {
  readonly level: string;
  readonly event: string;
  readonly fields: object;
}

export class Scene {
  readonly directory: string;
  readonly standings = new Map<number, Standing>();
  readonly inFlight = new Map<number, number>();
  readonly cut: number[] = [];
  readonly enabled: string[] = [];
  readonly gaveWay: number[] = [];
  readonly maintenance = new Map<string, Maintenance>();
  drainsNode = false;
  readonly log: Logged[] = [];
  readonly events: OperatorEvent[] = [];
  /** What is wrong with each generation that is asked for. */
  problems: readonly string[] = [];
  generations = 0;
  /** Called when a generation is prepared, and not yet served. */
  onPrepared: () => void = () => {};
  /** Called before a generation is made. */
  onApply: () => void = () => {};
  operator: Operator;
  #file: FilePools = {};
  readonly #slots = new Map<string, number>();
  readonly #now: () => number;

  constructor(directory: string, pools?: FilePools, now: () => number = Date.now) {
    this.directory = directory;
    this.#now = now;
    this.operator = this.#open();
    if (pools !== undefined) this.load(pools);
  }

  /** As control does it at a start and a reload. */
  load(pools: FilePools): void {
    this.#file = pools;
    this.#generation();
  }

  /** The process was killed, and runs again. */
  restart(pools: FilePools = this.#file): void {
    this.operator.close();
    this.standings.clear();
    this.inFlight.clear();
    this.operator = this.#open();
    this.load(pools);
  }

  slot(pool: string, id: string): number {
    const origin = this.operator.origin({ pool, id });
    if (origin === undefined) throw new Error(`there is no ${pool}/${id}`);
    return this.#slots.get(key(pool, id, origin.configured.url)) as number;
  }

  /** As workers know it. */
  standing(pool: string, id: string): Standing {
    return this.standings.get(this.slot(pool, id)) as Standing;
  }

  setInFlight(pool: string, id: string, count: number): void {
    this.inFlight.set(this.slot(pool, id), count);
  }

  observe(pool: string, id: string, observed: Partial<Observed>): void {
    const url = this.operator.origin({ pool, id })?.configured.url as string;
    this.operator.observe(key(pool, id, url), { ...UP, ...observed });
  }

  typesOf(origin: string): string[] {
    return this.events.filter((event) => event.origin === origin).map(({ type }) => type);
  }

  #generation(): void {
    const pools = this.operator.adjusted(this.#file);
    const known = Object.entries(pools).map(([name, { origins }]): KnownPool => {
      return {
        name,
        balance: 'round-robin',
        sticky: undefined,
        origins: origins.map((origin) => {
          const { url, weight, role = 'primary', set = 0 } = origin;
          const id = idOf(origin);
          const slot = this.#slot(key(name, id, url));
          const said = this.#file[name]?.origins.find((each) => idOf(each) === id)?.route;
          const configured = { url, weight, role, set, ...(said !== undefined && { route: said }) };
          return {
            id,
            key: key(name, id, url),
            slot,
            route: origin.route ?? id,
            slowStart: 30_000,
            configured,
            observed: UP,
          };
        }),
      };
    });
    this.operator.prepare(this.#file, known);
    this.onPrepared();
    for (const [name, maintenance] of this.operator.maintained(this.#file)) this.maintenance.set(name, maintenance);
    this.operator.take(this.#file, known);
    this.generations++;
  }

  #slot(name: string): number {
    const slot = this.#slots.get(name) ?? this.#slots.size;
    this.#slots.set(name, slot);
    return slot;
  }

  #open(): Operator {
    const operator = new Operator(this.#parts());
    this.events.length = 0;
    operator.events(0, (event) => this.events.push(event));
    return operator;
  }

  #parts(): OperatorParts {
    return {
      directory: this.directory,
      log: logTo(this.log),
      now: this.#now,
      idOf,
      rotation,
      setStanding: (slot, standing) => this.standings.set(slot, standing),
      inFlight: (slot) => this.inFlight.get(slot) ?? 0,
      traffic: () => ({
        inFlight: 0,
        upgraded: 0,
        elected: 0,
        stickyRecent: 0,
        rate: 0,
        errors: 0,
        latency: undefined,
        bytesIn: 0,
        bytesOut: 0,
      }),
      queued: () => 0,
      drainNode: (on) => {
        this.drainsNode = on;
      },
      cut: (slot) => {
        this.cut.push(slot);
        this.inFlight.set(slot, 0);
      },
      giveWay: (slot) => this.gaveWay.push(slot),
      enabled: (each) => this.enabled.push(each),
      apply: async () => {
        this.onApply();
        await Promise.resolve();
        if (this.problems.length === 0) this.#generation();
        return this.problems;
      },
      showMaintenance: (pool, maintenance) => {
        if (maintenance === undefined) this.maintenance.delete(pool);
        else this.maintenance.set(pool, maintenance);
      },
    };
  }
}

export function idOf({ name, url }: FileOrigin): string {
  const { hostname, port } = new URL(url);
  return name ?? `${hostname}:${port || 80}`;
}

function key(pool: string, id: string, url: string): string {
  return `${pool}/${id} ${url}`;
}

/** Primaries of the lowest set that has one that is usable, else spares and standbys; else all that were not put out. */
export function rotation(_pool: string, standings: readonly Standing[]): Rotation {
  const usable = (each: Standing) => each.admits === 'all' && (each.health === 'up' || each.health === 'trial');
  for (const role of ['primary', 'spare', 'standby'] as const) {
    const sets = standings.filter((each) => each.role === role && usable(each)).map(({ set }) => set);
    if (sets.length === 0) continue;
    const lowest = Math.min(...sets);
    return {
      serving: standings.map((each) => each.role === role && each.set === lowest && usable(each)),
      panic: false,
    };
  }
  const tried = standings.map(({ admits, health }) => admits === 'all' && (health === 'down' || health === 'ejected'));
  return { serving: tried, panic: tried.includes(true) };
}

function logTo(lines: Logged[]): EventLog {
  const at =
    (level: string) =>
    (event: string, fields: object = {}) => {
      lines.push({ level, event, fields });
    };
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };
}
