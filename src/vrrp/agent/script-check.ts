import type { ChildProcess } from 'node:child_process';
import type { Ms } from '../../base/units.ts';
import type { EventLog } from '../../observe/event-forward.ts';
import type { TrackStatus } from '../model.ts';
import type { ScriptPlan } from '../plan.ts';
import { killGroup, spawned } from './hook-runner.ts';

/** What was killed has ended by then, or cannot be killed. */
const DYING: Ms = 500;

export interface ScriptCheckOptions {
  readonly log: EventLog;
  readonly onStatus: (status: TrackStatus) => void;
}

/**
 * Runs a script now and then: status 0 is good, anything else bad, as is what takes longer than its time. The first result counts at
 * once, later ones when there are `rise` or `fall` of them in a row.
 */
export class ScriptCheck {
  readonly plan: ScriptPlan;
  readonly #options: ScriptCheckOptions;
  readonly #timer: NodeJS.Timeout;
  #child: ChildProcess | undefined;
  /** When it was found to be overdue, which counts; `undefined`: it is not. */
  #overdueAt: Ms | undefined;
  #isTold = false;
  #status: TrackStatus | undefined;
  #against = 0;

  constructor(plan: ScriptPlan, options: ScriptCheckOptions) {
    this.plan = plan;
    this.#options = options;
    this.#timer = setInterval(() => this.#run(), plan.interval);
    this.#run();
  }

  close(): void {
    clearInterval(this.#timer);
    if (this.#child !== undefined) killGroup(this.#child);
    this.#child = undefined;
  }

  /** One at a time: an interval in which the last one still runs is left out, or bad when that should have ended. */
  #run(): void {
    if (this.#child !== undefined) {
      if (this.#overdueAt !== undefined && performance.now() - this.#overdueAt > DYING) this.#outlived(this.#child);
      return;
    }
    const [program, ...args] = this.plan.command;
    const child = spawned(program as string, args);
    if (child instanceof Error) {
      this.#take('down');
      return;
    }
    this.#child = child;
    this.#overdueAt = undefined;
    const overdue = setTimeout(() => this.#overdue(child), this.plan.timeout);
    const end = (isGood: boolean) => {
      clearTimeout(overdue);
      if (this.#child !== child) return;
      this.#child = undefined;
      if (this.#overdueAt === undefined) this.#take(isGood ? 'up' : 'down');
    };
    child.on('error', () => end(false));
    child.on('exit', (code) => end(code === 0));
  }

  /** Whatever becomes of it: some cannot be killed. But of one that had ended by then the news may be under way. */
  #overdue(child: ChildProcess): void {
    killGroup(child);
    setImmediate(() => {
      if (this.#child !== child) return;
      this.#overdueAt = performance.now();
      this.#take('down');
    });
  }

  /** It has become another user's, or waits for a device. */
  #outlived(child: ChildProcess): void {
    if (!this.#isTold) {
      const { name, command } = this.plan;
      this.#options.log.warn('a check script cannot be killed', { check: name, command, pid: child.pid });
    }
    this.#isTold = true;
    killGroup(child);
    this.#take('down');
  }

  #take(status: TrackStatus): void {
    if (status === this.#status) {
      this.#against = 0;
      return;
    }
    this.#against += 1;
    const { rise, fall } = this.plan;
    if (this.#status !== undefined && this.#against < (status === 'up' ? rise : fall)) return;
    this.#against = 0;
    this.#status = status;
    this.#options.onStatus(status);
  }
}
