import type { Ms } from '../../src/base/units.ts';
import { Journal } from './journal.ts';

/** One line of Portico's event log. */
export interface LogEvent {
  readonly message: string;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly [field: string]: unknown;
}

/** The event log of a running Portico: lines of JSON as they come, and the rest (a crash's stack) as text. */
export class EventLog {
  readonly #events = new Journal<LogEvent>('event');
  readonly #lines: string[] = [];
  #unread = '';

  get all(): readonly LogEvent[] {
    return this.#events.all;
  }

  push(text: string): void {
    const lines = (this.#unread + text).split('\n');
    this.#unread = lines.pop() ?? '';
    for (const line of lines) this.#take(line);
  }

  end(reason: string): void {
    if (this.#unread !== '') this.#take(this.#unread);
    this.#events.end(new Error(`${reason}; its log ends with\n${this.tail()}`));
  }

  /** An event with this message, or that fits; one of those after index `from` when that is given. */
  async waitFor(
    wanted: string | ((event: LogEvent) => boolean),
    { from = 0, limit }: { from?: number; limit?: Ms } = {},
  ): Promise<LogEvent> {
    const fits = typeof wanted === 'string' ? (event: LogEvent) => event.message === wanted : wanted;
    const name = typeof wanted === 'string' ? JSON.stringify(wanted) : 'that fits';
    try {
      return await this.#events.waitFor(fits, { from, wanted: name, ...(limit !== undefined && { limit }) });
    } catch (error) {
      const text = (error as Error).message;
      throw text.includes('its log ends with') ? error : new Error(`${text}; the log ends with\n${this.tail()}`);
    }
  }

  /** The last lines as they were written. */
  tail(count = 15): string {
    return this.#lines.slice(-count).join('\n');
  }

  #take(line: string): void {
    if (line.trim() === '') return;
    this.#lines.push(line);
    const event = readEvent(line);
    if (event) this.#events.add(event);
  }
}

function readEvent(line: string): LogEvent | undefined {
  try {
    const { level, msg, message = msg, ...fields } = JSON.parse(line);
    return { ...fields, level: LEVELS[level] ?? level, message };
  } catch {
    return undefined;
  }
}

/** pino's numbers. */
const LEVELS: Readonly<Record<string, LogEvent['level']>> = {
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'error',
};
