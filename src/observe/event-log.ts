import { pino } from 'pino';
import { type EventDestination, StandardError } from './event-destination.ts';
import { type EventFields, eventFields } from './event-fields.ts';
import { eventLine, type Level } from './event-line.ts';

export type { Level } from './event-line.ts';

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

export interface EventLogOptions {
  /** The least urgent level that is written. */
  readonly level: Level;
  /** Default: standard error. */
  readonly destination?: EventDestination;
}

/** Its level may change at a reload. */
export interface ProcessEventLog extends EventLog {
  setLevel(level: Level): void;
}

/** The event log of the whole process; control has it. JSON lines, or readable ones on a terminal. */
export function createEventLog({ level, destination = new StandardError() }: EventLogOptions): ProcessEventLog {
  let lost = 0;
  const write = (line: string) => {
    if (!destination.write(destination.style === 'json' ? line : readable(line, destination.style === 'colours'))) {
      lost++;
    } else if (lost > 0) {
      const count = lost;
      lost = 0;
      logger.error({ count }, 'events could not be written');
    }
  };
  const logger = pino(
    {
      level,
      base: null, // whoever collects the lines knows the process and the host
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  );
  return {
    ...levels(({ level, event, fields }) => logger[level](fields, event)),
    setLevel(level) {
      logger.level = level;
    },
  };
}

/** The event log of a worker: `post` hands each event to control. Control's level decides what is written. */
export function forwardedEventLog(post: (record: EventRecord) => void): EventLog {
  return levels(post);
}

/** Writes what a worker forwarded. */
export function replayEvent(log: EventLog, { level, event, fields }: EventRecord): void {
  log[level](event, fields);
}

function levels(take: (record: EventRecord) => void): EventLog {
  const at =
    (level: Level) =>
    (event: string, fields: object = {}) =>
      take({ level, event, fields: eventFields(fields) });
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };
}

/** pino's JSON line once more, for the terminal. Events are rare, and a terminal is slow anyway. */
function readable(line: string, coloured: boolean): string {
  const { level, time, msg, ...fields } = JSON.parse(line);
  return eventLine(new Date(time), level, msg, fields, coloured);
}
