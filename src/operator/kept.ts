import type { Ms } from '../base/units.ts';
import type { Configured, DatacenterWord, Maintenance, NodeDrain, Override, Role } from './model.ts';

/** What operators said, as it is kept over restarts and reloads; and what of it a configuration leaves. Pure. */

/** An origin that the file does not have. */
export interface AddedOrigin {
  readonly url: string;
  readonly weight: number;
  readonly role: Role;
  readonly set: number;
  readonly by: string;
  readonly reason: string;
  readonly since: Ms;
}

/** An origin of the file that is not to be used. */
export interface RemovedOrigin {
  readonly by: string;
  readonly reason: string;
  readonly since: Ms;
  /** What the file said of it: when that changes, it is there again. */
  readonly was: Configured;
}

/** One thing that was said. `null`: it does not hold any more. */
export type Entry =
  | { readonly kind: 'override'; readonly pool: string; readonly id: string; readonly value: Override | null }
  | { readonly kind: 'added'; readonly pool: string; readonly id: string; readonly value: AddedOrigin | null }
  | { readonly kind: 'removed'; readonly pool: string; readonly id: string; readonly value: RemovedOrigin | null }
  /** Of a pool: its `id` is empty. */
  | { readonly kind: 'maintenance'; readonly pool: string; readonly id: ''; readonly value: Maintenance | null }
  /** Of the node: it has neither pool nor id, and no configuration ends it. */
  | { readonly kind: 'node'; readonly pool: ''; readonly id: ''; readonly value: NodeDrain | null }
  /** Of a datacenter, by its name; it belongs to no pool. */
  | { readonly kind: 'datacenter'; readonly pool: ''; readonly id: string; readonly value: DatacenterWord | null };

export type Kind = Entry['kind'];
export const KINDS: readonly Kind[] = ['override', 'added', 'removed', 'maintenance', 'node', 'datacenter'];

/** All that holds; none of the entries is `null`. */
export type Kept = ReadonlyMap<string, Entry>;

type ValueOf<K extends Kind> = NonNullable<Extract<Entry, { readonly kind: K }>['value']>;

export function keptOf<K extends Kind>(kept: Kept, kind: K, pool: string, id: string): ValueOf<K> | undefined {
  return kept.get(keyOf({ kind, pool, id }))?.value as ValueOf<K> | undefined;
}

/** Epoch milliseconds from which on it does not hold any more; `undefined`: until somebody ends it. */
export function expiryOf(entry: Entry): Ms | undefined {
  return entry.kind === 'override' || entry.kind === 'datacenter' ? entry.value?.expires : undefined;
}

/** What holds when these were said as well, in their order. */
export function withEntries(kept: Kept, entries: Iterable<Entry>): Kept {
  const next = new Map(kept);
  for (const entry of entries) {
    // Put at the end, so that what is written anew is in the order in which it was said.
    next.delete(keyOf(entry));
    if (entry.value !== null) next.set(keyOf(entry), entry);
  }
  return next;
}

/** The entry that ends this one. */
export function ended(entry: Entry): Entry {
  return { ...entry, value: null };
}

/** No id has a blank, so no two entries have the same key. */
function keyOf({ kind, pool, id }: Pick<Entry, 'kind' | 'pool' | 'id'>): string {
  return `${kind} ${id} ${pool}`;
}

/** What a file says: by pool, by id. */
export type FileOrigins = ReadonlyMap<string, ReadonlyMap<string, Configured>>;

export type DropReason =
  /** Its origin, or its pool, is not in the file any more. */
  | 'no longer configured'
  /** The file says something else of its origin than it did. */
  | 'configuration changed'
  /** The file has now what was added. */
  | 'now configured'
  | 'expired';

export interface Dropped {
  readonly entry: Entry;
  readonly because: DropReason;
}

/**
 * What does not hold with this configuration, or at this time. The file is right when it has changed: nothing that was
 * said of one origin is ever applied to another, or to one that is not what it was.
 */
export function droppedBy(kept: Kept, file: FileOrigins, now: Ms): Dropped[] {
  // In this order, as it depends on what is left of the removed ones what there is beside one that was added, and on
  // both what an override is of.
  const removed = droppedOf(kept, (entry) => becauseOfRemoved(entry, file));
  const holds = without(kept, removed);
  const added = droppedOf(holds, (entry) => becauseOfAdded(entry, file, holds));
  const rest = without(holds, added);
  return [...removed, ...added, ...droppedOf(rest, (entry) => becauseOfOverride(entry, file, rest, now))];
}

/** What holds with this configuration, at this time. */
export function holding(kept: Kept, file: FileOrigins, now: Ms): Kept {
  return without(kept, droppedBy(kept, file, now));
}

function droppedOf(kept: Kept, because: (entry: Entry) => DropReason | undefined): Dropped[] {
  return [...kept.values()].flatMap((entry) => {
    const reason = because(entry);
    return reason === undefined ? [] : [{ entry, because: reason }];
  });
}

function without(kept: Kept, dropped: readonly Dropped[]): Kept {
  return withEntries(
    kept,
    dropped.map(({ entry }) => ended(entry)),
  );
}

function becauseOfRemoved({ kind, pool, id, value }: Entry, file: FileOrigins): DropReason | undefined {
  if (kind === 'maintenance') return file.has(pool) ? undefined : 'no longer configured';
  return kind === 'removed' ? compared(file.get(pool)?.get(id), value?.was) : undefined;
}

/** The file has it now by its id, or by its url; an origin of that url that was removed does not count. */
function becauseOfAdded({ kind, pool, id, value }: Entry, file: FileOrigins, kept: Kept): DropReason | undefined {
  if (kind !== 'added' || value === null) return undefined;
  const origins = file.get(pool);
  if (origins === undefined) return 'no longer configured';
  const isThere = [...origins].some(
    ([each, { url }]) =>
      each === id || (isSameUrl(url, value.url) && keptOf(kept, 'removed', pool, each) === undefined),
  );
  return isThere ? 'now configured' : undefined;
}

function becauseOfOverride(entry: Entry, file: FileOrigins, kept: Kept, now: Ms): DropReason | undefined {
  const { kind, pool, id, value } = entry;
  const because =
    kind === 'override' ? compared(file.get(pool)?.get(id) ?? keptOf(kept, 'added', pool, id), value?.was) : undefined;
  return because ?? ((expiryOf(entry) ?? Number.POSITIVE_INFINITY) <= now ? 'expired' : undefined);
}

function compared(is: Configured | undefined, was: Configured | undefined): DropReason | undefined {
  if (is === undefined) return 'no longer configured';
  return was !== undefined && isSameConfigured(is, was) ? undefined : 'configuration changed';
}

export function isSameConfigured(one: Configured, other: Configured): boolean {
  return (['url', 'weight', 'role', 'set', 'route'] as const).every((name) => one[name] === other[name]);
}

export function isSameUrl(one: string, other: string): boolean {
  return one === other || new URL(one).origin === new URL(other).origin;
}

export function isSameMaintenance(one: Maintenance | undefined, other: Maintenance | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.page === other.page && one.retryAfter === other.retryAfter;
}
