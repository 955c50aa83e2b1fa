import type { DnsServerKind } from './server.ts';
import { gdnsd } from './servers/gdnsd.ts';
import { portico, porticoPlain } from './servers/portico.ts';
import { powerdns } from './servers/powerdns.ts';

/** Every name server that can be measured, in the order of the table and of the turns. */
export const DNS_KINDS: readonly DnsServerKind[] = [portico, porticoPlain, gdnsd, powerdns];
