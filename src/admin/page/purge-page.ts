import type { Actor } from '../../operator/commands.ts';
import type { PurgeCommand } from '../api/context.ts';
import { type Fields, formOf, type Refused, reasonField } from './forms.ts';
import { type Html, html } from './html.ts';
import { CACHE_PATH, PURGE_PATH } from './paths.ts';
import type { DashboardSource } from './source.ts';
import type { View } from './view.ts';

/** Forgets what is stored: URLs, prefixes, tags, or everything. */

const KINDS = [
  { kind: 'urls', name: 'URLs', hint: 'http://HOST/PATH, with all variants' },
  { kind: 'prefixes', name: 'Prefixes', hint: 'http://HOST/PATH: all that begin so' },
  { kind: 'tags', name: 'Tags', hint: 'of Surrogate-Key or Cache-Tag' },
  { kind: 'all', name: 'Everything', hint: 'takes a reason' },
] as const;

/** `/cache/purge` */
export function purgeForm(fields: Fields, view: View, refused?: Refused): Html {
  const chosen = fields.get('kind') ?? 'urls';
  return formOf({
    title: 'Purge the cache',
    action: PURGE_PATH,
    back: CACHE_PATH,
    formToken: view.formToken,
    refused,
    done: 'Purged',
    fields: html`<fieldset class="kinds"><legend>What</legend>${KINDS.map(
      ({ kind, name, hint }) =>
        html`<label><input type="radio" name="kind" value="${kind}"${kind === chosen && html` checked`}> <span>${name}</span> <span class="hint">${hint}</span></label>`,
    )}</fieldset>
<label class="field"><span>Which <span class="quiet">one on a line</span></span><textarea name="which" rows="4" spellcheck="false" autofocus>${fields.get('which') ?? ''}</textarea></label>
<label class="check"><input type="checkbox" name="soft" value="1"${fields.get('soft') === '1' && html` checked`}> <span>Soft: stale from now on, but good enough where stale will do</span></label>
${reasonField(fields, view.source.reasonRequired === true)}`,
    send: 'Purge',
  });
}

export interface Purged {
  readonly purges: number;
  /** Siblings that have not acknowledged it. */
  readonly missed: readonly string[];
}

/** What was purged, or why it was nothing. Notes it in the audit log. */
export async function purgeCache(fields: Fields, actor: Actor, source: DashboardSource): Promise<Purged | Refused> {
  const { purge, operator, reasonRequired = false } = source;
  if (purge === undefined) return { status: 409, detail: 'This node has no cache.' };
  const reason = (fields.get('reason') ?? '').trim();
  const order = orderOf(fields);
  if ('status' in order) return order;
  if (reason === '' && (reasonRequired || order.all)) {
    return { status: 422, detail: order.all ? 'To forget everything takes a reason.' : 'A reason is required.' };
  }
  const result = await purge(order);
  if (!result.ok) {
    const details = result.problems.map(({ list, index, detail }) => `${order[list][index]}: ${detail}`);
    return { status: 422, detail: `Nothing was purged. ${details.join('; ')}` };
  }
  const { dryRun: _, ...after } = order;
  const { name, source: way, address } = actor;
  operator.record({ actor: name, source: way, address, action: 'cache.purge', target: 'cache', after, reason });
  const missed = result.siblings.filter(({ outcome }) => outcome === 'not-reached' || outcome === 'not-acknowledged');
  return { purges: result.purges, missed: missed.map(({ peer }) => peer) };
}

function orderOf(fields: Fields): PurgeCommand | Refused {
  const kind = fields.get('kind');
  const which = (fields.get('which') ?? '').split(/\r?\n/).map((line) => line.trim());
  const list = which.filter((line) => line !== '');
  const order = { urls: [], prefixes: [], tags: [], all: false, soft: fields.get('soft') === '1', dryRun: false };
  if (kind === 'all') {
    return list.length === 0
      ? { ...order, all: true }
      : { status: 422, detail: 'Expected no lines where everything is purged: is it these, or everything?' };
  }
  if (kind !== 'urls' && kind !== 'prefixes' && kind !== 'tags')
    return { status: 422, detail: 'Expected a choice of what.' };
  if (list.length === 0) return { status: 422, detail: 'Expected at least one line that says which.' };
  return { ...order, [kind]: list };
}
