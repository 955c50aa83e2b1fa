import type { Entry, Kept } from './kept.ts';
import { ended, withEntries } from './kept.ts';
import { OverrideFile } from './override-file.ts';

/** What is to be told of the file at the start. */
export interface OverridesProblem {
  /** A short sentence. */
  readonly event: string;
  readonly file: string;
  /** Lines whose content is lost. */
  readonly damaged?: number;
  /** Where the damaged file is kept. */
  readonly copy?: string | undefined;
  readonly reason?: string;
}

/** What operators said and what holds: in memory, and in the file, which is always written first. */
export class Overrides {
  readonly #file: OverrideFile;
  #kept: Kept = new Map();

  constructor(directory: string) {
    this.#file = new OverrideFile(directory);
  }

  get kept(): Kept {
    return this.#kept;
  }

  /** Reads what was said before the start, and writes it anew. What cannot be read is told; the rest holds. */
  restore(): OverridesProblem[] {
    const file = this.#file.path;
    const { entries, damaged, found, problem } = this.#file.read();
    const problems: OverridesProblem[] = [];
    if (problem !== undefined) {
      problems.push({ event: 'what operators had changed cannot be read', file, reason: problem.message });
      return problems;
    }
    this.#kept = withEntries(this.#kept, entries);
    if (damaged > 0) {
      const copy = this.#file.setAside();
      problems.push({ event: 'some of what operators had changed is lost', file, damaged, copy });
    }
    const unwritten = found ? this.#file.rewrite(this.#kept.values()) : undefined;
    if (unwritten !== undefined) {
      problems.push({ event: 'what operators change cannot be kept', file, reason: unwritten.message });
    }
    return problems;
  }

  /** All of these, once they are written; none of them, with the reason why they could not be. */
  write(entries: readonly Entry[]): Error | undefined {
    if (entries.length === 0) return undefined;
    const next = withEntries(this.#kept, entries);
    const problem = this.#file.append(entries, () => next.values());
    if (problem === undefined) this.#kept = next;
    return problem;
  }

  /**
   * Ends these also when that cannot be written. They would be ended again after a restart; but as the configuration
   * could be by then what it once was, the file is written anew at the next occasion.
   */
  drop(entries: readonly Entry[]): Error | undefined {
    const endings = entries.map(ended);
    const problem = this.write(endings);
    if (problem !== undefined) {
      this.#kept = withEntries(this.#kept, endings);
      this.#file.distrust();
    }
    return problem;
  }
}
