import { isIPv6 } from 'node:net';
import { z } from 'zod';
import { parseListenAddress } from '../base/address.ts';
import { isPathPattern, PATH_PATTERN, PATH_PATTERN_START } from '../base/path-pattern.ts';
import { cidr, duration, expected, integer, path, size, text } from '../base/setting.ts';
import { compressSettings, routeCacheSettings, siteCacheSettings } from '../cache/config.ts';

/** `listeners:`, `trusted_proxies:` and `sites:`. */

const cipherList = expected('an OpenSSL cipher list');

const certificateSettings = z.strictObject({
  cert: path().describe('PEM file: the certificate, followed by its chain.'),
  key: path().describe('PEM file: its private key.'),
});

export const listenerSettings = z.strictObject({
  address: text(
    'ADDRESS:PORT such as "0.0.0.0:80" or "[::]:80"',
    (input) => parseListenAddress(input) !== undefined,
    /^(\[[^\]]+\]|[0-9.]+):\d{1,5}$/,
  ).describe(
    'ADDRESS:PORT; "[::]:80" takes IPv6 only, list "0.0.0.0:80" beside it. Port 0: any free one, told in the log.',
  ),
  protocol: z.enum(['http', 'https']).describe('https: HTTP/2 and HTTP/1.1 by ALPN.'),
  redirect_to_https: z
    .boolean()
    .default(false)
    .describe('Whether every request is answered with a redirect to the same URL over https.'),
  proxy_protocol_from: z
    .array(cidr())
    .default([])
    .describe('PROXY protocol v1 or v2 is required from these and refused from others.'),
  minimum_version: z.enum(['TLSv1.2', 'TLSv1.3']).default('TLSv1.2').describe('The oldest TLS that is spoken.'),
  ciphers: z
    .string(cipherList)
    .min(1, cipherList)
    .optional()
    .describe('OpenSSL cipher list for TLS 1.2 and suites for TLS 1.3. Default: those of Node.'),
  certificates: z
    .array(certificateSettings)
    .default([])
    .describe('Picked by SNI; the first is the default. None: one is self-signed and kept in state_dir.'),
  limits: z
    .strictObject({
      head: size({ min: '1KiB', max: '1MiB' })
        .prefault('32KiB')
        .describe('The request line and all header fields together (431).'),
      fields: integer(10, 2000).default(100).describe('How many header fields a request may have (431).'),
      uri: size({ min: '256B', max: '64KiB' }).prefault('8KiB').describe('The request target (414).'),
    })
    .prefault({})
    .describe('How large the head of a request may be.'),
  timeouts: z
    .strictObject({
      head: duration({ min: '100ms', max: '10m' })
        .prefault('10s')
        .describe('For a whole request head, TLS handshake and PROXY header (408).'),
      body: duration({ min: '100ms', max: '1h' })
        .prefault('30s')
        .describe('Between two reads of a request body (408).'),
      idle: duration({ min: '100ms', max: '1h' })
        .prefault('60s')
        .describe('How long a connection is kept open for the next request.'),
      write: duration({ min: '100ms', max: '1h' })
        .prefault('60s')
        .describe('How long a client may take nothing of what is sent to it.'),
    })
    .prefault({})
    .describe('How long clients may take.'),
});

/** Fields that belong to one connection or say where a message ends: ours alone to write (RFC 9110 §7.6.1). */
const FRAMING = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const splashSettings = z.strictObject({
  after: duration({ min: '10ms', max: '1h' })
    .prefault('20s')
    .describe('How long origins may be silent before the splash page is shown.'),
  page: path('the path of a file or directory')
    .optional()
    .describe(
      'An HTML file, or a directory with 502.html, 503.html, 504.html or index.html; .json too, for who asks for JSON. ' +
        'Default: a built-in page.',
    ),
  retry_after: duration({ min: '1s', max: '7d' })
    .prefault('30s')
    .describe('The Retry-After sent with it, in whole seconds.'),
  stale: duration({ max: '366d' })
    .prefault('0')
    .describe('How long after its freshness ended a stored response is shown in its place, if there is one. 0: never.'),
});

