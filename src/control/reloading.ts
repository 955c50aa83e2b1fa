import type { Settings } from '../config/settings.ts';
import type { AdminServing } from './admin-serving.ts';
import { tiersOf } from './cache-tiers.ts';
import type { Generations } from './generations.ts';
import { load } from './loading.ts';
import type { NodeParts } from './node-parts.ts';
import { RefusedError } from './refused-error.ts';

/** Changes of what is served while it is served, one at a time: by the file, and by operators. */
export class Reloading {
  readonly #parts: NodeParts;
  readonly #generations: Generations;
  readonly #admin: AdminServing;
  #accepted = true;
  #settled: Promise<void> = Promise.resolve();

  constructor(parts: NodeParts, generations: Generations, admin: AdminServing) {
    this.#parts = parts;
    this.#generations = generations;
    this.#admin = admin;
  }

  /** Whether the file as it was when it was last read is what is served. */
  get accepted(): boolean {
    return this.#accepted;
  }

  /** Resolves when the changes that have been asked for are served, or refused. */
  get settled(): Promise<void> {
    return this.#settled;
  }

  /** Takes the file as it is now, if it is good; else goes on as before and says why. */
  reload(): Promise<void> {
    this.#settled = this.#settled.then(() => this.#reload());
    return this.#settled;
  }

  /** The same file with what operators have added or removed since. Resolves with what is wrong with that. */
  retake(): Promise<readonly string[]> {
    const taken = this.#settled.then(async () => {
      try {
        await this.#generations.take(this.#generations.settings, []);
        return [];
      } catch (error) {
        this.#generations.releaseRows();
        return problemsOf(error);
      }
    });
    this.#settled = taken.then(() => {});
    return taken;
  }

  async #reload(): Promise<void> {
    const { file, log, listening, operated } = this.#parts;
    try {
      const { settings, warnings } = load(file);
      const before = this.#generations.settings;
      await this.#reloadTo(settings, warnings);
      log.info('reloaded', { generation: this.#generations.number, listeners: listening.listeners });
      this.#warnOfNextStart(settings, before);
      this.#accepted = true;
    } catch (error) {
      this.#accepted = false;
      const problems = problemsOf(error);
      log.error('reload refused', { problems });
      operated.names.refused(problems);
      this.#generations.releaseRows();
    }
  }

  /** The admin listener goes over with the workers, or neither does. */
  async #reloadTo(settings: Settings, warnings: readonly string[]): Promise<void> {
    const admin = await this.#admin.prepare(settings.admin);
    try {
      await this.#generations.take(settings, warnings);
    } catch (error) {
      await admin.abandon();
      throw error;
    }
    try {
      await admin.commit();
    } catch (error) {
      this.#parts.log.error('the admin listener is as it was', { problems: problemsOf(error) });
    }
  }

  /** What was made at the start is not made again by a reload. */
  #warnOfNextStart(settings: Settings, before: Settings): void {
    const { log, workers, stateDir } = this.#parts;
    if (settings.node.workers !== before.node.workers) {
      log.warn('node.workers changes with the next start', { workers });
    }
    if (settings.node.state_dir !== stateDir) {
      log.warn('node.state_dir changes with the next start', { state_dir: stateDir });
    }
    if (tiersOf(settings) !== tiersOf(before)) log.warn('the tiers of the cache change with the next start');
  }
}

function problemsOf(error: unknown): readonly string[] {
  return error instanceof RefusedError ? error.problems : [(error as Error).message];
}
