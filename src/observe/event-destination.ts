import { writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { openStandardStream } from './output.ts';

export interface EventDestination {
  readonly style: 'json' | 'plain' | 'colours';
  /** `false`: the line is lost. */
  write(line: string): boolean;
}

/**
 * Standard error, written at once: the last words of a process are not lost. It never waits and never throws: a reader
 * that hangs or is gone loses lines, it does not stop the control plane.
 */
export class StandardError implements EventDestination {
  readonly style: EventDestination['style'];
  readonly #fd = openStandardStream(2);
  /** The last line went out in part (a pipe that was nearly full). */
  #isCut = false;

  /** `NO_COLOR` as on no-color.org. */
  constructor(terminal: boolean = isatty(2), noColor: string = process.env.NO_COLOR ?? '') {
    if (terminal) this.style = noColor ? 'plain' : 'colours';
    else this.style = 'json';
  }

  write(line: string): boolean {
    let rest = Buffer.from(this.#isCut ? `\n${line}` : line);
    try {
      while (rest.length > 0) {
        rest = rest.subarray(writeSync(this.#fd, rest));
        this.#isCut = rest.length > 0;
      }
      return true;
    } catch {
      return false; // EAGAIN, EPIPE, EBADF, EIO, ENOSPC
    }
  }
}
