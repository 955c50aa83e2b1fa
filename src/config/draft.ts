import type { z } from 'zod';
import type { Finding, Path } from './problem.ts';
import { type Settings, settingsSchema } from './settings.ts';

/**
 * The settings as far as they make sense. When one listener is misspelt, the others and all sites can still be checked,
 * so that an operator is told of everything at once. Whole settings are a draft as well.
 */
export interface Draft {
  readonly node?: Settings['node'] | undefined;
  /** In the order of the file; `undefined` stands for one that makes no sense. */
  readonly listeners: readonly (Settings['listeners'][number] | undefined)[];
  readonly sites: readonly (Settings['sites'][number] | undefined)[];
  /** `undefined` when it cannot be told which pools there are. */
  readonly pools?: Readonly<Record<string, Settings['pools'][string] | undefined>> | undefined;
  readonly cache?: Settings['cache'] | undefined;
  readonly siblings?: Settings['siblings'] | undefined;
  readonly logs?: Settings['logs'] | undefined;
  readonly dns?: Settings['dns'] | undefined;
  readonly vrrp?: Settings['vrrp'] | undefined;
  readonly admin?: Settings['admin'] | undefined;
}

/** What is left of a configuration that the schema refuses for `findings`. */
export function draftOf(value: unknown, findings: readonly Finding[]): Draft {
  const known = structuredClone(value);
  for (const { path } of findings) remove(known, path);
  const { node, listeners, sites, pools, cache, siblings, logs, dns, vrrp, admin } = settingsSchema.shape;
  const top = isMap(known) ? known : {};
  return {
    node: parsed(node, top.node),
    listeners: list(top.listeners).map((listener) => parsed(listeners.element, listener)),
    sites: list(top.sites).map((site) => parsed(sites.element, site)),
    pools: isMap(top.pools)
      ? Object.fromEntries(Object.entries(top.pools).map(([name, pool]) => [name, parsed(pools.valueType, pool)]))
      : undefined,
    cache: parsed(cache, top.cache),
    siblings: parsed(siblings, top.siblings),
    logs: parsed(logs, top.logs),
    dns: parsed(dns, top.dns),
    vrrp: parsed(vrrp, top.vrrp),
    admin: parsed(admin, top.admin),
  };
}

function parsed<T extends z.ZodType>(schema: T, value: unknown): z.output<T> | undefined {
  const result = schema.safeParse(value);
  return result.success ? result.data : undefined;
}

/** Takes out one setting, so that its default stands there. A pool stays: what names it is not wrong because it is. */
function remove(top: unknown, path: Path): void {
  const key = path[0] === 'pools' && path.length === 2 ? undefined : path.at(-1);
  const parent = path.slice(0, -1).reduce<unknown>((map, step) => (map as Record<PropertyKey, unknown>)?.[step], top);
  if (isMap(parent) && key !== undefined) delete parent[key];
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
