import type { ServerKind } from './server.ts';
import { haproxy } from './servers/haproxy.ts';
import { nginx } from './servers/nginx.ts';
import { portico } from './servers/portico.ts';
import { squid } from './servers/squid.ts';
import { varnish } from './servers/varnish.ts';

/** Every server that can be measured, in the order of the table and of the turns. */
export const KINDS: readonly ServerKind[] = [portico, nginx, haproxy, varnish, squid];
