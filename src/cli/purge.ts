import { AdminClient } from './admin-client.ts';
import { command, type Options, type Surroundings, UsageError, type Values } from './command.ts';
import { findNode } from './find-node.ts';
import { NODE_OPTIONS } from './node-options.ts';
import { reasonOr } from './reason.ts';
import { type PurgedSibling, purgedSiblings } from './replies.ts';
import { visible } from './screen.ts';
import { plural } from './words.ts';

const OPTIONS = {
  prefix: { kind: 'texts', value: 'URL', says: 'every URL that begins so; may be given again' },
  tag: { kind: 'texts', value: 'TAG', says: 'every response with this Surrogate-Key or Cache-Tag; may be given again' },
  all: { kind: 'flag', says: 'everything' },
  soft: { kind: 'flag', says: 'makes it stale, but keeps it for when the origin fails' },
  reason: { kind: 'text', value: 'TEXT', says: 'why, for the audit log' },
  ...NODE_OPTIONS,
} as const satisfies Options;

type PurgeValues = Values<typeof OPTIONS>;

export const PURGE = command({
  name: 'purge',
  operands: { form: '[URL…]', least: 0, most: Number.POSITIVE_INFINITY },
  summary: 'takes responses out of the cache',
  details: [
    'When it returns, no worker serves what was purged, and no fetch that was under way brings it back. What became of it',
    'at siblings is told for each; one that was not there is warned of, and purges when it comes back.',
  ],
  examples: [
    ['purge http://www.example.com/a.css', 'one URL, in all its variants, by http and https'],
    ['purge --prefix http://www.example.com/news/', 'all that begin so'],
    ['purge --tag article-7 --soft', 'all with this tag is stale, and kept in case the origin fails'],
  ],
  options: OPTIONS,
  async run(urls, values, surroundings) {
    const what = order(urls, values);
    const client = new AdminClient(await findNode(values, surroundings));
    const body = { ...what.body, soft: values.soft, reason: reasonOr(values.reason, 'purge') };
    const siblings = purgedSiblings(await client.ask('/cache/purge', { method: 'POST', body }));
    surroundings.out.write(`purged${values.soft ? ' softly' : ''}: ${what.said}\n`);
    for (const sibling of siblings) tell(sibling, surroundings);
    return 0;
  },
});

/** What was not purged there is no failure: it is purged here, and cannot come back from there. */
function tell({ peer, outcome }: PurgedSibling, { out, err }: Pick<Surroundings, 'out' | 'err'>): void {
  const name = visible(peer);
  const warning = WARNINGS.get(outcome);
  if (warning !== undefined) err.write(`portico: ${name} ${warning}\n`);
  else if (outcome === 'not-told') out.write(`${name}: not told, as it takes no such purge\n`);
  else out.write(`${name}: ${visible(outcome)}\n`);
}

const WARNINGS: ReadonlyMap<string, string> = new Map([
  ['not-reached', 'was not reached: it purges when it comes back'],
  ['not-acknowledged', 'has not acknowledged it in time, and may serve it still'],
]);

interface Order {
  readonly body: object;
  readonly said: string;
}

/** `--all` with something else would leave open whether all is meant. */
function order(urls: readonly string[], { prefix, tag, all }: PurgeValues): Order {
  for (const url of [...urls, ...prefix]) {
    if (!/^https?:\/\/[^/?#\s]+/i.test(url)) {
      throw new UsageError(`expected a URL such as http://www.example.com/a.css, got ${JSON.stringify(url)}`);
    }
  }
  if (tag.includes('')) throw new UsageError('--tag: expected a tag, got nothing');
  const parts: readonly Order[] = [
    ...(urls.length === 0 ? [] : [{ body: { urls }, said: plural(urls.length, 'URL') }]),
    ...(prefix.length === 0 ? [] : [{ body: { prefixes: prefix }, said: `what begins with ${prefix.join(' or ')}` }]),
    ...(tag.length === 0 ? [] : [{ body: { tags: tag }, said: `what has tag ${tag.join(' or ')}` }]),
  ];
  if (all && parts.length > 0) throw new UsageError('expected --all alone, got something else beside it');
  if (all) return { body: { all }, said: 'everything' };
  if (parts.length === 0) throw new UsageError('expected URLs, --prefix, --tag or --all');
  return { body: Object.assign({}, ...parts.map(({ body }) => body)), said: parts.map(({ said }) => said).join(', ') };
}
