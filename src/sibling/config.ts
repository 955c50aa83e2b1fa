import { z } from 'zod';
import { parseListenAddress } from '../base/address.ts';
import { cidr, duration, expected, integer, path, size, text } from '../base/setting.ts';

/** `siblings:` the nodes whose caches are asked before the origins are, and that ask ours. */

const address = (example: string) =>
  text(
    `ADDRESS:PORT such as "${example}"`,
    (input) => parseListenAddress(input) !== undefined,
    /^(\[[^\]]+\]|[0-9.]+):\d{1,5}$/,
  );

const peerSettings = z.strictObject({
  name: text('1 to 64 letters, digits, dots, dashes or underscores', isName, /^[A-Za-z0-9._-]{1,64}$/).describe(
    'What logs, metrics and the dashboard call it: best its node.name.',
  ),
  icp: address('10.0.1.3:3130').describe(
    'Where it answers ICP, by UDP. A Portico node is found there as well, by TCP on the same port.',
  ),
  htcp: address('10.0.1.3:4827')
    .optional()
    .describe('Where it takes HTCP: what is purged here is purged there, if it is no Portico node.'),
  url: text('a URL such as http://10.0.1.3 or https://10.0.1.3:8443', isPeerUrl, /^https?:\/\/[^/?#@]+\/?$/).describe(
    'Where it serves what it has: the address of one of its listeners.',
  ),
  tls: z
    .strictObject({
      ca: path().optional().describe("PEM: certificates to trust instead of the system's."),
      server_name: z.string().min(1).optional().describe('Sent by SNI and verified. Default: the host of the url.'),
      verify: z.boolean().default(true).describe('Whether its certificate must be valid.'),
    })
    .prefault({})
    .describe('For a peer with an https url.'),
});

const warmUpSettings = z.union(
  [
    z.literal('off'),
    z.strictObject({
      objects: integer(1, 1_000_000).default(10_000).describe('How many of the keys that a sibling serves most.'),
      rate: size({ min: '64KiB' }).prefault('10MiB').describe('How many bytes a second are fetched for it at most.'),
    }),
  ],
  expected('off or a map'),
);

export const siblingSettings = z
  .union(
    [
      z.literal('off'),
      z.strictObject({
        icp: address('10.0.1.2:3130')
          .optional()
          .describe(
            'Where we answer ICP (UDP), and Portico nodes find us (TCP). Queries leave from this address. Absent: nobody is answered.',
          ),
        htcp: address('10.0.1.2:4827').optional().describe('Where we answer HTCP (UDP). Absent: nowhere.'),
        allow: z
          .array(cidr())
          .default([])
          .describe('Who may ask by ICP and HTCP, and fetch with only-if-cached what we have. Empty: nobody.'),
        clear_from: z.array(cidr()).default([]).describe('Who may purge by HTCP CLR. Empty: nobody.'),
        timeout: duration({ min: '1ms', max: '2s' })
          .prefault('50ms')
          .describe('The longest that a request waits for all siblings together; it adapts downwards.'),
        secret_file: path()
          .optional()
          .describe('One line, the same on all Portico nodes: without it nobody is believed to be one of them.'),
        warm_up: warmUpSettings
          .prefault({})
          .describe('What a node that starts with little in its cache fetches from a sibling that is a Portico node.'),
        peers: z.array(peerSettings).max(16).default([]).describe('Whom we ask.'),
      }),
    ],
    expected('off or a map'),
  )
  .default('off');

export type SiblingSettings = Exclude<z.output<typeof siblingSettings>, 'off'>;
export type PeerSettings = z.output<typeof peerSettings>;

function isName(input: string): boolean {
  return /^[A-Za-z0-9._-]{1,64}$/.test(input);
}

function isPeerUrl(input: string): boolean {
  if (!/^https?:\/\/[^/?#@\s]+\/?$/.test(input)) return false;
  return URL.canParse(input);
}
