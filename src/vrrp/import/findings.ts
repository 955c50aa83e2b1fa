/** What became of each line of a keepalived configuration. */

/** Where something stands: a file, and a line from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

/**
 *     exact        the same, or it means what it means there
 *     approximate  nearly the same, and `why` says what differs
 *     dropped      left out without harm, and `why` says why
 *     refused      cannot be had, and `why` says what to do instead
 */
export type Verdict = 'exact' | 'dropped' | 'approximate' | 'refused';

export interface Judgement {
  readonly verdict: Verdict;
  readonly why?: string;
}

export const EXACT: Judgement = { verdict: 'exact' };

export function exact(why: string): Judgement {
  return { verdict: 'exact', why };
}

export function approximate(why: string): Judgement {
  return { verdict: 'approximate', why };
}

export function dropped(why: string): Judgement {
  return { verdict: 'dropped', why };
}

export function refused(why: string): Judgement {
  return { verdict: 'refused', why };
}

/** All that was found of one line, which may say several things, or be used several times. */
export interface LineFinding {
  readonly verdict: Verdict;
  readonly whys: readonly string[];
}

/** From the least to the most that somebody has to know of. */
export const VERDICTS: readonly Verdict[] = ['exact', 'dropped', 'approximate', 'refused'];

/** More reasons for one line are hardly read: a sequence may stand for thousands of lines. */
const MOST_WHYS = 8;

export class Findings {
  readonly #files = new Map<string, Map<number, { verdict: Verdict; whys: Set<string> }>>();
  readonly #secrets = new Set<string>();

  add({ file, line }: Place, { verdict, why }: Judgement): void {
    const lines = this.#files.get(file) ?? new Map();
    this.#files.set(file, lines);
    const found = lines.get(line) ?? { verdict, whys: new Set<string>() };
    lines.set(line, found);
    if (VERDICTS.indexOf(verdict) > VERDICTS.indexOf(found.verdict)) found.verdict = verdict;
    if (why !== undefined && found.whys.size < MOST_WHYS) found.whys.add(why);
  }

  of({ file, line }: Place): LineFinding | undefined {
    const found = this.#files.get(file)?.get(line);
    return found && { verdict: found.verdict, whys: [...found.whys] };
  }

  /** A password or a key, which no report shows. */
  hide(secret: string): void {
    this.#secrets.add(secret);
  }

  get secrets(): ReadonlySet<string> {
    return this.#secrets;
  }
}
