import { text } from 'node:stream/consumers';
import { Failure, type Surroundings } from './command.ts';

/** Passwords, from a terminal that does not show them or from standard input. */

/** Ctrl-C while a terminal is in raw mode, where it is a character like others. Exit status 130. */
export class Interrupted extends Error {}

const ENTER = new Set(['\r', '\n']);
const ERASE = new Set(['\x7f', '\b']);
const INTERRUPT = '\x03';
const END = '\x04';
const ERASE_ALL = '\x15';

/** Asks on the terminal, without echo. */
export async function askPassword(question: string, surroundings: Surroundings): Promise<string> {
  const stdin = surroundings.stdin();
  const { err } = surroundings;
  err.write(question);
  stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  try {
    return await readLine(stdin);
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    err.write('\n');
  }
}

/** All that comes, without the line feed at its end. Throws a `Failure` for more than one line. */
export async function readPassword({ stdin }: Surroundings): Promise<string> {
  const given = (await text(stdin())).replace(/\r?\n$/, '');
  if (/[\r\n]/.test(given)) throw new Failure('expected a password on one line, got several');
  return given;
}

function readLine(stdin: NodeJS.ReadStream): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let typed: string[] = [];
  const onText = (chunk: string) => {
    for (const [index, key] of [...chunk].entries()) {
      if (ENTER.has(key) || key === END) {
        // What was pasted after it answers the next question.
        const rest = [...chunk].slice(index + 1).join('');
        stop(() => resolve(typed.join('')));
        if (rest !== '') stdin.unshift(rest);
        return;
      }
      if (key === INTERRUPT) return stop(() => reject(new Interrupted()));
      if (ERASE.has(key)) typed.pop();
      else if (key === ERASE_ALL) typed = [];
      else typed.push(key);
    }
  };
  const onEnd = () => stop(() => reject(new Failure('the terminal has gone')));
  const stop = (settle: () => void) => {
    stdin.off('data', onText).off('end', onEnd);
    settle();
  };
  stdin.on('data', onText).on('end', onEnd);
  return promise;
}
