import type { Ms } from '../base/units.ts';
import type { WaitFor } from './commands.ts';
import type { OriginState } from './model.ts';
import type { Timers } from './timers.ts';

export interface Wait {
  readonly what: WaitFor;
  /** That `changed` counts from. */
  readonly version: number;
  readonly timeout: Ms;
  readonly signal: AbortSignal | undefined;
  /** The origin as it is; `undefined`: it is not any more. */
  readonly look: () => OriginState | undefined;
}

/** Who waits for an origin to be as they want it. They are looked after when something changed. */
export class Waits {
  readonly #timers: Pick<Timers, 'after'>;
  readonly #waiting = new Map<Wait, (state: OriginState | undefined) => void>();

  constructor(timers: Pick<Timers, 'after'>) {
    this.#timers = timers;
  }

  get forDrained(): boolean {
    return [...this.#waiting.keys()].some(({ what }) => what === 'drained');
  }

  /** Resolves at once when it is so. */
  add(wait: Wait): Promise<OriginState | undefined> {
    const now = wait.look();
    if (wait.timeout <= 0 || wait.signal?.aborted || isMet(wait, now)) return Promise.resolve(now);
    return new Promise((resolve) => {
      const expire = () => end(wait.look());
      const forget = this.#timers.after(wait.timeout, expire);
      const end = (state: OriginState | undefined) => {
        this.#waiting.delete(wait);
        forget();
        wait.signal?.removeEventListener('abort', expire);
        resolve(state);
      };
      this.#waiting.set(wait, end);
      wait.signal?.addEventListener('abort', expire);
    });
  }

  check(): void {
    for (const [wait, end] of [...this.#waiting]) {
      const state = wait.look();
      if (isMet(wait, state)) end(state);
    }
  }

  /** Nobody waits any longer. */
  close(): void {
    for (const [wait, end] of [...this.#waiting]) end(wait.look());
  }
}

function isMet({ what, version }: Wait, state: OriginState | undefined): boolean {
  if (state === undefined) return true;
  switch (what) {
    case 'drained':
      return state.drain?.drained === true;
    case 'up':
      // Whom nobody checks, nobody will ever say to be up.
      return (state.health === 'up' || state.health === 'unknown') && isProven(state) && isInService(state);
    case 'active':
      // Also who waits for a turn is where it belongs; who warms up is not there yet.
      return isProven(state) && ['active', 'standby', 'spare'].includes(state.effective);
    case 'changed':
      return state.version !== version;
  }
}

/** That it was up before it was taken away does not say that it is again. */
function isProven({ observed }: OriginState): boolean {
  return observed.unproven !== true;
}

function isInService({ observed, ignoreErrors }: OriginState): boolean {
  return ignoreErrors || observed.ejectedUntil === undefined;
}
