import { z } from 'zod';
import { cidr, expected, path, text } from '../base/setting.ts';

/** `logs:` what is written, and where. */

export const accessLogSettings = z.strictObject({
  file: path('the path of a file, or "-"')
    .default('-')
    .describe('Where the access log goes: a path, or "-" for standard output. Reopened on SIGUSR1.'),
  format: z
    .enum(['json', 'combined', 'squid'])
    .default('json')
    .describe("json: one object a line. combined: as Apache and nginx. squid: as Squid's native access.log."),
  skip_from: z
    .array(cidr())
    .default([])
    .describe('Clients whose exchanges are not logged: monitors; siblings, whose lines say from_sibling.'),
  skip_paths: z
    .array(text('the beginning of a path, such as /ping', (input) => input.startsWith('/'), /^\//))
    .default([])
    .describe('Path prefixes that are not logged.'),
});

export const logSettings = z.strictObject({
  level: z
    .enum(['error', 'warn', 'info', 'debug'])
    .default('info')
    .describe('The least urgent event that is still written.'),
  access: z
    .union([z.literal('off'), accessLogSettings], expected('off or a map'))
    .prefault({})
    .describe('The access log, or "off".'),
});

export type LogSettings = z.output<typeof logSettings>;
export type AccessLogSettings = z.output<typeof accessLogSettings>;
