import type { Ms } from '../../base/units.ts';
import type { OriginState } from '../../operator/model.ts';
import type { AdminRequest } from '../mount.ts';
import { includesRole } from '../role.ts';
import { anchorOf } from './paths.ts';
import type { DashboardSource } from './source.ts';

/** For whom a page is made, and when. */
export interface View {
  readonly source: DashboardSource;
  readonly now: Ms;
  /** The path of the page. */
  readonly path: string;
  /** Who may only look sees no controls. */
  readonly mayOperate: boolean;
  readonly formToken: string;
  readonly peaks: Peaks;
}

export function viewOf(source: DashboardSource, peaks: Peaks, { path, user, formToken }: AdminRequest): View {
  const mayOperate = user !== undefined && includesRole(user.role, 'operate');
  return { source, now: source.now(), path, mayOperate, formToken, peaks };
}

const KNOWN = 10_000;

/** The most that was seen in flight of each drain: what its progress is measured by. */
export class Peaks {
  readonly #known = new Map<string, { readonly since: Ms; readonly most: number }>();

  /** Of what is drained now; what is not any more is forgotten. */
  of(origin: OriginState): number {
    const key = anchorOf(origin);
    if (origin.drain === undefined) {
      this.#known.delete(key);
      return 0;
    }
    const { since } = origin.drain;
    const known = this.#known.get(key);
    const most = Math.max(origin.traffic.inFlight, known?.since === since ? known.most : 0);
    // An origin that was removed is not asked for again.
    if (this.#known.size >= KNOWN && known === undefined) this.#known.clear();
    this.#known.set(key, { since, most });
    return most;
  }
}
