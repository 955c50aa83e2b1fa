import { z } from 'zod';
import { AddressSet, normalizeAddress, parseAddress, parseListenAddress } from '../base/address.ts';
import { duration, expected, integer, path, text } from '../base/setting.ts';

/** `vrrp:` addresses that nodes share, and what decides who has them. */

const NAME = /^[A-Za-z0-9._-]{1,64}$/;

const name = () =>
  text('1 to 64 letters, digits, dots, dashes or underscores', (input) => NAME.test(input), NAME).describe(
    'What logs, metrics and commands call it.',
  );

/** As the kernel has it (IFNAMSIZ): up to 15 bytes, no slash and no space. */
const INTERFACE = /^[^\s/:]{1,15}$/;

const interfaceName = () =>
  text('the name of an interface such as eth0', (input) => INTERFACE.test(input) && !/^\.\.?$/.test(input), INTERFACE);

const ipAddress = () => text('an IP address', (input) => isAddress(input), /^[0-9a-fA-F:.]+$/);

const sharedAddress = text(
  'an address with its prefix such as 192.0.2.10/24',
  (input) => parseShared(input) !== undefined,
  /^[0-9a-fA-F:.]+\/\d{1,3}$/,
);

const command = () => z.array(z.string().min(1)).min(1);

const weight = (what: string) => integer(-253, 253).default(0).describe(what);

const hook = (what: string, deadline = '10s') =>
  z
    .strictObject({
      command: command().describe('A program and its arguments; the environment says what happened.'),
      deadline: duration({ min: '10ms', max: '10m' })
        .prefault(deadline)
        .describe('How long it may take before it is ended.'),
    })
    .optional()
    .describe(what);

const hookSettings = z.strictObject({
  on_active: hook('When it has become active.'),
  on_backup: hook('When it has become backup, or was released or stopped.'),
  on_fault: hook('When it is in fault.'),
  before_add: hook('Before the addresses are added; they wait for its end.'),
  after_add: hook('When the addresses were added.'),
  before_remove: hook('Before the addresses are removed; they wait for its end where the removal was planned.'),
  after_remove: hook('When the addresses were removed.'),
  fence: hook('Before addresses are taken from one that fell silent: makes sure that it is gone, or fails.', '30s'),
  resources: z
    .array(
      z.strictObject({
        name: name(),
        start: command().describe('Run when the addresses are here, after those above.'),
        stop: command().describe('Run before they go, before those above.'),
        deadline: duration({ min: '10ms', max: '10m' }).prefault('30s').describe('How long each of the two may take.'),
      }),
    )
    .max(64)
    .default([])
    .describe('What runs where the addresses are: started in this order, stopped in reverse.'),
});

const proxyTrack = z.union(
  [
    z.literal('off'),
    z.strictObject({
      weight: weight('Taken off the priority while it is down (below 0), or added while it is up; 0: it is a fault.'),
      slow_after: duration({ min: '100ms', max: '1m' })
        .prefault('2s')
        .describe('Without a sign of life for so long it is slow; that alone gives no address away.'),
    }),
  ],
  expected('off or a map'),
);

const trackSettings = z.strictObject({
  proxy: proxyTrack.prefault({}).describe('The proxy of this node itself; or off.'),
  interfaces: z
    .array(
      z.strictObject({
        name: interfaceName().describe('Its own interface is always tracked, by weight 0.'),
        weight: weight('As of proxy.'),
      }),
    )
    .max(64)
    .default([])
    .describe('Interfaces that should be up.'),
  files: z
    .array(
      z.strictObject({
        path: path().describe('A number stands in it; a file that is not there is 0.'),
        weight: integer(-253, 253).default(1).describe('Times the number it is added; 0: any number but 0 is a fault.'),
      }),
    )
    .max(64)
    .default([])
    .describe('Files by which others have a say.'),
  scripts: z
    .array(
      z.strictObject({
        name: name(),
        command: command().describe('A program and its arguments; exit status 0 is good.'),
        interval: duration({ min: '10ms', max: '1h' }).prefault('1s').describe('From one run to the next.'),
        timeout: duration({ min: '10ms', max: '1h' }).prefault('1s').describe('How long one may take.'),
        rise: integer(1, 100).default(1).describe('So many good ones in a row bring it up.'),
        fall: integer(1, 100).default(2).describe('So many bad ones in a row take it down.'),
        weight: weight('As of proxy.'),
      }),
    )
    .max(64)
    .default([])
    .describe('Programs that are run.'),
});

