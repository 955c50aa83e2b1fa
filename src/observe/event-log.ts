import { pino } from 'pino';
import { type EventDestination, StandardError } from './event-destination.ts';
import { type EventLog, type EventRecord, eventLevels } from './event-forward.ts';
import { eventLine, type Level } from './event-line.ts';

export type { Level } from './event-line.ts';

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
    ...eventLevels(({ level, event, fields }) => logger[level](fields, event)),
    setLevel(level) {
      logger.level = level;
    },
  };
}

/** Writes what a worker forwarded. */
export function replayEvent(log: EventLog, { level, event, fields }: EventRecord): void {
  log[level](event, fields);
}

/** pino's JSON line once more, for the terminal. Events are rare, and a terminal is slow anyway. */
function readable(line: string, coloured: boolean): string {
  const { level, time, msg, ...fields } = JSON.parse(line);
  return eventLine(new Date(time), level, msg, fields, coloured);
}
