import type { Ms } from '../base/units.ts';
import type { Invalidations } from './invalidations.ts';
import type { CacheMemory, Found as Entry } from './memory/cache-memory.ts';
import type { CacheRequest, Fields } from './message.ts';
import type { BanBoard } from './purge/ban-board.ts';
import { CacheQuery } from './query.ts';
import type { CacheRules } from './rules.ts';
import { fieldValue } from './select/field.ts';
import { type Scheme, urlOfKey } from './select/key.ts';
import { parseRequestCacheControl } from './semantics/cache-control.ts';
import { decideReuse } from './semantics/reuse.ts';
import type { StoredResponse } from './stored.ts';
import { decodeHead } from './stored-head.ts';

/** What somebody wants to know whether there is a response to it. */
export interface Question {
  readonly scheme: Scheme;
  /** As keys have it: in lower case, with a port only where it is not the usual one; but it may be one of ours. */
  readonly host: string;
  /** Path and query, byte for byte. */
  readonly target: string;
  /** All fields of the request that the cache would look at. `undefined`: who asks does not say; the question is *blind*. */
  readonly fields: Fields | undefined;
}

/** A response that may be served to whoever is going to ask for it. */
export interface Holding {
  /** How long it stays fresh. */
  readonly ttl: Ms;
  /** `undefined`: it is on disk alone, where nobody has looked. */
  readonly stored: StoredResponse | undefined;
}

/** The rules of the route that such a request takes; `host` without a port. `undefined`: no site answers for it. */
export type RulesOf = (host: string, target: string) => CacheRules | undefined;

export interface InquiryParts {
  /** The one that there is now: it may be replaced. */
  readonly memory: () => CacheMemory;
  readonly bans: BanBoard;
  readonly invalidations: Invalidations;
  readonly rulesOf: RulesOf;
  /** Whether we listen there, for whom it is in no key. */
  readonly isOwnPort: (port: number) => boolean;
  readonly now: () => Ms;
}

/**
 * Tells from memory alone whether there is a response that may be served to anyone: in some microseconds, without a look
 * at the disk, and without leaving a trace. It may be wrong at times, and who comes for the response and does not get it
 * has to go elsewhere: it may be evicted meanwhile, or be on disk alone and have a tag that was purged, since tags are
 * known to who has read the head.
 */
export class Inquiry {
  readonly #memory: () => CacheMemory;
  readonly #bans: BanBoard;
  readonly #invalidations: Invalidations;
  readonly #rulesOf: RulesOf;
  readonly #isOwnPort: (port: number) => boolean;
  readonly #now: () => Ms;

  constructor({ memory, bans, invalidations, rulesOf, isOwnPort, now }: InquiryParts) {
    this.#memory = memory;
    this.#bans = bans;
    this.#invalidations = invalidations;
    this.#rulesOf = rulesOf;
    this.#isOwnPort = isOwnPort;
    this.#now = now;
  }

  /** `freshFor`: what would be stale by then is not worth the way. `undefined`: there is nothing, or nothing for sure. */
  ask(question: Question, freshFor: Ms): Holding | undefined {
    const { scheme, target, fields } = question;
    const [, name = '', port] = /^(.*?)(?::(\d+))?$/.exec(question.host) ?? [];
    const rules = this.#rulesOf(name, target);
    if (rules?.enabled !== true) return undefined;
    // Who comes later has fields that the key would tell apart.
    if (fields === undefined && rules.keyHeaders.length > 0) return undefined;
    const isOwn = port !== undefined && port !== USUAL_PORT[scheme] && this.#isOwnPort(Number(port));
    const host = isOwn ? name : question.host;
    const query = new CacheQuery(requestOf(target, fields ?? []), scheme, host, rules, undefined);
    const holding = fields === undefined ? this.#anyVariant(query) : this.#itsVariant(query);
    return holding !== undefined && holding.ttl >= freshFor ? holding : undefined;
  }

