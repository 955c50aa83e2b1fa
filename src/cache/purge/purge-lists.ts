import type { CacheRules } from '../rules.ts';
import { type PurgedUrl, parsePurgedUrl } from '../select/key.ts';
import { TAG_LENGTH_MAX } from '../select/tags.ts';
import type { PurgeOrder } from './order.ts';
import { prefixOrders, urlOrders } from './purge-request.ts';

/** What the admin API asks to purge: lists, or everything. */
export interface PurgeLists {
  readonly urls: readonly string[];
  readonly prefixes: readonly string[];
  readonly tags: readonly string[];
  readonly all: boolean;
}

export type ListedOrders =
  | { readonly ok: true; readonly orders: readonly PurgeOrder[] }
  | { readonly ok: false; readonly problems: readonly ListProblem[] };

export interface ListProblem {
  readonly list: 'urls' | 'prefixes' | 'tags';
  readonly index: number;
  readonly detail: string;
}

/** All or none. `rulesOf`: of the route that a URL takes. */
export function listedOrders(
  { urls, prefixes, tags, all }: PurgeLists,
  rulesOf: (url: PurgedUrl) => Pick<CacheRules, 'ignoreQuery'>,
): ListedOrders {
  if (all) return { ok: true, orders: [{ kind: 'all' }] };
  const problems: ListProblem[] = [];
  const read = (
    list: 'urls' | 'prefixes',
    texts: readonly string[],
    orders: (url: PurgedUrl) => readonly PurgeOrder[],
  ) =>
    texts.flatMap((text, index) => {
      const url = parsePurgedUrl(text);
      if (url !== undefined) return orders(url);
      problems.push({
        list,
        index,
        detail: `expected http://HOST/PATH or https://HOST/PATH, got ${JSON.stringify(text)}`,
      });
      return [];
    });
  const orders = [
    ...read('urls', urls, (url) => urlOrders(url, rulesOf(url))),
    ...read('prefixes', prefixes, prefixOrders),
    ...tags.map((tag): PurgeOrder => ({ kind: 'tag', text: asInFields(tag) })),
  ];
  for (const [index, tag] of tags.entries()) {
    if (isTag(asInFields(tag))) continue;
    const detail = `expected a tag of 1 to ${TAG_LENGTH_MAX} bytes without space around it, got ${JSON.stringify(tag)}`;
    problems.push({ list: 'tags', index, detail });
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, orders };
}

/** Field values are bytes to us, one a character; letters beyond ASCII come in them as UTF-8. */
function asInFields(tag: string): string {
  return Buffer.from(tag).toString('latin1');
}

function isTag(tag: string): boolean {
  return (
    tag.length <= TAG_LENGTH_MAX && /^[\x21-\x7e\x80-\xff](?:[\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?$/.test(tag)
  );
}
