import type { Statement } from '../blocks.ts';
import { shellWordsOf } from '../lexer/words.ts';

/** Programs: keepalived runs them by itself, not by a shell, and so do we. */
export interface Command {
  /** The program and its arguments. */
  readonly words: readonly string[];
  /** `user [group]` behind it. */
  readonly user: string | undefined;
  /** What has to be known of it. */
  readonly note: string | undefined;
}

const BY_SHELL = /^[<>|&;(]|^(if|for|while|!|\[)$|^\$\(/;
const SHELL_WORD = /^(\|\|?|&&|;|[12]?>.*|<.*)$/;

/** The program of `script` or `notify_…`: it and its arguments are one word, quoted, and a user and group may follow. */
export function commandIn({ text }: Statement): Command | undefined {
  const [, program, ...user] = shellWordsOf(text) ?? [];
  const words = program === undefined ? undefined : shellWordsOf(program);
  const [first] = words ?? [];
  if (program === undefined || words === undefined || first === undefined || first === '') return undefined;
  const who = user.length === 0 ? undefined : user.join(':');
  if (BY_SHELL.test(first)) {
    return { words: ['bash', '-c', program], user: who, note: 'no shell runs it in keepalived 2: here bash does' };
  }
  const stray = SHELLS.test(first) ? undefined : words.find((word) => SHELL_WORD.test(word));
  const note = stray && `no shell runs it, here as there: ${stray} is an argument; sh -c '…' would take it otherwise`;
  // Ours has no empty ones.
  const isWhole = !words.includes('');
  return { words: isWhole ? words : ['sh', '-c', words.map(shellQuoted).join(' ')], user: who, note };
}

const SHELLS = /(^|\/)(ba|da|k|z)?sh$/;

/** One command that runs several, one after the other. */
export function allOf(commands: readonly (readonly string[])[]): readonly string[] {
  const [only, ...more] = commands;
  if (only !== undefined && more.length === 0) return only;
  return ['sh', '-c', commands.map((words) => words.map(shellQuoted).join(' ')).join('; ')];
}

export function shellQuoted(word: string): string {
  return /^[\w./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
