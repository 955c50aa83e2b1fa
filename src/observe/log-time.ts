import type { Ms } from '../base/units.ts';

/**
 * Times as text for one line of a log after another: what is the same for a whole second is made once a second. Each
 * call makes a writer of its own, with its own memory.
 */
export type TimeWriter = (time: Ms) => string;

/** Of 0 to 999: three digits. */
const PADDED: readonly string[] = Array.from({ length: 1000 }, (_, number) => String(number).padStart(3, '0'));

/** `2026-11-20T21:05:00.123Z` */
export function isoTime(): TimeWriter {
  const second = onceASecond((time) => new Date(time).toISOString().slice(0, 20));
  return (time) => `${second(time)}${PADDED[Math.floor(time % 1000)]}Z`;
}

/** `1795208700.123`, as Squid writes it. */
export function epochTime(): TimeWriter {
  return (time) => `${Math.floor(time / 1000)}.${PADDED[Math.floor(time % 1000)]}`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `20/Nov/2026:21:05:00 +0100`, local time as Apache writes it. `zone` tells the minutes east of UTC at a time. */
export function apacheTime(zone = (time: Ms) => -new Date(time).getTimezoneOffset()): TimeWriter {
  return onceASecond((time) => {
    const offset = zone(time);
    const date = new Date(time + offset * 60_000);
    const day = `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}`;
    const clock = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
    const distance = Math.abs(offset);
    return `${day}:${clock} ${offset < 0 ? '-' : '+'}${two(Math.floor(distance / 60))}${two(distance % 60)}`;
  });
}

function onceASecond(write: TimeWriter): TimeWriter {
  let second = Number.NaN;
  let text = '';
  return (time) => {
    const now = Math.floor(time / 1000);
    if (now !== second) {
      text = write(now * 1000);
      second = now;
    }
    return text;
  };
}

function two(number: number): string {
  return (PADDED[number] as string).slice(1);
}
