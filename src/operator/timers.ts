import type { Ms } from '../base/units.ts';

/** How often it is looked whether origins that drain are empty. */
const POLL_INTERVAL: Ms = 250;

/** An alarm is set no further ahead than this: the clock that it is meant by may be set while it waits. */
const LONGEST_NAP: Ms = 60_000;

export interface TimersOptions {
  readonly now: () => Ms;
  /** It is as late as the alarm was set for. */
  readonly onAlarm: () => void;
  /** While it is polled: every 250 ms. */
  readonly onPoll: () => void;
}

/** All timers of the operator's side. None of them keeps the process alive. */
export class Timers {
  readonly #options: TimersOptions;
  readonly #singles = new Set<NodeJS.Timeout>();
  #poll: NodeJS.Timeout | undefined;
  #alarm: NodeJS.Timeout | undefined;
  #alarmTime: Ms | undefined;
  #closed = false;

  constructor(options: TimersOptions) {
    this.#options = options;
  }

  poll(on: boolean): void {
    if (this.#closed || on === (this.#poll !== undefined)) return;
    clearInterval(this.#poll);
    this.#poll = on ? setInterval(this.#options.onPoll, POLL_INTERVAL).unref() : undefined;
  }

  /** Sets the alarm to this time (epoch milliseconds), and to no other; `undefined`: to none. */
  wakeAt(time: Ms | undefined): void {
    if (this.#closed || time === this.#alarmTime) return;
    this.#alarmTime = time;
    this.#nap();
  }

  #nap(): void {
    clearTimeout(this.#alarm);
    const time = this.#alarmTime;
    if (time === undefined) return;
    const nap = Math.min(Math.max(0, time - this.#options.now()), LONGEST_NAP);
    this.#alarm = setTimeout(() => this.#wake(time), Math.ceil(nap)).unref();
  }

  #wake(time: Ms): void {
    if (time > this.#options.now()) {
      this.#nap();
      return;
    }
    this.#alarmTime = undefined;
    this.#options.onAlarm();
  }

  /** Calls this once, unless what it returns is called before. */
  after(delay: Ms, action: () => void): () => void {
    const timer = setTimeout(
      () => {
        this.#singles.delete(timer);
        action();
      },
      Math.min(delay, 2 ** 31 - 1),
    ).unref();
    this.#singles.add(timer);
    return () => {
      clearTimeout(timer);
      this.#singles.delete(timer);
    };
  }

  /** Nothing is called any more, whatever is asked for later. */
  close(): void {
    this.poll(false);
    this.wakeAt(undefined);
    this.#closed = true;
    for (const timer of this.#singles) clearTimeout(timer);
    this.#singles.clear();
  }
}
