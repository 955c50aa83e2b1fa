import type { Actor, DatacenterChange, DatacenterRefusal } from '../../operator/commands.ts';
import type { DatacenterState, DnsPort } from '../api/dns-port.ts';
import { changedMeanwhile, refusedOf } from './change-origin.ts';
import type { DatacenterAction } from './datacenter-actions.ts';
import { seenOfDatacenter } from './datacenter-page.ts';
import { type Fields, type Refused, timeField } from './forms.ts';
import { html } from './html.ts';

export interface ChangeDatacenterParts {
  readonly port: DnsPort;
  readonly actor: Actor;
  readonly reasonRequired: boolean;
}

/** Does what a form asks of a datacenter. `undefined`: it is done, or was so. */
export function changeDatacenter(
  { to }: DatacenterAction,
  datacenter: DatacenterState,
  fields: Fields,
  { port, actor, reasonRequired }: ChangeDatacenterParts,
): Refused | undefined {
  const reason = (fields.get('reason') ?? '').trim();
  if (reasonRequired && reason === '')
    return { status: 422, detail: 'A reason is required: say why, for those who look later.' };
  if (fields.get('seen') !== seenOfDatacenter(datacenter)) {
    return changedMeanwhile(datacenter.word, 'no operator says anything of it');
  }
  const expiresIn = to === 'active' ? undefined : timeField(fields, 'expires');
  if (expiresIn === 'wrong') return { status: 422, detail: 'Expected a time such as 30s, 5m or 2h, or nothing.' };
  const change: DatacenterChange = {
    admin: to,
    reason,
    ...(to !== 'active' && { expiresIn: expiresIn ?? null }),
    ...(fields.get('force') === '1' && { force: true }),
  };
  const outcome = port.setDatacenter(datacenter.name, change, actor);
  return outcome.ok ? undefined : refusalOf(outcome.refusal);
}

function refusalOf(refusal: DatacenterRefusal): Refused {
  const { kind, detail } = refusal;
  switch (kind) {
    case 'last-datacenter':
      return {
        status: 409,
        detail: html`<strong>This is the last one in service of those that some record chooses among.</strong> Without it, answers are given as if all were. Nothing was changed (${detail}).`,
        mayForce: true,
      };
    case 'unknown-datacenter':
      return { status: 404, detail: `Nothing was changed: ${detail}` };
    case 'invalid':
    case 'not-kept':
      return refusedOf({ kind, detail });
  }
}
