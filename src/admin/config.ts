import { z } from 'zod';
import { parseListenAddress } from '../base/address.ts';
import { expected, path, text } from '../base/setting.ts';

/** `admin:` the listener that operators use: page, JSON API, Apache's balancer-manager, metrics. */

const userName = expected('1 to 64 letters, digits, dots, dashes, underscores or @');

const userSettings = z.strictObject({
  name: z
    .string(userName)
    .regex(/^[A-Za-z0-9._@-]{1,64}$/, userName)
    .describe('By which a user logs in, and is named in the audit log.'),
  password_file: path().describe(
    'One line: the password itself, in a file of mode 0600, or a scrypt hash of it ($scrypt$…). Read again at a reload.',
  ),
  role: z
    .enum(['read', 'operate', 'admin'])
    .describe('read: look at everything. operate: also change origins, and purge. admin: also add and remove origins.'),
});

export const adminSettings = z
  .union(
    [
      z.literal('off'),
      z.strictObject({
        listen: text(
          'ADDRESS:PORT such as "127.0.0.1:8400"',
          (input) => parseListenAddress(input) !== undefined,
          /^(\[[^\]]+\]|[0-9.]+):\d{1,5}$/,
        )
          .default('127.0.0.1:8400')
          .describe('ADDRESS:PORT. Port 0: any free one, told in the log.'),
        tls: z
          .union(
            [
              z.enum(['auto', 'off']),
              z.strictObject({
                cert: path().describe('PEM file: the certificate, followed by its chain.'),
                key: path().describe('PEM file: its private key.'),
              }),
            ],
            expected('auto, off, or a map with cert and key'),
          )
          .default('auto')
          .describe('auto: none on loopback, elsewhere a self-signed certificate that is kept in state_dir.'),
        host_names: z
          .array(
            text(
              'a host name such as admin.example.com',
              (input) => /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/.test(input),
              /^[A-Za-z0-9._-]+$/,
            ),
          )
          .default([])
          .describe(
            'Names that it is reached by. Other names in Host are refused (421); addresses and localhost are not.',
          ),
        users: z
          .array(userSettings)
          .default([])
          .describe(
            'Who may log in. None: admin, with a password that is made at the first start and kept in state_dir.',
          ),
        compat: z
          .strictObject({
            apache22: z
              .boolean()
              .default(false)
              .describe("Whether balancer-manager takes changes by GET, as Apache 2.2's did."),
            strict_status: z
              .boolean()
              .default(false)
              .describe("Whether balancer-manager refuses with 4xx, where Apache's answers 200 and changes nothing."),
          })
          .prefault({})
          .describe('For programs that were written for Apache.'),
      }),
    ],
    expected('off or a map'),
  )
  .default('off');

export type AdminSettings = Exclude<z.output<typeof adminSettings>, 'off'>;
export type UserSettings = z.output<typeof userSettings>;

/** Whether a listen address can be reached from this machine alone: there `tls: auto` means none. */
export function isLoopback(listen: string): boolean {
  const host = parseListenAddress(listen)?.host;
  return host === '::1' || host?.startsWith('127.') === true;
}
