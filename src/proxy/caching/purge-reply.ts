import type { Cache } from '../../cache/cache.ts';
import { purgeAsked } from '../../cache/purge/purge-request.ts';
import type { CacheRules } from '../../cache/rules.ts';
import type { OwnReply } from '../error-page.ts';
import type { RequestHead } from '../exchange.ts';
import type { Siblings } from '../siblings.ts';

/**
 * Does what a PURGE request asks for, and answers it when the siblings have been told, if there are any; see `purgeAsked`.
 * `rules`: of the route that its target takes.
 */
export function purgeReply(
  head: RequestHead,
  rules: CacheRules,
  cache: Cache,
  siblings: Pick<Siblings, 'purged'> | undefined,
): OwnReply | Promise<OwnReply> {
  const asked = purgeAsked(head, rules);
  if (!asked.ok) return json(400, { error: asked.problem });
  try {
    const { problem } = cache.purge(asked.orders, asked.soft);
    // Done it is; but it would be undone by a restart.
    const warning = problem === undefined ? undefined : `not remembered beyond a restart: ${problem.message}`;
    const { orders, soft } = asked;
    if (siblings === undefined) return json(200, { purged: orders, soft, warning });
    return siblings.purged(orders, soft).then((told) => json(200, { purged: orders, soft, warning, siblings: told }));
  } catch (error) {
    return json(503, { error: (error as Error).message });
  }
}

function json(status: number, value: object): OwnReply {
  const body = Buffer.from(`${JSON.stringify(value)}\n`);
  const fields = [
    'content-type',
    'application/json',
    'content-length',
    String(body.length),
    'cache-control',
    'no-store',
  ];
  return { status, fields, body };
}
