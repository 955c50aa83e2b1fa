import { closest } from '../base/closest.ts';
import { type ExitStatus, Failure, type Surroundings, UsageError } from '../cli/command.ts';
import { continentOf } from '../geodns/config.ts';
import { openDatabase } from '../geodns/geo/mmdb/open-database.ts';
import { type Asker, askerAt } from '../geodns/inquiry/asker.ts';
import { inquire } from '../geodns/inquiry/inquiry.ts';
import type { WireName } from '../geodns/model.ts';
import type { DnsPlan } from '../geodns/plan/dns-plan.ts';
import { nameFromText, ROOT } from '../geodns/wire/name.ts';
import { Problem } from '../geodns/wire/problem.ts';
import { isDataType, TYPE, typeFromText } from '../geodns/wire/types.ts';
import { planDnsOffline } from './dns-planning.ts';
import { load } from './loading.ts';
import { RefusedError } from './refused-error.ts';
import { toldAsText } from './resolve-text.ts';

/** What stands behind `portico resolve`. */

export interface ResolveValues {
  readonly from: string | undefined;
  readonly country: string | undefined;
  readonly without: readonly string[];
  readonly json: boolean;
  readonly config: string | undefined;
}

const DEFAULT_FILE = 'portico.yaml';

export async function resolveOffline(
  [nameText = '', typeText = 'A']: readonly string[],
  { from, country, without, json, config: file = DEFAULT_FILE }: ResolveValues,
  { out, err }: Surroundings,
): Promise<ExitStatus> {
  const question = { name: nameOf(nameText), type: typeOf(typeText), asker: askerOf(from, country) };
  try {
    const { settings } = load(file);
    const { dns } = settings;
    if (dns === 'off') throw new Failure(`${file}: has no dns, so there is nothing that it would answer`);
    const { plan } = await planDnsOffline(file, settings, dns);
    const databases = [dns.geo_database ?? []].flat().map(openDatabase);
    const told = inquire({ ...question, without: positionsOf(without, plan) }, plan, databases);
    out.write(json ? `${JSON.stringify(told, null, 2)}\n` : toldAsText(told, plan, out));
    return told.why.zone === null ? 1 : 0;
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    err.write(`${error.problems.join('\n')}\n`);
    return 1;
  }
}

function nameOf(text: string): WireName {
  const name = nameFromText(Buffer.from(text, 'utf8').toString('latin1'), ROOT);
  if (name instanceof Problem)
    throw new UsageError(`expected a name such as www.example.com, got ${JSON.stringify(text)}`);
  return name;
}

function typeOf(text: string): number {
  const type = typeFromText(text);
  if (type !== undefined && (isDataType(type) || type === TYPE.ANY)) return type;
  throw new UsageError(`expected a type such as A, AAAA or TYPE65280, got ${JSON.stringify(text)}`);
}

function askerOf(from: string | undefined, country: string | undefined): Asker {
  if (from !== undefined && country !== undefined)
    throw new UsageError('expected either --from or --country, got both');
  if (from !== undefined) {
    const asker = askerAt(from);
    if (asker !== undefined) return asker;
    throw new UsageError(`--from: expected an address or a network, got ${JSON.stringify(from)}`);
  }
  if (country === undefined) return { kind: 'nobody' };
  const code = country.toUpperCase();
  if (continentOf(code) !== undefined) return { kind: 'country', country: code };
  throw new UsageError(`--country: expected two letters such as GB, got ${JSON.stringify(country)}`);
}

function positionsOf(names: readonly string[], { datacenters }: DnsPlan): ReadonlySet<number> {
  const known = datacenters.map(({ name }) => name);
  return new Set(
    names.map((name) => {
      const position = known.indexOf(name);
      if (position !== -1) return position;
      const meant = closest(name, known);
      const hint = meant === undefined ? `: there are ${known.join(', ')}` : `, did you mean ${meant}?`;
      throw new UsageError(`--without: no datacenter ${JSON.stringify(name)}${hint}`);
    }),
  );
}
