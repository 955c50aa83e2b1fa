import type { Ms } from '../../src/base/units.ts';
import { Journal } from './journal.ts';

/** One line of the access log in its JSON format. */
export interface AccessLine {
  readonly id: string;
  readonly client: string;
  readonly peer?: string;
  readonly method: string;
  readonly scheme: string;
  readonly host: string;
  readonly target: string;
  readonly protocol: string;
  readonly status: number;
  readonly bytes: number;
  readonly bytes_in: number;
  readonly duration_ms: Ms;
  readonly pool?: string;
  readonly origin?: string;
  readonly attempts: number;
  readonly error?: string;
  readonly splash?: true;
}

/** The access log of a running Portico, where that is JSON on standard output. */
export class AccessLog {
  readonly #lines = new Journal<AccessLine>('line of the access log');
  #unread = '';

  get all(): readonly AccessLine[] {
    return this.#lines.all;
  }

  push(text: string): void {
    const lines = (this.#unread + text).split('\n');
    this.#unread = lines.pop() ?? '';
    for (const line of lines) {
      if (line.startsWith('{')) this.#lines.add(JSON.parse(line));
    }
  }

  end(reason: string): void {
    this.#lines.end(new Error(reason));
  }

  /** The line of the exchange for `target`; of the first, when there is more than one. */
  lineFor(target: string): Promise<AccessLine> {
    return this.#lines.waitFor((line) => line.target === target, { wanted: `for ${target}` });
  }

  /** Resolves when there are so many lines in all. */
  async count(lines: number): Promise<void> {
    await this.#lines.waitFor(() => this.all.length >= lines, { wanted: `number ${lines}` });
  }
}
