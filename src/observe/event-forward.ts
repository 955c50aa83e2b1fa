import { type EventFields, eventFields } from './event-fields.ts';
import type { Level } from './event-line.ts';

/**
 * What changed, and what somebody should look at. `event` is a short sentence that is always the same ("worker died,
 * replaced"); what differs from one time to the next stands in `fields`. No call ever throws or waits.
 */
export interface EventLog {
  /** Wants a person now. */
  error(event: string, fields?: object): void;
  /** Wants a person soon. */
  warn(event: string, fields?: object): void;
  /** Tells an operator what changed. */
  info(event: string, fields?: object): void;
  /** Is for us. */
  debug(event: string, fields?: object): void;
}

/** An event on its way from a worker to control: structured clone takes it. */
export interface EventRecord {
  readonly level: Level;
  readonly event: string;
  readonly fields: EventFields;
}

/**
 * The event log of a worker: `post` hands each event to control. Control's level decides what is written. Apart from
 * control's own log, so that workers need not load pino.
 */
export function forwardedEventLog(post: (record: EventRecord) => void): EventLog {
  return eventLevels(post);
}

/** An event log whose every event goes to `take`. */
export function eventLevels(take: (record: EventRecord) => void): EventLog {
  const at =
    (level: Level) =>
    (event: string, fields: object = {}) =>
      take({ level, event, fields: eventFields(fields) });
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };
}