const authSettings = z.union(
  [
    z.literal('off'),
    z.strictObject({
      password_file: path()
        .optional()
        .describe('For version 2: one line of ASCII, of which 8 bytes are sent as clear text. To migrate from others.'),
      keys: z
        .array(
          z.strictObject({
            id: integer(0, 255).describe('The same on all nodes for the same key.'),
            file: path().describe('One line of 32 to 64 bytes.'),
          }),
        )
        .max(8)
        .default([])
        .describe(
          'For an HMAC-SHA256 behind each advertisement, as keepalived 2.4 has it: the first signs, all are taken.',
        ),
      mode: z
        .enum(['enforce', 'permissive', 'receive-only'])
        .default('enforce')
        .describe('Of keys: enforce, nothing unsigned is taken; permissive, it is; receive-only, and we do not sign.'),
    }),
  ],
  expected('off or a map'),
);

const instanceSettings = z.strictObject({
  name: name(),
  vrid: integer(1, 255).describe(
    'The same on all nodes that share these addresses, and on no others of their network.',
  ),
  interface: interfaceName().describe('Where the addresses are, and advertisements are sent.'),
  version: z
    .union([z.literal(2), z.literal(3)], expected('2 or 3'))
    .default(3)
    .describe('Of VRRP: 3 (RFC 9568), or 2 (RFC 3768), to migrate from it.'),
  priority: integer(1, 255).describe(
    'The highest one is active. High values make a quick takeover; 255 owns the addresses.',
  ),
  advert_interval: duration({ min: '10ms', max: '255s' })
    .prefault('1s')
    .describe('From one advertisement to the next: hundredths of a second up to 40.95s; in version 2 seconds.'),
  preempt: z
    .union(
      [z.literal('always'), z.literal('never'), duration({ min: '0', max: '1d' })],
      expected('always, never or a time'),
    )
    .default('always')
    .describe('Whether it takes the addresses from one with a lower priority: always, never, or after so long.'),
  start_delay: duration({ max: '10m' })
    .prefault('0')
    .describe('How long it only listens at first, beyond the usual time.'),
  drain: duration({ max: '1m' })
    .prefault('500ms')
    .describe(
      'Before a planned move, how long connections may take to end; then new ones wait for the new place. 0: off.',
    ),
  addresses: z
    .array(sharedAddress)
    .min(1)
    .describe(
      'With their prefix; all of IPv4 or all of IPv6. The first one of IPv6 is link-local, or one is made of the vrid.',
    ),
  source: ipAddress()
    .optional()
    .describe(
      'Its own address that advertisements come from: without it there is a fault. Default: the first own one of the interface.',
    ),
  unicast_peers: z
    .array(ipAddress())
    .max(64)
    .default([])
    .describe('Where advertisements are sent; none: by multicast.'),
  checksum: z
    .enum(['auto', 'pseudo', 'rfc9568'])
    .default('auto')
    .describe('Of version 3 by IPv4, with a pseudo header (keepalived) or without; auto: as peers do. Both are taken.'),
  auth: authSettings.default('off').describe('How advertisements are proved to be from a peer; or off.'),
  probe: z
    .enum(['refuse', 'alarm', 'off'])
    .default('refuse')
    .describe(
      'When addresses answer although nobody advertises: they are not taken, or with an alarm; off: nobody asks.',
    ),
  garp: z
    .strictObject({
      count: integer(1, 100).default(5).describe('How many for each address at once, and once more after delay.'),
      delay: duration({ max: '1m' }).prefault('5s').describe('0: not once more.'),
      refresh: duration({ max: '1d' }).prefault('60s').describe('So often one more for each; 0: never.'),
    })
    .prefault({})
    .describe('Gratuitous ARP, or unsolicited neighbor advertisements: they tell where the addresses are.'),
  track: trackSettings.prefault({}).describe('What the node needs to serve.'),
  last_resort: z
    .enum(['keep', 'release'])
    .default('keep')
    .describe('With a fault by a file, a script or another interface: serve if nobody else does; or not.'),
  hooks: hookSettings.optional().describe('In place of those for all instances, each by its name.'),
});

