import { z } from 'zod';
import { duration, expected, integer, path, percent, text } from '../../base/setting.ts';
import { balance, hashOn, maxInFlight, queueSettings, stickySettings } from './balance/config.ts';
import { healthCheckSettings, outlierSettings, slowStart } from './health/config.ts';

/** `pools:` the origins that a route leads to, and how they are used. */

const URL_FORM = 'http://HOST[:PORT] or https://HOST[:PORT] without a path';
const originUrl = text(URL_FORM, isOriginUrl, /^https?:\/\/[^/?#@\s]+\/?$/);
const nameForm = expected('letters, digits, dots, colons, dashes or underscores');

const routeForm = expected('letters, digits, colons, dashes or underscores');

const originSettings = z.strictObject({
  url: originUrl.describe('http://HOST[:PORT] or https://HOST[:PORT]; the path comes from the request.'),
  name: z
    .string(nameForm)
    .regex(/^[A-Za-z0-9._:-]{1,128}$/, nameForm)
    .optional()
    .describe('How logs and operators call it. Default: HOST:PORT of the url.'),
  weight: integer(1, 256).default(1).describe("Its share of the requests, beside the others' weights."),
  role: z
    .enum(['primary', 'standby', 'spare'], expected('primary, standby or spare'))
    .default('primary')
    .describe('standby: used when no primary is usable. spare: takes the place of one of its set that is out.'),
  set: integer(0, 99).default(0).describe('A set of a higher number is used when no origin of a lower one is usable.'),
  route: z
    .string(routeForm)
    .regex(/^[A-Za-z0-9_:-]{1,128}$/, routeForm)
    .optional()
    .describe("What tells it in a cookie that sticky.route_of names, as Apache's jvmRoute. Default: its name."),
});

const timeoutSettings = z.strictObject({
  connect: duration({ min: '1ms', max: '10m' })
    .prefault('2s')
    .describe('To connect to one origin, TLS handshake included.'),
  first_byte: duration({ min: '1ms', max: '1h' })
    .prefault('20s')
    .describe('Until the head of the answer is there, over all attempts.'),
  idle: duration({ min: '1ms', max: '24h' }).prefault('60s').describe("Between two reads of the answer's body."),
  keep_alive: duration({ min: '1ms', max: '1h' })
    .prefault('4s')
    .describe('How long an idle connection is kept, unless the origin says how long (Keep-Alive: timeout=).'),
  tunnel: duration({ min: '1s', max: '7d' })
    .prefault('1h')
    .describe('How long an upgraded connection (WebSocket) may be silent in both directions.'),
});

export const poolSettings = z.strictObject({
  balance,
  hash_on: hashOn,
  origins: z
    .array(
      z.union(
        [originUrl.transform((url) => originSettings.parse({ url })), originSettings],
        expected(`${URL_FORM}, or a map with such a url`),
      ),
    )
    .min(1)
    .describe('Where the answers come from: a url, or a map with a url and more.'),
  host_header: z
    .enum(['preserve', 'origin'])
    .default('preserve')
    .describe("The Host that origins see: the client's, or the origin's own."),
  timeouts: timeoutSettings.prefault({}).describe('How long origins may take.'),
  retries: z
    .strictObject({
      attempts: integer(1, 10)
        .default(2)
        .describe(
          'How often one request may be sent, each time to another origin while there is one. An origin that cannot be connected to does not count.',
        ),
      budget: percent()
        .prefault('20%')
        .describe('Retries as a share of requests, beyond a small allowance, so that a failing pool is not flooded.'),
    })
    .prefault({})
    .describe('When a request is tried again.'),
  tls: z
    .strictObject({
      ca: path().optional().describe("A PEM file of certificates to trust instead of the system's."),
      server_name: path('a host name')
        .optional()
        .describe('The name sent by SNI and verified. Default: the host of the url.'),
      verify: z.boolean().default(true).describe("Whether the origin's certificate must be valid."),
      cert: path().optional().describe('A client certificate (PEM file) for origins that ask for one.'),
      key: path().optional().describe('Its key (PEM file).'),
    })
    .prefault({})
    .describe('For origins with an https url.'),
  health_check: healthCheckSettings,
  outlier: outlierSettings,
  slow_start: slowStart,
  max_in_flight: maxInFlight,
  queue: queueSettings,
  sticky: stickySettings,
});

export type PoolSettings = z.output<typeof poolSettings>;
export type OriginSettings = z.output<typeof originSettings>;

/** How logs and operators call an origin: its name, else HOST:PORT of its url. */
export function originName({ name, url }: OriginSettings): string {
  const { hostname, port, protocol } = new URL(url);
  return name ?? `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`;
}

/** What tells an origin in the suffix of a session cookie. */
export function originRoute(origin: OriginSettings): string {
  return origin.route ?? originName(origin);
}

function isOriginUrl(text: string): boolean {
  if (!/^https?:\/\/[^/?#@\s]+\/?$/.test(text)) return false;
  return URL.canParse(text) && new URL(text).port !== '0';
}
