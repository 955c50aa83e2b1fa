import type { Ms } from '../../base/units.ts';
import type { EventLog } from '../../observe/event-forward.ts';
import { type Compile, compileAside } from './compile-order.ts';
import { type CompiledTables, stampOf } from './geo-tables.ts';

export interface DatabaseWatchOptions {
  /** Told when a database was replaced and the tables of it are there. */
  readonly onTables: (tables: CompiledTables) => void;
  readonly log: Pick<EventLog, 'info' | 'error'>;
  /** Default: in a thread of its own. */
  readonly compile?: Compile;
  /** From one look to the next, default 5 s; nobody looks by himself when it is 0. */
  readonly interval?: Ms;
}

const INTERVAL: Ms = 5000;

/**
 * Sees when the files of geo databases are replaced, and has tables made of the new ones. It looks at their times and sizes, as
 * notifications of file systems get lost where directories are mounted or replaced. A change has to stand for one interval
 * before it is read, so that a file that is still being copied is not. What is damaged is told, once, and the tables that there
 * are stay in force.
 */
export class DatabaseWatch {
  readonly #options: DatabaseWatchOptions;
  readonly #timer: NodeJS.Timeout | undefined;
  #current: CompiledTables;
  /** What was read last, be it refused. */
  #known: string;
  /** What was there at the last look. */
  #seen: string;
  #looking: Promise<void> | undefined;
  #problem: string | undefined;
  #closed = false;

  constructor(current: CompiledTables, options: DatabaseWatchOptions) {
    const { interval = INTERVAL } = options;
    this.#options = options;
    this.#current = current;
    this.#known = current.stamp;
    this.#seen = current.stamp;
    if (interval > 0 && current.order.files.length > 0) {
      this.#timer = setInterval(() => void this.look(), interval).unref();
    }
  }

  /** Why the files as they are now are not in force; `undefined`: they are. Files that have not settled yet are not judged. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Looks at the files. Resolves when what is to be done about them is done; a look at a time. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** Nobody is told anything after this. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const { order } = this.#current;
    const stamp = await stampOf(order.files);
    const isSettled = stamp === this.#seen;
    this.#seen = stamp;
    if (!isSettled || stamp === this.#known || this.#closed) return;
    this.#known = stamp;
    await this.#take(stamp);
  }

  async #take(stamp: string): Promise<void> {
    const { onTables, log, compile = compileAside } = this.#options;
    const { order } = this.#current;
    const { files } = order;
    try {
      const tables: CompiledTables = { ...(await compile(order)), order, stamp };
      if (this.#closed) return;
      this.#current = tables;
      this.#problem = undefined;
      log.info('geo database replaced', { files, databases: tables.databases });
      onTables(tables);
    } catch (error) {
      if (this.#closed) return;
      this.#problem = reasonOf(error);
      log.error('geo database refused, the old one serves on', { files, problem: this.#problem });
    }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
