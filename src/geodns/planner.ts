import type { AnswerSettings } from './answer/settings.ts';
import type { DnsSettings } from './config.ts';
import type { PlaceMap } from './geo/plan.ts';
import type { CompileOrder } from './plan/compile-files.ts';
import type { CookieSecrets } from './plan/cookie-secrets.ts';
import type { DatacenterPlan, DnsPlan, MapPlan } from './plan/dns-plan.ts';
import { type CompiledTables, compiledTables } from './plan/geo-tables.ts';
import { datacenterPlans, Maps } from './plan/maps.ts';
import { packZones, type SerialOf, type SerialProblem } from './plan/zones.ts';
import type { ReadText } from './zone/master-file.ts';
import { readTextFile } from './zone/read-text.ts';

/** What a plan is made of beside the settings. */
export interface DnsPlanContext {
  /** Protocols of the node's listeners that `alpn: auto` stands for. */
  readonly alpn: readonly string[];
  readonly cookies: CookieSecrets;
  readonly serialOf: SerialOf;
  /** Default: nobody looks at them. */
  readonly serialProblem?: SerialProblem;
  /** Those in force, which are taken again where nothing has changed. */
  readonly tables?: CompiledTables | undefined;
  readonly compiled?: typeof compiledTables;
  readonly readText?: ReadText;
}

export interface PlannedDns {
  readonly plan: DnsPlan;
  /** Lines. What was told when the settings were checked is not told again. */
  readonly warnings: readonly string[];
  readonly tables: CompiledTables;
  /** The datacenters that records choose among, by name: a list for each map, and one for each place that has its own. */
  readonly choices: readonly (readonly string[])[];
}

/**
 * Makes the plan of checked settings: reads master files and databases anew, as they may have changed since they were checked.
 * Rejects with a `ZonesError` or a `DatabaseError`.
 */
export async function planDns(settings: DnsSettings, context: DnsPlanContext): Promise<PlannedDns> {
  const datacenters = datacenterPlans(settings.datacenters);
  const maps = new Maps(settings);
  const { readText = readTextFile, compiled = compiledTables, serialOf, serialProblem } = context;
  const packing = { serialOf, serialProblem, readText };
  const { zones, warnings } = packZones(settings.zones, maps, datacenters, packing);
  const tables = await compiled(compileOrder(settings, datacenters, maps.plans), context.tables);
  return {
    warnings,
    plan: {
      zones,
      datacenters,
      maps: maps.plans,
      tables: tables.maps,
      alpn: settings.alpn === 'auto' ? context.alpn : settings.alpn,
      answering: answeringPlan(settings, context.cookies),
      transferTo: settings.transfer_to,
    },
    tables,
    choices: maps.plans.flatMap((map) => choicesOf(map, datacenters)),
  };
}

/** For clients of a place with a list of its own it is that list that may have nobody in service. */
function choicesOf({ datacenters: all, map }: MapPlan, datacenters: readonly DatacenterPlan[]): string[][] {
  const orders = [all, ...(map === undefined ? [] : ordersIn(map))];
  return orders.map((order) => order.map((position) => (datacenters[position] as DatacenterPlan).name));
}

function* ordersIn({ default: otherwise, places }: PlaceMap): Generator<readonly number[]> {
  for (const order of [otherwise, ...Object.values(places)]) {
    if (order === undefined || order === 'closest') continue;
    if (isList(order)) yield order;
    else yield* ordersIn(order);
  }
}

function isList(order: readonly number[] | PlaceMap): order is readonly number[] {
  return Array.isArray(order);
}

/** What clients get that are sent to a datacenter changes nothing about who is. */
export function compileOrder(
  { geo_database }: DnsSettings,
  datacenters: readonly DatacenterPlan[],
  maps: readonly MapPlan[],
): CompileOrder {
  return {
    files: [geo_database ?? []].flat(),
    datacenters: datacenters.map(({ addresses: _, weight: __, ...datacenter }) => datacenter),
    maps,
  };
}

function answeringPlan(settings: DnsSettings, cookies: CookieSecrets): AnswerSettings {
  const { udp_size, rate_limit, nsid, version } = settings;
  const limited = rate_limit === 'off' ? UNLIMITED : rate_limit;
  const perSecond = limited.responses_per_second;
  return {
    udpLength: udp_size,
    clientSubnet: true,
    cookies,
    requireCookies: false,
    limits: {
      responses: perSecond,
      nxdomains: perSecond,
      errors: perSecond,
      window: limited.window,
      slip: limited.slip,
      ...RATE_LIMIT_NETS,
      exempt: limited.exempt,
    },
    // Two questions for the same: which of the servers behind an address this is.
    ...(nsid !== undefined && { nsid: new Uint8Array(Buffer.from(nsid, 'latin1')), id: nsid }),
    ...(version !== undefined && { version }),
  };
}

const UNLIMITED = { responses_per_second: 0, window: 1, slip: 0, exempt: [] };

/** Clients of one such net count together, as with BIND; and so many of them with their answers are told apart. */
const RATE_LIMIT_NETS = { ipv4Prefix: 24, ipv6Prefix: 56, flows: 65_536 } as const;