const responseHeaderSettings = z.strictObject({
  remove: z.array(fieldName()).default([]).describe('Header fields that are taken out of every response.'),
  set: z
    .record(fieldName(), fieldValue())
    .default({})
    .describe('Header fields that every response has, in place of those of the same name.'),
});

const accessSettings = z.strictObject({
  allow: z.array(cidr()).default([]).describe('Only these clients are served; empty: all.'),
  deny: z.array(cidr()).default([]).describe('These are refused (403), even when allowed above.'),
});

const bodyLimit = z
  .union([z.literal('unlimited'), size()], expected('unlimited or a size such as 512B, 64KiB, 10MiB or 1GiB'))
  .describe('The largest request body (413).');

const poolName = expected('the name of a pool');

const routeSettings = z.strictObject({
  path: text(PATH_PATTERN, isPathPattern, PATH_PATTERN_START).describe(
    '"/prefix", "= /exact" or "~ regular expression", matched against the decoded path.',
  ),
  pool: z.string(poolName).optional().describe('The pool that answers.'),
  splash: splashSettings.optional().describe('What is shown when no origin answers.'),
  response_headers: responseHeaderSettings.optional().describe('Changes to the header of every response.'),
  access: accessSettings.optional().describe('Which clients are served.'),
  body_limit: bodyLimit.optional(),
  cache: routeCacheSettings.optional().describe('How responses are cached, or off: not at all.'),
  compress: compressSettings.optional(),
});

export const siteSettings = z.strictObject({
  hosts: z
    .array(
      text(
        'a host name, "*.example.com" or default',
        isHostPattern,
        /^((\*\.)?[A-Za-z0-9_][A-Za-z0-9_.-]*|\[[0-9a-fA-F:.]+\])$/,
      ),
    )
    .min(1)
    .describe('Host names, "*.example.com" for all below one, or default: any other host.'),
  pool: z.string(poolName).describe('The pool that answers what no route says otherwise.'),
  splash: splashSettings.prefault({}).describe('What is shown when no origin answers.'),
  response_headers: responseHeaderSettings.prefault({}).describe('Changes to the header of every response.'),
  access: accessSettings.prefault({}).describe('Which clients are served.'),
  body_limit: bodyLimit.prefault('unlimited'),
  routes: z
    .array(routeSettings)
    .default([])
    .describe('The first match wins; what a route does not say, the site says.'),
  cache: siteCacheSettings.prefault({}).describe('How responses are cached, or off: not at all.'),
  compress: compressSettings.default('off'),
});

export const trustedProxies = z.array(cidr()).default([]).describe('Whose X-Forwarded-For and Forwarded we believe.');

export type ListenerSettings = z.output<typeof listenerSettings>;
export type SiteSettings = z.output<typeof siteSettings>;
export type RouteSettings = z.output<typeof routeSettings>;
export type SplashSettings = z.output<typeof splashSettings>;
export type AccessSettings = z.output<typeof accessSettings>;
export type ResponseHeaderSettings = z.output<typeof responseHeaderSettings>;

function fieldName() {
  const name = expected('the name of a header field');
  const notFraming = expected('a header field that does not frame the message');
  return z
    .string(name)
    .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, name)
    .refine((field) => !FRAMING.has(field.toLowerCase()), notFraming);
}

function fieldValue() {
  const value = expected('a header value on one line');
  return z.string(value).regex(/^[\t\x20-\x7e\x80-\xff]*$/, value);
}

function isHostPattern(input: string): boolean {
  if (/^\[[0-9a-f:.]+\]$/i.test(input)) return isIPv6(input.slice(1, -1));
  return (
    input === 'default' || /^(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9])?)*$/i.test(input)
  );
}
