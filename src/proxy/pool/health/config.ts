import { z } from 'zod';
import { duration, expected, integer, percent, text } from '../../../base/setting.ts';

/** `health_check:`, `outlier:` and `slow_start:` of a pool: how an origin is found to be well, and what follows. */

const STATUSES = 'statuses such as 200-399 or "200,204,300-399"';
const STATUS_LIST = /^\s*[1-5]\d\d(-[1-5]\d\d)?(\s*,\s*[1-5]\d\d(-[1-5]\d\d)?)*\s*$/;

/** Statuses from the first to the second, both included. */
export type StatusRange = readonly [first: number, last: number];

const hostForm = 'HOST or HOST:PORT';

export const healthCheckSettings = z
  .union(
    [
      z.literal('off'),
      z.strictObject({
        type: z
          .enum(['http', 'tcp'])
          .default('http')
          .describe('http: a request and its response (over TLS for an https url). tcp: a connection can be made.'),
        path: text('a path that begins with /', isPath, /^\//).default('/').describe('What is asked for.'),
        method: z.enum(['GET', 'HEAD']).default('GET').describe('How it is asked for.'),
        host: text(hostForm, isAuthority, /^[^\s/?#@]+$/)
          .optional()
          .describe('What Host says. Default: host and port of the url.'),
        port: integer(1, 65_535).optional().describe('Where it is asked. Default: the port of the url.'),
        interval: duration({ min: '100ms', max: '1h' }).prefault('5s').describe('From one check to the next.'),
        timeout: duration({ min: '10ms', max: '10m' })
          .prefault('2s')
          .describe('How long one check may take. At most interval, which is the default where that is shorter.'),
        rise: integer(1, 100).default(2).describe('So many good checks in a row make an origin that is down usable.'),
        fall: integer(1, 100).default(3).describe('So many failed checks in a row take it down.'),
        expect: z
          .union([text(STATUSES, isStatusList, STATUS_LIST), integer(100, 599)], expected(STATUSES))
          .transform((statuses) => statusRanges(String(statuses)))
          .prefault('200-399')
          .describe('Good statuses, single or as ranges.'),
        body: z
          .string(expected('a text'))
          .min(1, expected('a text'))
          .max(1000, expected('at most 1000 characters'))
          .optional()
          .describe('What the body has to contain in its first 64 KiB. Default: it may be anything.'),
        initial: z
          .enum(['checking', 'up'])
          .default('checking')
          .describe('Before the first check. checking: no requests go there yet. up: they do.'),
        jitter: percent()
          .prefault('10%')
          .describe('By how much of the interval checks are moved at random, so that they do not come all at once.'),
        when_all_down: z
          .enum(['try', 'splash'])
          .default('try')
          .describe('When no origin is usable. try: those that are down get the requests. splash: nobody does.'),
      }),
    ],
    expected('off or a map'),
  )
  .default('off')
  .describe(
    'Asks each origin regularly whether it is well; once for the node, whatever its workers. off: nobody asks.',
  );

export const outlierSettings = z
  .union(
    [
      z.literal('off'),
      z.strictObject({
        failures: integer(1, 1000)
          .default(5)
          .describe('So many failed requests in a row eject an origin: no connection, no answer, or a status of 5xx.'),
        error_rate: percent()
          .prefault('50%')
          .describe('So many of the requests in a window do. 100%: only if all fail.'),
        min_requests: integer(1, 1_000_000).default(20).describe('With fewer in a window, error_rate says nothing.'),
        window: duration({ min: '1s', max: '10m' }).prefault('10s').describe('Over how long error_rate is taken.'),
        eject_for: duration({ min: '100ms', max: '1h' })
          .prefault('30s')
          .describe('For how long, the first time; each further time so much longer.'),
        max_eject_for: duration({ min: '100ms', max: '1d' }).prefault('5m').describe('But never longer than this.'),
        max_ejected: percent()
          .prefault('50%')
          .describe("How many of the pool's origins may be ejected at once, rounded down: never the only one."),
      }),
    ],
    expected('off or a map'),
  )
  .prefault({})
  .describe(
    'Ejects an origin at which requests fail, for a time. Then one at a time is tried there until one is good.',
  );

export const slowStart = duration({ max: '1h' })
  .prefault('0')
  .describe('Over how long an origin that comes up is led to its whole weight. 0: it has it at once.');

export type HealthCheckSettings = z.output<typeof healthCheckSettings>;
export type OutlierSettings = z.output<typeof outlierSettings>;

function statusRanges(list: string): readonly StatusRange[] {
  return list.split(',').map((part): StatusRange => {
    const [first, last = first] = part.trim().split('-').map(Number) as [number, number?];
    return [first, last];
  });
}

function isStatusList(list: string): boolean {
  return STATUS_LIST.test(list) && statusRanges(list).every(([first, last]) => first <= last);
}

/** Without a character that would end the request line. */
function isPath(path: string): boolean {
  return /^\/[\x21\x22\x24-\x7e]*$/.test(path);
}

function isAuthority(authority: string): boolean {
  return /^[^\s/?#@]+$/.test(authority) && URL.canParse(`http://${authority}`);
}
