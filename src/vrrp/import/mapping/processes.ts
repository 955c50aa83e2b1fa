import type { Statement } from '../blocks.ts';
import { approximate, type Judgement } from '../findings.ts';
import { shellQuoted } from './commands.ts';
import { secondsIn, wholeIn } from './numbers.ts';

/** `vrrp_track_process` as a script: pgrep is asked once a second, where keepalived is told by the kernel. */
export interface ProcessCheck {
  readonly command: readonly string[];
  readonly rise: number;
  readonly fall: number;
  readonly judgement: Judgement;
  /** Of keywords that are not exact. */
  readonly judgements: ReadonlyMap<string, Judgement>;
}

/** The kernel keeps so much of a process' name. */
const LONGEST_NAME = 15;
const MOST_RUNS = 100;

const POLLED = approximate('asked for by pgrep once a second, so that its end is noticed up to a second later');
const DELAYED = approximate('in whole seconds: so many runs in a row (rise, fall)');

export function processCommand(block: readonly Statement[]): ProcessCheck | undefined {
  const find = (keyword: string) => block.find((each) => each.keyword === keyword);
  const [name, ...params] = find('process')?.args ?? [];
  if (name === undefined) return undefined;
  const isFull = find('full_command') !== undefined || params.length > 0 || find('param_match') !== undefined;
  const pgrep = pgrepOf(name, params, isFull, find('param_match')?.args[0]);
  const delay = find('delay');
  return {
    command: counted(
      pgrep,
      wholeIn(find('quorum')?.args[0], 0, 65_536) ?? 1,
      wholeIn(find('quorum_max')?.args[0], 0, 65_536),
    ),
    rise: runsIn(find('fork_delay') ?? delay),
    fall: runsIn(find('terminate_delay') ?? delay),
    judgement: POLLED,
    judgements: new Map([
      ['process', POLLED],
      ['delay', DELAYED],
      ['fork_delay', DELAYED],
      ['terminate_delay', DELAYED],
    ]),
  };
}

function pgrepOf(
  name: string,
  params: readonly string[],
  isFull: boolean,
  match: string | undefined,
): readonly string[] {
  if (!isFull) return ['pgrep', '-x', escaped(name.replace(/^.*\//, '').slice(0, LONGEST_NAME))];
  const line = [name, ...params].map(escaped).join(' ');
  // -x holds a pattern against all of the command line.
  return match === undefined
    ? ['pgrep', '-fx', line]
    : ['pgrep', '-f', `^${line}${match === 'partial' ? '( |$)' : ''}`];
}

/** pgrep takes a POSIX extended regular expression. */
function escaped(text: string): string {
  return text.replaceAll(/[\\^$.|?*+()[\]{}]/g, '\\$&');
}

function counted(pgrep: readonly string[], least: number, most: number | undefined): readonly string[] {
  if (least <= 1 && most === undefined) return pgrep;
  const [program = '', ...args] = pgrep;
  const count = `n=$(${[program, '-c', ...args].map(shellQuoted).join(' ')})`;
  const tests = [`[ "$n" -ge ${least} ]`, ...(most === undefined ? [] : [`[ "$n" -le ${most} ]`])];
  return ['sh', '-c', `${count}; ${tests.join(' && ')}`];
}

function runsIn(statement: Statement | undefined): number {
  const delay = secondsIn(statement?.args[0], 0, 3600) ?? 0;
  return Math.min(MOST_RUNS, Math.max(1, Math.ceil(delay / 1000)));
}
