import type { Actor } from '../../operator/commands.ts';
import type { PoolState } from '../../operator/model.ts';
import { refusedOf } from './change-origin.ts';
import { type Fields, formOf, type Refused, reasonField, timeField, timeInput } from './forms.ts';
import { type Html, html } from './html.ts';
import { backPath, maintenancePath } from './paths.ts';
import type { DashboardSource } from './source.ts';
import type { View } from './view.ts';

/** `/pools/NAME/maintenance`: answers all requests to a pool by a page, until somebody ends it. */
export function maintenanceForm(pool: PoolState, fields: Fields, view: View, refused?: Refused): Html {
  const { name, maintenance } = pool;
  const on = maintenance === undefined;
  const title = on ? 'Maintenance of' : 'End maintenance of';
  return formOf({
    title: html`${title} <span class="quiet">pool</span> <span class="target">${name}</span>`,
    action: maintenancePath(name),
    back: backPath(fields.get('back'), name),
    formToken: view.formToken,
    refused,
    done: `${name}: ${on ? 'maintenance' : 'maintenance ended'}`,
    about: on
      ? html`<p>All requests to the pool are answered by a page with status 503, until somebody ends it. Nothing is sent to its origins.</p>`
      : html`<p>Requests are sent to the origins again, at once.</p>`,
    fields: html`<input type="hidden" name="on" value="${on ? 1 : 0}">
${reasonField(fields, view.source.reasonRequired === true)}${
  on &&
  html`${timeInput(fields, { name: 'retry', label: 'Come again after', hint: 'is what clients are told (Retry-After).', initial: '30s' })}
<label class="field"><span>Page <span class="quiet">HTML, optional</span></span>
<textarea name="page" rows="4" placeholder="Empty: the splash page of the pool">${fields.get('page') ?? ''}</textarea></label>`
}`,
    send: on ? 'Show the page' : 'End maintenance',
  });
}

/** `undefined`: it is done, or was so. */
export function maintainPool(
  pool: PoolState,
  fields: Fields,
  actor: Actor,
  { operator, reasonRequired = false }: DashboardSource,
): Refused | undefined {
  const reason = (fields.get('reason') ?? '').trim();
  if (reasonRequired && reason === '')
    return { status: 422, detail: 'A reason is required: say why, for those who look later.' };
  const on = fields.get('on') === '1';
  if (on !== (pool.maintenance === undefined)) {
    return { status: 409, detail: 'Somebody did so meanwhile, as you can see. Nothing was changed by you.' };
  }
  const retry = timeField(fields, 'retry') ?? 30_000;
  if (retry === 'wrong') return { status: 422, detail: 'Expected a time such as 30s, 5m or 2h.' };
  const page = fields.get('page') ?? '';
  const shown = { page: page.trim() === '' ? undefined : page, retryAfter: Math.max(1, Math.round(retry / 1000)) };
  const outcome = operator.maintain(pool.name, on ? shown : undefined, reason, actor);
  return outcome.ok ? undefined : refusedOf(outcome.refusal);
}
