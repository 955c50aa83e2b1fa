import { z } from 'zod';
import { adminSettings } from '../admin/config.ts';
import { expected } from '../base/setting.ts';
import { cacheSettings } from '../cache/config.ts';
import { dnsSettings } from '../geodns/config.ts';
import { logSettings } from '../observe/config.ts';
import { listenerSettings, siteSettings, trustedProxies } from '../proxy/config.ts';
import { poolSettings } from '../proxy/pool/config.ts';
import { siblingSettings } from '../sibling/config.ts';
import { vrrpSettings } from '../vrrp/config.ts';
import { nodeSettings } from '../workers/config.ts';

const poolName = expected('1 to 64 letters, digits, dots, dashes or underscores');

/** The whole configuration: each folder says its part, this puts them together. */
export const settingsSchema = z.strictObject({
  node: nodeSettings.prefault({}).describe('This machine, and how the program runs on it.'),
  listeners: z.array(listenerSettings).min(1).describe('Where clients connect.'),
  trusted_proxies: trustedProxies,
  sites: z.array(siteSettings).min(1).describe('What is served, by host and path.'),
  pools: z
    .record(z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, poolName), poolSettings)
    .describe('The origins, in pools that sites and routes name.'),
  cache: cacheSettings.describe('Where responses are kept, and who may purge them; or off: nothing is kept.'),
  siblings: siblingSettings.describe('Nodes whose caches are asked before the origins are, and that ask ours; or off.'),
  logs: logSettings.prefault({}).describe('What is written, and where.'),
  dns: dnsSettings.describe('The name server of the site, which sends clients to the closest datacenter; or off.'),
  vrrp: vrrpSettings.describe('Addresses that this node shares with others, by VRRP; or off.'),
  admin: adminSettings.describe('Where operators look and act: page, JSON API, balancer-manager, metrics; or off.'),
});

/** A checked configuration: whole and frozen, in milliseconds and bytes, file names made absolute by the loader. */
export type Settings = z.output<typeof settingsSchema>;
