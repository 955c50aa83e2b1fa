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

/** The event log of the whole process; control has it. JSON lines, or readable ones on a terminal. */
export function createEventLog(options: EventLogOptions): EventLog & { setLevel(level: Level): void } {
  const destination = options.destination ?? new StandardError();
  const logger = pino(
    {
      level: options.level,
      base: null, // whoever collects the lines knows the process and the host
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => write(destination, line) },
  );

  let lost = 0;
  function write(to: EventDestination, line: string): void {
    if (!to.write(to.style === 'json' ? line : readable(line, to.style === 'colours'))) {
      lost++;
    } else if (lost > 0) {
      const count = lost;
      lost = 0;
      log.warn('events could not be written', { count });
    }
  }

  const log = {
    ...levels(({ level, event, fields }) => logger[level](fields, event)),
    setLevel: (level: Level) => {
      logger.level = level;
    },
  };
  return log;
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
