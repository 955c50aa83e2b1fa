import type { Ms } from '../base/units.ts';
import type { Screen } from './screen.ts';

/** A command as data: what help tells and what the parser takes follow from it. */

export type Option =
  | { readonly kind: 'flag'; readonly short?: string; readonly says: string; readonly group?: OptionGroup }
  | {
      /** `texts` may be given more than once. */
      readonly kind: 'text' | 'texts' | 'duration';
      readonly short?: string;
      /** What stands for the value in help: `FILE`. */
      readonly value: string;
      readonly says: string;
      readonly group?: OptionGroup;
    };

/** `node`: those by which a node is found, told after the others. */
export type OptionGroup = 'node';

export type Options = Readonly<Record<string, Option>>;

type ValueOf<O extends Option> = O['kind'] extends 'flag'
  ? boolean
  : O['kind'] extends 'texts'
    ? readonly string[]
    : O['kind'] extends 'duration'
      ? Ms | undefined
      : string | undefined;

export type Values<O extends Options> = { readonly [Name in keyof O]: ValueOf<O[Name]> };

/** What stands beside the options, `POOL/ORIGIN` say, and how many there may be. */
export interface Operands {
  readonly form: string;
  readonly least: number;
  readonly most: number;
}

export const NO_OPERANDS: Operands = { form: '', least: 0, most: 0 };

/** What a command has to do with: the terminal or what stands for it, the environment, and the configuration. */
export interface Surroundings {
  readonly out: Screen;
  readonly err: Screen;
  readonly stdin: () => NodeJS.ReadStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The absolute `node.state_dir` of a configuration file. Throws a `Failure`. */
  stateDirOf(file: string): Promise<string>;
}

/** 0 done; 1 refused or failed; 2 wrong usage; 3 `--wait` ran out; 130 interrupted. */
export type ExitStatus = 0 | 1 | 2 | 3 | 130;

export interface Declared<O extends Options> {
  readonly name: string;
  readonly operands: Operands;
  /** A phrase for the list of all commands. */
  readonly summary: string;
  /** A sentence or two, each a line of help. */
  readonly details: readonly string[];
  /** Arguments after `portico`, and what they do. */
  readonly examples: readonly (readonly [line: string, does: string])[];
  readonly options: O;
  /** Not in the list. */
  readonly hidden?: boolean;
  run(operands: readonly string[], values: Values<O>, surroundings: Surroundings): Promise<ExitStatus>;
}

export type Command = Declared<Options>;

/** A command among others, whose `run` has the types of its own options within. */
export function command<const O extends Options>(declared: Declared<O>): Command {
  return declared as unknown as Command;
}

/** The command line is wrong: exit status 2. */
export class UsageError extends Error {}

/** Refused or failed, and why, on one line: exit status 1. */
export class Failure extends Error {}
