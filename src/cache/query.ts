import type { CacheRequest } from './message.ts';
import type { CacheRules, RefreshRule } from './rules.ts';
import { primaryKey, type Scheme, urlOf } from './select/key.ts';
import { variantKey } from './select/vary.ts';

/** Behind a key: no value of a field can be so. */
const PART = '\n\npart';
const GROWN = '\n\ngrown';

/** A request as the cache is asked for it: its key, and what it has in the fields that responses vary by. */
export class CacheQuery {
  readonly request: CacheRequest;
  readonly rules: CacheRules;
  /** The first of `rules.refresh` whose path matches. */
  readonly refresh: RefreshRule | undefined;
  readonly key: string;
  readonly #scheme: Scheme;
  readonly #host: string;
  #vary: readonly string[] | undefined;
  #variant = '';

  /** The same request, asked for parts of the response that are stored. Its URL part stays: purges are for both. */
  get part(): CacheQuery {
    return new CacheQuery(this.request, this.#scheme, this.#host, this.rules, this.refresh, `${this.key}${PART}`);
  }

  /** Under this key it is remembered that the response grew too large. */
  get grown(): CacheQuery {
    return new CacheQuery(this.request, this.#scheme, this.#host, this.rules, this.refresh, `${this.key}${GROWN}`);
  }

  /** `host` in lower case and without a port. */
  constructor(
    request: CacheRequest,
    scheme: Scheme,
    host: string,
    rules: CacheRules,
    refresh: RefreshRule | undefined,
    key = primaryKey(scheme, host, request, rules),
  ) {
    this.request = request;
    this.rules = rules;
    this.refresh = refresh;
    this.key = key;
    this.#scheme = scheme;
    this.#host = host;
  }

  /** The target URI as the client has it, without a port. */
  get uri(): string {
    return `${this.#scheme}://${this.#host}${this.request.target}`;
  }

  /** The URL part of the keys of a URI of the same scheme and host. */
  urlOf(uri: string): string {
    return urlOf(this.#scheme, this.#host, uri.slice(`${this.#scheme}://${this.#host}`.length), this.rules);
  }

  /** What the request has in these fields; see `variantKey`. */
  variantOf(vary: readonly string[]): string {
    if (vary.length === 0) return '';
    if (vary !== this.#vary) {
      this.#vary = vary;
      this.#variant = variantKey(vary, this.request, this.rules);
    }
    return this.#variant;
  }
}