  /**
   * The variant that the fields select. One in another language that would do as well counts as none: whoever asks for
   * the language itself is not misled.
   */
  #itsVariant(query: CacheQuery): Holding | undefined {
    const memory = this.#memory();
    const variantOf = (spec: number) => memory.hashOf(query.variantOf(memory.namesOf(spec).split('\n')));
    const newest = memory.find(memory.hashOf(query.key), variantOf);
    if (newest === undefined) return undefined;
    const { previous } = newest;
    try {
      // As a look-up has it: what is being fetched is for those who find nothing else.
      return this.#look(memory, query, previous ?? newest, true);
    } finally {
      if (previous !== undefined) memory.unpin(previous.slot);
      memory.unpin(newest.slot);
    }
  }

  /** Without a word of fields: what there is, if there are no two that fields would tell apart. */
  #anyVariant(query: CacheQuery): Holding | undefined {
    const memory = this.#memory();
    const entries = memory.list(memory.hashOf(query.key));
    try {
      const there = entries.filter(({ state }) => state === 'complete' || state === 'filling');
      if (there.length > 1 && !areOfOneVariant(memory, there)) return undefined;
      const whole = there.filter(({ state }) => state === 'complete');
      const newest = (whole.length > 0 ? whole : there).reduce<Entry | undefined>(newerOf, undefined);
      return newest && this.#look(memory, query, newest, false);
    } finally {
      for (const { slot } of entries) memory.unpin(slot);
    }
  }

  #look(memory: CacheMemory, query: CacheQuery, { slot, state }: Entry, exact: boolean): Holding | undefined {
    if (state !== 'complete' && state !== 'filling') return undefined;
    // Of what is coming and of unknown length, nobody knows whether it will be too long to be stored.
    if (state === 'filling' && memory.news(slot).length === undefined) return undefined;
    const head = memory.readHead(slot);
    if (head === undefined) return this.#onDisk(memory, query, slot);
    const stored = decodeHead(head);
    if (stored.key !== query.key || stored.part !== undefined) return undefined;
    if (exact && query.variantOf(stored.vary) !== stored.variant) return undefined;
    if (!this.#isKept(memory, stored)) return undefined;
    const reuse = decideReuse(query.request, stored, this.#now());
    return reuse.kind === 'hit' ? { ttl: reuse.ttl, stored } : undefined;
  }

  /** By what the index knows of it. */
  #onDisk(memory: CacheMemory, { key, request }: CacheQuery, slot: number): Holding | undefined {
    const { disk } = memory.describe(slot);
    if (disk === undefined) return undefined;
    if (!this.#isKept(memory, { key, tags: [], sequence: disk.sequence })) return undefined;
    const ttl = disk.freshUntil - this.#now();
    const {
      noCache,
      maxAge,
      minFresh = 0,
    } = parseRequestCacheControl(request.known.cacheControl, request.known.pragma);
    // Its age is not known here.
    if (noCache || maxAge !== undefined || ttl <= minFresh) return undefined;
    return { ttl, stored: undefined };
  }

  /** Whether neither purges, be they soft, nor unsafe requests are against it. */
  #isKept(memory: CacheMemory, subject: Pick<StoredResponse, 'key' | 'tags' | 'sequence'>): boolean {
    const cell = this.#invalidations.cellOf(memory.hashOf(urlOfKey(subject.key)));
    return this.#invalidations.isValid(cell, subject.sequence) && this.#bans.verdict(subject) === 'keep';
  }
}

/** Who names it has made a key that is none of ours, nor of anybody who asks by the rules. */
const USUAL_PORT = { http: '80', https: '443' } as const;

/** Of what a request may say, what has to do with which response answers it. */
function requestOf(target: string, fields: Fields): CacheRequest {
  const known = {
    acceptEncoding: fieldValue(fields, 'accept-encoding'),
    authorization: undefined,
    cacheControl: fieldValue(fields, 'cache-control'),
    cookie: fieldValue(fields, 'cookie'),
    ifMatch: undefined,
    ifModifiedSince: undefined,
    ifNoneMatch: undefined,
    ifRange: undefined,
    ifUnmodifiedSince: undefined,
    pragma: fieldValue(fields, 'pragma'),
    range: undefined,
  };
  return { method: 'GET', target, fields, known };
}

function areOfOneVariant(memory: CacheMemory, entries: readonly Entry[]): boolean {
  const names = entries.map(({ slot }) => {
    const { spec, variant } = memory.describe(slot);
    return `${spec} ${variant.high} ${variant.low}`;
  });
  return names.every((name) => name === names[0]);
}

function newerOf(a: Entry | undefined, b: Entry): Entry {
  return a === undefined || b.sequence > a.sequence ? b : a;
}
