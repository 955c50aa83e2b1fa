import type { Screen } from '../cli/screen.ts';
import { type Cell, table } from '../cli/table.ts';
import { count } from '../cli/words.ts';
import type { Place } from '../geodns/geo/place.ts';
import type { Told, ToldRecord } from '../geodns/inquiry/inquiry.ts';
import type { ToldDatacenter, ToldGeo, ToldReason } from '../geodns/inquiry/tell-geo.ts';
import type { DnsPlan } from '../geodns/plan/dns-plan.ts';

/** The answer as a zone file has it, with all else in comments; then why, for people. */
export function toldAsText(told: Told, plan: DnsPlan, screen: Screen): string {
  const { rcode, authoritative, answer, authority, additional } = told;
  const head = [rcode, ...(authoritative ? ['authoritative'] : []), ...scopeWords(told)].join(', ');
  const sections = [
    section('', answer, screen),
    section(';; authority\n', authority, screen),
    section(';; additional\n', additional, screen),
  ];
  return `;; ${head}\n${sections.join('')}\n${why(told, plan, screen)}`;
}

function scopeWords({ scope, scope_net, authoritative }: Told): string[] {
  if (scope === null || !authoritative) return [];
  return [scope_net === null ? 'for all clients' : `for clients in ${scope_net}`];
}

function section(title: string, records: readonly ToldRecord[], screen: Screen): string {
  if (records.length === 0) return '';
  const rows = records.map(({ name, ttl, type, value }) => [name, String(ttl), 'IN', type, value]);
  return title + table([PLAIN, { title: '', align: 'right' }, PLAIN, PLAIN, PLAIN], rows, screen);
}

const PLAIN = { title: '' };

function why(
  { rcode, answer, question, why: { zone, found, geo, ask_for } }: Told,
  plan: DnsPlan,
  screen: Screen,
): string {
  const rows: [string, string][] = [];
  const hasNone = rcode === 'NOERROR' && answer.length === 0;
  const without = hasNone ? `, without ${question.type}${geo === null ? '' : ' for this client'}` : '';
  if (zone === null) rows.push(['zone', `none of ours has ${question.name}`]);
  else rows.push(['zone', `${zone.name} serial ${zone.serial}`]);
  if (found !== null) rows.push(['name', foundWords(found.kind, found.name, without)]);
  if (ask_for !== null) rows.push(['then', `resolvers ask for ${ask_for}, whose answer depends on the client`]);
  if (geo === null) return table([PLAIN, PLAIN], rows, screen);

  rows.push(['map', mapWords(geo, plan)], ['client', reasonWords(geo.reason, geo)]);
  if (geo.fail_open) rows.push(['health', 'none of them is in service, so the answer is as if all were']);
  return `${table([PLAIN, PLAIN], rows, screen)}\n${datacenters(geo, hasNone ? `has no ${question.type}` : 'answer', screen)}`;
}

function foundWords(kind: NonNullable<Told['why']['found']>['kind'], name: string | null, without: string): string {
  switch (kind) {
    case 'exact':
      return `${name} exists${without}`;
    case 'wildcard':
      return `does not exist, ${name} stands for it${without}`;
    case 'delegation':
      return `is delegated at ${name}`;
    case 'dname':
      return `is below the DNAME ${name}`;
    case 'absent':
      return 'does not exist';
  }
}

/** A list in `geo` is called by its mode and datacenters already. */
function mapWords({ map, mode }: ToldGeo, plan: DnsPlan): string {
  const { datacenters = [] } = plan.maps.find(({ name }) => name === map) ?? {};
  const names = datacenters.map((position) => plan.datacenters[position]?.name);
  return map.startsWith(`${mode} of `) ? map : `${map}: ${mode} of ${names.join(', ')}`;
}

function reasonWords(reason: ToldReason, { client, mode }: ToldGeo): string {
  switch (reason.kind) {
    case 'mode':
      return `${client ?? 'unknown'}, of which mode ${mode} takes no notice${mode === 'weighted' ? ' but for its net' : ''}`;
    case 'nets':
      return `${client} is in ${reason.net}, one of the nets of ${reason.datacenter}`;
    case 'special':
      return `${client} is in ${reason.net} (${reason.what}): the order as configured`;
    case 'unknown':
      return reason.net === null
        ? `${client}, and there is no database to ask: the order as configured`
        : `${client} is in ${reason.net}, which the database does not know: the order as configured`;
    case 'database':
      return `${client} is in ${reason.net} of ${reason.database}: ${placeWords(reason.place)}: ${DECIDED[reason.decided_by]}`;
    case 'country':
      return `somebody in ${client}: ${DECIDED[reason.decided_by]}`;
    case 'nobody':
      return 'unknown (--from and --country tell): the order as configured';
  }
}

const DECIDED = {
  places: 'the order that the map has for that place',
  distance: 'the order by distance',
  configured: 'the order as configured',
} as const;

function placeWords({ city, subdivisions, country, continent, location }: Place): string {
  const names = [city, ...subdivisions.toReversed(), country, continent].filter((name) => name !== undefined);
  const at = location === undefined ? '' : ` at ${location.map((degrees) => degrees.toFixed(2)).join(', ')}`;
  return `${names.length === 0 ? 'somewhere' : names.join(', ')}${at}`;
}

/** `chosen`: what is said of those that the answer has. */
function datacenters({ order }: ToldGeo, chosen: string, screen: Screen): string {
  if (order.length === 0) return 'There is no answer for clients from there.\n';
  const isBiased = order.some(({ km, counted_km }) => km !== counted_km);
  const columns = [
    { title: '', align: 'right' },
    { title: 'DATACENTER' },
    { title: 'KM', align: 'right' },
    { title: 'COUNTED', align: 'right' },
    { title: 'HEALTH' },
    { title: '' },
  ] as const;
  const rows = order.map((each, index): Cell[] => [
    String(index + 1),
    each.name,
    each.km === null ? '' : count(each.km),
    each.counted_km === null || !isBiased ? '' : count(each.counted_km),
    healthCell(each),
    each.chosen ? { text: chosen, style: 'bold' } : '',
  ]);
  return table(columns, rows, screen);
}

function healthCell({ in_service }: ToldDatacenter): Cell {
  return in_service ? { text: 'in service', style: 'green' } : { text: 'out of service', style: 'red' };
}
