import type { WriteStream } from 'node:tty';
import { type InspectColor, styleText } from 'node:util';

/** Standard output or standard error: a terminal that somebody looks at, or a pipe or file. */
export class Screen {
  readonly #open: () => NodeJS.WriteStream;
  readonly #env: Readonly<Record<string, string | undefined>>;
  #opened: NodeJS.WriteStream | undefined;

  constructor(open: () => NodeJS.WriteStream, env: Readonly<Record<string, string | undefined>>) {
    this.#open = open;
    this.#env = env;
  }

  get #stream(): NodeJS.WriteStream {
    // Who reads may go (`portico origins | head -1`): nothing is left to be done for them.
    this.#opened ??= this.#open().on('error', () => {});
    return this.#opened;
  }

  /** Not with `NO_COLOR` set and not empty: https://no-color.org */
  get #coloured(): boolean {
    return this.isTerminal && (this.#env.NO_COLOR ?? '') === '' && this.#env.TERM !== 'dumb';
  }

  get isTerminal(): boolean {
    return this.#stream.isTTY === true;
  }

  /** Columns of a terminal that knows them; without limit otherwise. */
  get width(): number {
    const { columns } = this.#stream as Partial<WriteStream>;
    return this.isTerminal && columns !== undefined && columns > 0 ? columns : Number.POSITIVE_INFINITY;
  }

  write(text: string): void {
    this.#stream.write(text);
  }

  paint(style: InspectColor, text: string): string {
    return this.#coloured ? styleText(style, text, { validateStream: false }) : text;
  }
}

/**
 * What came from elsewhere, on one line and harmless to a terminal: control characters, by which a reason could move the
 * cursor or hide a line, and marks that turn the direction of writing are shown as `�`.
 */
export function visible(text: string): string {
  return text
    .replaceAll(/[\t\n\r]+/g, ' ')
    .replaceAll(/\p{Cc}|\p{Zl}|\p{Zp}|[\u202a-\u202e\u2066-\u2069]/gu, '\u{fffd}');
}
