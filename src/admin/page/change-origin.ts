import type { Actor, Change, Outcome, Refusal } from '../../operator/commands.ts';
import type { OriginState } from '../../operator/model.ts';
import { type Fields, type Refused, timeField } from './forms.ts';
import { html } from './html.ts';
import type { Action } from './origin-actions.ts';
import { seenOf } from './origin-page.ts';
import type { DashboardSource } from './source.ts';

/** Does what a form asks of an origin. `undefined`: it is done, or was so. */
export function changeOrigin(
  action: Action,
  origin: OriginState,
  fields: Fields,
  actor: Actor,
  { operator, reasonRequired = false }: DashboardSource,
): Refused | undefined {
  const reason = (fields.get('reason') ?? '').trim();
  if (reasonRequired && reason === '')
    return { status: 422, detail: 'A reason is required: say why, for those who look later.' };
  if (fields.get('seen') !== seenOf(origin)) return changedMeanwhile(origin.override, 'it goes by the file again');
  if (action.to === 'file') return refusedBy(operator.clear(origin, reason, actor));
  const change = changeOf(action, origin, fields, reason);
  if ('status' in change) return change;
  return refusedBy(operator.change([origin], change, actor));
}

function changeOf(action: Action, origin: OriginState, fields: Fields, reason: string): Change | Refused {
  const [expiresIn, deadlineIn] = [timeField(fields, 'expires'), timeField(fields, 'deadline')];
  if (expiresIn === 'wrong' || deadlineIn === 'wrong') {
    return { status: 422, detail: 'Expected a time such as 30s, 5m or 2h, or nothing.' };
  }
  const rest = { reason, expiresIn, ifVersion: origin.version, ...(fields.get('force') === '1' && { force: true }) };
  switch (action.to) {
    case 'weight': {
      const weight = Number(fields.get('weight'));
      if (!Number.isInteger(weight) || weight < 1 || weight > 256) {
        return { status: 422, detail: 'Expected a weight that is a whole number from 1 to 256.' };
      }
      return { values: { weight }, ...rest };
    }
    case 'active':
      return { values: { admin: 'active' }, ...rest };
    case 'file':
      return { values: {}, ...rest };
    default: {
      const onDeadline = fields.get('then') === 'cut' ? 'cut' : 'keep';
      return { values: { admin: action.to }, ...rest, ...(deadlineIn !== undefined && { deadlineIn, onDeadline }) };
    }
  }
}

/** Somebody else's decision is not taken back unseen. `gone`: what holds when there is none any more. */
export function changedMeanwhile(
  said: { readonly by: string; readonly reason: string } | undefined,
  gone: string,
): Refused {
  const by =
    said === undefined
      ? gone
      : html`by <b class="said-by">${said.by}</b>${said.reason !== '' && html`: <q>${said.reason}</q>`}`;
  const detail = html`It was changed since you looked (${by}). Nothing was changed by you. If you still want it, send this once more.`;
  return { status: 409, detail };
}

function refusedBy(outcome: Outcome<unknown>): Refused | undefined {
  return outcome.ok ? undefined : refusedOf(outcome.refusal);
}

export function refusedOf({ kind, detail }: Refusal): Refused {
  switch (kind) {
    case 'last-active-origin':
      return {
        status: 409,
        detail: html`<strong>This is the last usable origin of its pool.</strong> Without it, requests wait in the queue and then get the splash page. Nothing was changed (${detail}).`,
        mayForce: true,
      };
    case 'not-kept':
      return { status: 503, detail: `Nothing was changed, as it could not be written to state_dir: ${detail}` };
    case 'unknown-pool':
    case 'unknown-origin':
      return { status: 404, detail: `Nothing was changed: ${detail}` };
    case 'invalid':
      return { status: 422, detail: `Nothing was changed: ${detail}` };
    case 'version-mismatch':
    case 'duplicate':
      return { status: 409, detail: `Nothing was changed: ${detail}` };
  }
}
