import type { Actor, AddressRefusal } from '../../operator/commands.ts';
import type { InstanceStatus } from '../../vrrp/agent/status.ts';
import type { VrrpPort } from '../api/vrrp-port.ts';
import type { AddressAction } from './address-actions.ts';
import { seenOfInstance } from './address-page.ts';
import { changedMeanwhile } from './change-origin.ts';
import type { Fields, Refused } from './forms.ts';

export interface ChangeAddressesParts {
  readonly port: VrrpPort;
  readonly actor: Actor;
  readonly reasonRequired: boolean;
}

/** Does what a form asks of an instance. `undefined`: it is done, or was so. */
export async function changeAddresses(
  { to }: AddressAction,
  instance: InstanceStatus,
  fields: Fields,
  { port, actor, reasonRequired }: ChangeAddressesParts,
): Promise<Refused | undefined> {
  const reason = (fields.get('reason') ?? '').trim();
  if (reasonRequired && reason === '')
    return { status: 422, detail: 'A reason is required: say why, for those who look later.' };
  if (fields.get('seen') !== seenOfInstance(instance)) {
    const { maintenance } = instance;
    return changedMeanwhile(
      maintenance && { by: maintenance.by, reason: maintenance.why },
      'no operator says anything of it',
    );
  }
  const outcome = await port.command(to, instance.name, reason, actor);
  return outcome.ok ? undefined : refusalOf(outcome.refusal);
}

const STATUSES: Readonly<Record<AddressRefusal['kind'], Refused['status']>> = {
  'unknown-instance': 404,
  'nothing-to-hand-over': 409,
  invalid: 422,
  'not-kept': 503,
  'agent-away': 503,
};

function refusalOf({ kind, detail }: AddressRefusal): Refused {
  return { status: STATUSES[kind], detail: `Nothing was changed: ${detail}` };
}
