import type { Ms } from '../../base/units.ts';
import type { Priority, Version } from '../model.ts';

/** The times of RFC 9568 §6.1 and RFC 3768 §6.1, in milliseconds and fractions of them: nothing here is rounded. */

/**
 * Skew_Time: the higher the priority, the sooner a backup takes over. A share of `interval`, Active_Adver_Interval; in v2 a share
 * of a second, whatever the interval is.
 */
export function skewTime(priority: Priority, interval: Ms, version: Version): Ms {
  return ((256 - priority) * (version === 2 ? 1000 : interval)) / 256;
}

/** Active_Down_Interval: of v3 by the interval that the active router advertises, of v2 by our own, which is the same. */
export function downInterval(priority: Priority, interval: Ms, version: Version): Ms {
  return 3 * interval + skewTime(priority, interval, version);
}

/** So long before a takeover the addresses are probed: most of the answers on a LAN are there within 1 ms. */
export function probeLead(interval: Ms): Ms {
  return Math.min(30, interval / 2);
}

/** From one refused takeover to the next try. */
export function retryInterval(interval: Ms): Ms {
  return Math.max(100, interval);
}

/**
 * How long a successor may take after a goodbye: the longest Skew_Time is just below an interval. At short intervals it is
 * event loops and schedulers that need the rest.
 */
export function goodbyeTime(interval: Ms): Ms {
  return Math.max(1.2 * interval, interval + 50);
}

/**
 * How long addresses stay where they were when somebody else has them: who asks for them finds the new place at once, but requests under
 * way here are still to be answered. Over before anybody, not hearing the new one, would ask whether they are free.
 */
export function lingerTime(interval: Ms): Ms {
  return Math.min(500, 3 * interval);
}

/**
 * The interval that is told just before a goodbye, if ours is longer: Skew_Time is a share of what was told last (RFC 9568 §6.4.2, and keepalived
 * does so), and at priority 100 then 61 ms in place of 609. Not shorter, so that several backups still differ by their priorities.
 */
export function hurriedInterval(interval: Ms, version: Version): Ms | undefined {
  return version === 3 && interval > HURRIED ? HURRIED : undefined;
}

const HURRIED: Ms = 100;

/** For how long new connections are held back at most until those that are open have ended. Half of when they would ask once more. */
export const HELD: Ms = 500;

/** From one probe that was answered to the next try, while whoever has the addresses may just have died: its kernel takes them away. */
export const PROBED_AGAIN: Ms = 50;

/** For so long after the first try: the lifetime of addresses is up to two seconds longer than Active_Down_Interval, and the kernel takes its time. */
export const MAY_HAVE_DIED: Ms = 5_000;

/** By then a backup of any priority has taken over: an active router that was silent for so long may have been superseded. */
export function supersededAfter(interval: Ms): Ms {
  return 3 * interval;
}

/** Whoever provokes announcements or repairs gets one for each such time. */
export const CALM: Ms = 1000;

/** How often one that serves as a last resort offers the addresses to others. */
export function offerInterval(interval: Ms): Ms {
  return Math.max(30_000, 10 * interval);
}
