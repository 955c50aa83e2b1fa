import { text } from 'node:stream/consumers';
import { Failure, type Surroundings } from './command.ts';

/** Passwords, from a terminal that does not show them or from standard input. */

/** Ctrl-C while a terminal is in raw mode, where it is a character like others. Exit status 130. */
export class Interrupted extends Error {}

const ENTER = new Set(['\r', '\n', '\x04']);
const ERASE = new Set(['\x7f', '\b']);
const ERASE_ALL = '\x15';
const INTERRUPT = '\x03';

/** Asks on the terminal, without echo, as often as it takes; what is typed or pasted ahead answers the next question. */
export class PasswordPrompt {
  readonly #stdin: NodeJS.ReadStream;
  readonly #err: Surroundings['err'];
  #ahead = '';
  #onText: (() => void) | undefined;
  #isAtEnd = false;

  constructor({ stdin, err }: Surroundings) {
    this.#stdin = stdin();
    this.#err = err;
    // Before the first question: who types at once must not be seen either.
    this.#stdin.setRawMode(true);
    this.#stdin.setEncoding('utf8');
    this.#stdin.on('data', (typed: string) => {
      this.#ahead += typed;
      this.#onText?.();
    });
    this.#stdin.on('end', () => {
      this.#isAtEnd = true;
      this.#onText?.();
    });
  }

  async ask(question: string): Promise<string> {
    this.#err.write(question);
    try {
      return await this.#line();
    } finally {
      this.#err.write('\n');
    }
  }

  close(): void {
    this.#stdin.setRawMode(false);
    this.#stdin.pause();
  }

  #line(): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const typed: string[] = [];
    this.#onText = () => {
      const keys = [...this.#ahead];
      this.#ahead = '';
      for (const [index, key] of keys.entries()) {
        if (key === INTERRUPT) return reject(new Interrupted());
        if (ENTER.has(key)) {
          this.#ahead = keys.slice(index + 1).join('');
          this.#onText = undefined;
          return resolve(typed.join(''));
        }
        if (ERASE.has(key)) typed.pop();
        else if (key === ERASE_ALL) typed.length = 0;
        else typed.push(key);
      }
      if (this.#isAtEnd) reject(new Failure('the terminal has gone'));
    };
    this.#onText();
    return promise;
  }
}

/** All that comes, without the line feed at its end. Throws a `Failure` for more than one line. */
export async function readPassword({ stdin }: Surroundings): Promise<string> {
  const given = (await text(stdin())).replace(/\r?\n$/, '');
  if (/[\r\n]/.test(given)) throw new Failure('expected a password on one line, got several');
  return given;
}
