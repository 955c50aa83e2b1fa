/**
 * What a shared cache is, without all that makes it fast: one map, no tiers, no threads, no time but the one it is told.
 * It knows as much of RFC 9111 as the steps below can tell apart. Portico, whatever it does inside, has to answer as it does.
 */

export type Language = 'en' | 'fr';

export interface Ask {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly path: string;
  /** Accept-Language; `undefined`: the field is not sent. */
  readonly language: Language | undefined;
}

/** What the origin has at a path. Whether it varies and has a validator follows from the path: see `variesAt`. */
export interface Resource {
  /** Each change is a new version, and with it a new body and a new ETag. */
  readonly version: number;
  readonly status: 200 | 404;
  /** Cache-Control. Seconds for `max-age=`. */
  readonly policy: number | 'no-store' | 'no-cache';
  /** Surrogate-Key. */
  readonly tag: string;
}

export type Purge =
  | { readonly kind: 'url' | 'prefix' | 'tag'; readonly what: string; readonly soft: boolean }
  | { readonly kind: 'all'; readonly soft: boolean };

/** A reply as far as it has to be the same. */
export interface Reply {
  /** `unreachable`: whatever 5xx a proxy makes of an origin that cannot be reached. */
  readonly status: number | 'unreachable';
  /** Empty for HEAD, and where there is no answer of the origin to show. */
  readonly body: string;
  /** Seconds; 0 where the field is absent. */
  readonly age: number;
  /** How often the origin was asked for it, with or without a condition: an unreachable one not at all. */
  readonly forwarded: number;
}

/** Vary: Accept-Language. Fixed for a path: how long a cache keeps to a former Vary is its own affair. */
export function variesAt(path: string): boolean {
  return path.endsWith('v');
}

/** Whether there is an ETag. */
export function hasValidatorAt(path: string): boolean {
  return !path.includes('plain');
}

/** No two versions are of one length, so that a Content-Length tells them apart where there is no ETag. */
export function bodyOf(path: string, { version }: Resource, language: Language | undefined): string {
  const variant = variesAt(path) ? ` in ${language ?? 'any language'}` : '';
  return `${path} version ${version}${variant}${'.'.repeat(version)}`;
}

export function etagOf(path: string, { version }: Resource, language: Language | undefined): string {
  return `"${version}${variesAt(path) ? `-${language ?? 'any'}` : ''}"`;
}

export function cacheControlOf({ policy }: Resource): string {
  return typeof policy === 'number' ? `max-age=${policy}` : policy;
}

interface Stored {
  readonly path: string;
  readonly resource: Resource;
  readonly body: string;
  /** Seconds. */
  readonly since: number;
  /** Whatever its age: it was purged softly, or is known to be outdated. */
  readonly stale: boolean;
}

export class ModelCache {
  readonly #stored = new Map<string, Stored>();
  readonly #resources = new Map<string, Resource>();
  #now = 0;
  #reachable = true;

  request({ method, path, language }: Ask): Reply {
    const key = variesAt(path) ? `${path} ${language}` : path;
    const stored = method === 'POST' ? undefined : this.#stored.get(key);
    const shown = (body: string) => (method === 'HEAD' ? '' : body);
    if (stored !== undefined && this.#isFresh(stored)) return this.#fromCache(stored, shown(stored.body));

    const resource = this.#resources.get(path);
    if (!this.#reachable || resource === undefined) {
      // RFC 9111 §4.2.4: disconnected, and nothing forbids it.
      const servable = stored !== undefined && stored.resource.policy !== 'no-cache';
      return servable
        ? this.#fromCache(stored, shown(stored.body))
        : { status: 'unreachable', body: '', age: 0, forwarded: 0 };
    }
    const body = bodyOf(path, resource, language);
    if (method === 'GET') this.#store(key, { path, resource, body, since: this.#now, stale: false });
    if (method === 'HEAD') this.#freshen(key, resource);
    if (method === 'POST') this.#remove((entry) => entry.path === path); // RFC 9111 §4.4; a POST is answered with 200.
    if (method === 'POST') return { status: 200, body: 'posted', age: 0, forwarded: 1 };
    return { status: resource.status, body: shown(body), age: 0, forwarded: 1 };
  }

  purge(purge: Purge): void {
    const hit = (entry: Stored) => {
      if (purge.kind === 'all') return true;
      if (purge.kind === 'tag') return entry.resource.tag === purge.what;
      return purge.kind === 'url' ? entry.path === purge.what : entry.path.startsWith(purge.what);
    };
    if (!purge.soft) this.#remove(hit);
    for (const [key, entry] of this.#stored) if (hit(entry)) this.#stored.set(key, { ...entry, stale: true });
  }

  advance(seconds: number): void {
    this.#now += seconds;
  }

  change(path: string, resource: Resource): void {
    this.#resources.set(path, resource);
  }

  reach(reachable: boolean): void {
    this.#reachable = reachable;
  }

  #isFresh({ resource: { policy }, since, stale }: Stored): boolean {
    return !stale && typeof policy === 'number' && policy > this.#now - since;
  }

  #fromCache({ resource, since }: Stored, body: string): Reply {
    return { status: resource.status, body, age: this.#now - since, forwarded: 0 };
  }

  /** What may not be stored still takes the place of what it is newer than. */
  #store(key: string, entry: Stored): void {
    if (entry.resource.policy === 'no-store') this.#stored.delete(key);
    else this.#stored.set(key, entry);
  }

  /** RFC 9111 §4.3.5: a HEAD renews what it describes, and makes stale what it does not. */
  #freshen(key: string, resource: Resource): void {
    const entry = this.#stored.get(key);
    if (entry === undefined || entry.resource.status !== 200 || resource.status !== 200) return;
    const same = entry.resource.version === resource.version;
    this.#stored.set(key, same ? { ...entry, since: this.#now, stale: false } : { ...entry, stale: true });
  }

  #remove(which: (entry: Stored) => boolean): void {
    for (const [key, entry] of this.#stored) if (which(entry)) this.#stored.delete(key);
  }
}
