import { count, pick, read } from '../options.ts';
import { DNS_SERVER_NAMES, DNS_WORKS, type DnsServerName, type DnsWork } from './works.ts';

/** What a run is asked to do. */
export interface DnsOptions {
  readonly works: readonly DnsWork[];
  readonly servers: readonly DnsServerName[];
  /** Measured seconds of one server on one work in one round. */
  readonly seconds: number;
  readonly rounds: number;
  readonly profile: boolean;
  readonly json: boolean;
}

export const DNS_USAGE = `npm run bench -- dns [options]

  --only NAME,…     only these works: ${DNS_WORKS.map(({ name }) => name).join(', ')}
  --servers NAME,…  only these servers: ${DNS_SERVER_NAMES.join(', ')}
  --seconds N       measured seconds of each cell in each round (3)
  --rounds N        rounds over all servers; the median counts (3)
  --profile         run Portico with --cpu-prof and say where the profiles are
  --json            the figures as JSON on standard output`;

/** Throws a `UsageError` that says what is wrong. `undefined`: only help was asked for. */
export function parseDnsOptions(args: readonly string[]): DnsOptions | undefined {
  const values = read(args, {
    only: { type: 'string' },
    servers: { type: 'string' },
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
    profile: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false, short: 'h' },
  });
  if (values.help) return undefined;
  return {
    works: pick('--only', values.only, DNS_WORKS, (work) => work.name),
    servers: pick('--servers', values.servers, DNS_SERVER_NAMES, (name) => name),
    seconds: count('--seconds', values.seconds, 600),
    rounds: count('--rounds', values.rounds, 100),
    profile: values.profile,
    json: values.json,
  };
}