const syncGroupSettings = z.strictObject({
  name: name(),
  instances: z.array(z.string()).min(2).describe('Names of instances.'),
});

const hostPort = () =>
  text(
    'ADDRESS:PORT such as "192.0.2.3:8112"',
    (input) => parseListenAddress(input) !== undefined,
    /^(\[[^\]]+\]|[0-9.]+):\d{1,5}$/,
  );

const witnessSettings = z.strictObject({
  address: z
    .union(
      [hostPort(), z.array(hostPort()).min(1).max(7)],
      expected('ADDRESS:PORT such as "192.0.2.3:8112", or a list'),
    )
    .describe('Where `portico witness` runs: a third host, or an odd number of them.'),
  peer: hostPort().describe('The listen of the other node, which has a vote as well.'),
  listen: hostPort().default('0.0.0.0:8112').describe('Where this node is asked, by UDP; of the same family.'),
  pair: text('1 to 63 bytes', (input) => input !== '' && Buffer.byteLength(input) < 64, /^.{1,63}$/)
    .optional()
    .describe(
      'The same on both nodes, and of no other pair of this witness. Default: the first address of each instance.',
    ),
  key_file: path().describe('One line of 16 bytes or more, the same on all nodes and the witness.'),
  policy: z
    .enum(['strict', 'sticky', 'plain'])
    .default('sticky')
    .describe('Without a majority: strict, addresses are neither taken nor held; sticky, not taken; plain, an alarm.'),
  timeout: duration({ min: '10ms', max: '10s' }).prefault('300ms').describe('How long a takeover waits for it.'),
});

export const vrrpSettings = z
  .union(
    [
      z.literal('off'),
      z.strictObject({
        instances: z
          .array(instanceSettings)
          .max(255)
          .default([])
          .describe('Each a set of addresses that move together.'),
        sync_groups: z
          .array(syncGroupSettings)
          .max(64)
          .default([])
          .describe('Instances that are active together, or not at all.'),
        hooks: hookSettings.prefault({}).describe('Programs that are run, one after the other, for all instances.'),
        webhook: text('a URL such as https://ops.example.com/vrrp', isUrl, /^https?:\/\/\S+$/)
          .optional()
          .describe('Told of each change by POST, in JSON.'),
        witness: witnessSettings
          .optional()
          .describe('A third host that has a say in who is active, so that never two are.'),
      }),
    ],
    expected('off or a map'),
  )
  .default('off');

export type VrrpSettings = Exclude<z.output<typeof vrrpSettings>, 'off'>;
export type InstanceSettings = z.output<typeof instanceSettings>;
export type HookSettings = z.output<typeof hookSettings>;
export type SyncGroupSettings = z.output<typeof syncGroupSettings>;

/** Unspecified, multicast, broadcast: of no host. */
const OF_NO_HOST = new AddressSet(['0.0.0.0/8', '224.0.0.0/3', '::', 'ff00::/8']);

/** Reads `192.0.2.10/24`. `undefined` when it is no address of a host with a prefix. */
export function parseShared(input: string): { address: string; prefix: number; family: 4 | 6 } | undefined {
  const [text = '', digits = '', more] = input.split('/');
  const address = isAddress(text) ? normalizeAddress(text) : undefined;
  if (address === undefined || OF_NO_HOST.has(address) || more !== undefined || !/^\d{1,3}$/.test(digits))
    return undefined;
  const family = address.includes(':') ? 6 : 4;
  const prefix = Number(digits);
  return prefix >= 1 && prefix <= (family === 4 ? 32 : 128) ? { address, prefix, family } : undefined;
}

/** An IPv4-mapped one is neither of the two families on an interface. */
function isAddress(input: string): boolean {
  return parseAddress(input) !== undefined && !input.includes('%') && !/^::ffff:/i.test(input);
}

function isUrl(input: string): boolean {
  return /^https?:\/\//.test(input) && URL.canParse(input);
}
