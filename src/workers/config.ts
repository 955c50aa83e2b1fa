import { hostname } from 'node:os';
import { z } from 'zod';
import { duration, expected, integer, path } from '../base/setting.ts';

const nodeName = expected('1 to 63 letters, digits, dots, dashes or underscores');

/** `node:` this machine's name, and how the program runs on it. */
export const nodeSettings = z.strictObject({
  name: z
    .string(nodeName)
    .regex(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,62})$/, nodeName)
    .default(() => hostName())
    .describe('Unique among your nodes: it is told in Via and CDN-Loop. Default: the host name.'),
  region: z
    .string(expected('the name of a datacenter'))
    .default('')
    .describe('The datacenter that dns: knows this node by.'),
  state_dir: path('the path of a directory')
    .default('./state')
    .describe('Where secrets and state are kept; made with mode 0700 when it is not there.'),
  workers: z
    .union([z.literal('auto'), integer(1, 31)], expected('auto or a whole number from 1 to 31'))
    .default('auto')
    .describe('Threads that serve requests. auto: one a core, at most 31. A change needs a restart.'),
  via: z
    .boolean()
    .default(true)
    .describe('Whether requests and replies say in Via that they passed here (RFC 9110 §7.6.3).'),
  stop_timeout: duration({ max: '1h' })
    .prefault('30s')
    .describe('How long running requests may take after SIGTERM, before they are cut.'),
});

export type NodeSettings = z.output<typeof nodeSettings>;

/** The host name, in the letters that a node's name may have: it stands in Via and CDN-Loop. */
function hostName(): string {
  const name = hostname()
    .replaceAll(/[^A-Za-z0-9._-]/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '');
  return name.slice(0, 63) || 'portico';
}
