import type { PendingReload } from '../admin/server.ts';
import type { Ms } from '../base/units.ts';
import type { Settings } from '../config/settings.ts';
import { Admin, type AdminOptions } from './admin.ts';

/** How long who asks the admin listener may take when it ends. */
const GRACE: Ms = 500;

/** Whether the node has an admin listener: one begins with the generation that wants it, and ends with the one that does not. */
export class AdminServing {
  readonly #options: () => AdminOptions;
  #admin: Admin | undefined;

  /** `options` is asked for when there is something to show: once a generation is served. */
  constructor(options: () => AdminOptions) {
    this.#options = options;
  }

  /** `undefined`: there is none. */
  get url(): string | undefined {
    return this.#admin?.url;
  }

  /** With the first generation. Throws a `RefusedError`. */
  async start(settings: Settings['admin']): Promise<void> {
    if (settings !== 'off') this.#admin = await Admin.open(settings, this.#options());
  }

  /** Has what new settings need, or throws a `RefusedError`; they hold from the commit on. */
  async prepare(settings: Settings['admin']): Promise<PendingReload> {
    const admin = this.#admin;
    if (settings !== 'off' && admin !== undefined) return admin.prepare(settings);
    const next = settings === 'off' ? undefined : await Admin.open(settings, this.#options());
    return {
      commit: async () => {
        await admin?.close(GRACE);
        this.#admin = next;
      },
      abandon: async () => next?.close(0),
    };
  }

  async close(): Promise<void> {
    await this.#admin?.close(GRACE);
  }
}
