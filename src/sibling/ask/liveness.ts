import type { Ms } from '../../base/units.ts';

/**
 * Whether a peer answers: a function of what was held, what happened, and when.
 *
 *     alive ──5 unanswered in a row, over a second or more──▸ dead    ┐ an answer in time
 *           ──3 unanswered in a row, over 10 s or more──────▸ dead    ├──────────────────▸ alive
 *           ──5 too late in a row, over a second or more────▸ slow    ┘
 *
 * Who is dead or slow gets nothing but probes. "In time" is within `siblings.timeout`, not within the shorter time that a
 * client waits: a peer that needs 10 ms where it took 1 before is asked on. Nor does a peer that stops for half a second, as
 * busy ones do, become dead of the hundred questions that it gets meanwhile: it is asked on, but from the fifth on nobody
 * waits for what it says.
 */

export type Standing = 'alive' | 'dead' | 'slow';

export interface Liveness {
  readonly standing: Standing;
  /** Questions in a row that nothing came for in time. */
  readonly unanswered: number;
  /** Answers in a row that came too late. */
  readonly late: number;
  /** When the first question was asked that was not answered in time; of no meaning when there is none. */
  readonly since: Ms;
}

export type LivenessEvent =
  | { readonly kind: 'answered' }
  /** An answer after the timeout, to a question asked at that time. */
  | { readonly kind: 'late'; readonly asked: Ms }
  /** The timeout has passed, or the network said that there is nobody. */
  | { readonly kind: 'unanswered'; readonly asked: Ms }
  /** It is later. */
  | { readonly kind: 'time' };

export const WELL: Liveness = { standing: 'alive', unanswered: 0, late: 0, since: 0 };

/** From so many on nobody waits for it. */
const ENOUGH = 5;
const ENOUGH_FOR: Ms = 1_000;
/** For a node that asks seldom. */
const FEW = 3;
const FEW_FOR: Ms = 10_000;

/** How long after a pause began, or after the last probe, the next probe goes out. */
export const PROBE_INTERVAL: Ms = 10_000;

export function afterEvent(before: Liveness, event: LivenessEvent, now: Ms): Liveness {
  switch (event.kind) {
    case 'answered':
      return WELL;
    case 'late':
      return judged({ ...before, since: sinceOf(before, event.asked), unanswered: 0, late: before.late + 1 }, now);
    case 'unanswered':
      return judged({ ...before, since: sinceOf(before, event.asked), unanswered: before.unanswered + 1 }, now);
    case 'time':
      return judged(before, now);
  }
}

/** Whether a client waits for its answer. */
export function isAwaited({ standing, unanswered, late }: Liveness): boolean {
  return standing === 'alive' && unanswered < ENOUGH && late < ENOUGH;
}

function sinceOf({ unanswered, late, since }: Liveness, asked: Ms): Ms {
  return unanswered + late === 0 ? asked : since;
}

function judged(liveness: Liveness, now: Ms): Liveness {
  const { standing, unanswered, late, since } = liveness;
  const troubled = now - since;
  if (late >= ENOUGH && troubled >= ENOUGH_FOR) return { ...liveness, standing: 'slow' };
  if (standing !== 'alive') return liveness;
  const isDead = (unanswered >= ENOUGH && troubled >= ENOUGH_FOR) || (unanswered >= FEW && troubled >= FEW_FOR);
  return isDead ? { ...liveness, standing: 'dead' } : liveness;
}
