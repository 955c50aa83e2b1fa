import type { Ms } from '../../base/units.ts';
import type { EventLog } from '../../observe/event-forward.ts';

/** Tells of what the network can cause as often as it likes: each event once in a while, with how many it stands for. */
export class Seldom {
  readonly #log: EventLog;
  readonly #every: Ms;
  readonly #now: () => Ms;
  readonly #events = new Map<string, { toldAt: Ms; untold: number }>();

  constructor(log: EventLog, every: Ms, now: () => Ms = () => performance.now()) {
    this.#log = log;
    this.#every = every;
    this.#now = now;
  }

  warn(event: string, fields: object = {}): void {
    this.#tell('warn', event, fields);
  }

  error(event: string, fields: object = {}): void {
    this.#tell('error', event, fields);
  }

  #tell(level: 'warn' | 'error', event: string, fields: object): void {
    const now = this.#now();
    const last = this.#events.get(event);
    if (last !== undefined && now - last.toldAt < this.#every) {
      last.untold += 1;
      return;
    }
    this.#events.set(event, { toldAt: now, untold: 0 });
    this.#log[level](event, last !== undefined && last.untold > 0 ? { ...fields, untold: last.untold } : fields);
  }
}
