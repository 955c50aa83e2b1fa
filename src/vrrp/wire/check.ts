import type { Ms } from '../../base/units.ts';
import { type AddressBytes, includesAddress, isMulticast, sameAddresses, sameBytes } from './address.ts';
import { type Advertisement, AUTH_TYPE, PRIORITY, type Version } from './advertisement.ts';

/** What the settings of a virtual router make us expect of others' advertisements. */
export interface Expectations {
  readonly version: Version;
  readonly vrid: number;
  /** Our own addresses, of the family of the virtual router. */
  readonly own: readonly AddressBytes[];
  /** From whom unicast is taken. Empty: all is multicast. */
  readonly peers: readonly AddressBytes[];
  /** Of unicast, which may come through routers; 255 to 255 is as strict as multicast. */
  readonly hopLimits: { readonly least: number; readonly most: number };
  /** Version 2 alone: RFC 3768 §7.1. Version 3 learns it. */
  readonly interval: Ms;
  /** Version 2 alone: 8 bytes (`passwordBytes`), `undefined` without a password. */
  readonly password: Uint8Array | undefined;
  /** If a list that differs is to be dropped; `undefined`: others are taken, and whoever wants to know compares them. */
  readonly addresses: readonly AddressBytes[] | undefined;
}

/** Why an advertisement is not for a virtual router of ours. Each is a drop that is counted: the names stay as they are. */
export const CHECK_REASONS = [
  /** Ours, come back. Not worth an alarm; all others are, for a VRID of ours. */
  'own-source',
  'vrid-unknown',
  /** 2 where we speak 3, or the other way round. */
  'version-differs',
  /** Multicast where unicast is set, or the other way round. */
  'destination',
  /** Unicast of none of the peers. */
  'peer-unknown',
  /** Unicast from nearer or farther than is set. */
  'hop-limit',
  /** A password where we have none, or none where we have one, or a type that nobody has. */
  'auth-type',
  'auth-data',
  /** Version 2: not our interval. */
  'interval-differs',
  /** Other addresses than ours. Never of their owner (RFC 3768 §7.1). */
  'addresses-differ',
] as const;

export type CheckReason = (typeof CHECK_REASONS)[number];

/** Why it is dropped; `undefined`: it is to be believed, but for its signature. */
export function check(advertisement: Advertisement, expected: Expectations): CheckReason | undefined {
  const { version, vrid, source, addresses, priority } = advertisement;
  if (includesAddress(expected.own, source)) return 'own-source';
  if (vrid !== expected.vrid) return 'vrid-unknown';
  if (version !== expected.version) return 'version-differs';
  const problem = problemOfPath(advertisement, expected) ?? problemOfVersion2(advertisement, expected);
  if (problem !== undefined) return problem;
  if (expected.addresses === undefined || priority === PRIORITY.OWNER) return undefined;
  return sameAddresses(addresses, expected.addresses) ? undefined : 'addresses-differ';
}

function problemOfPath(advertisement: Advertisement, { peers, hopLimits }: Expectations): CheckReason | undefined {
  const { source, destination, hopLimit } = advertisement;
  const isUnicast = peers.length > 0;
  if (isMulticast(destination) === isUnicast) return 'destination';
  if (!isUnicast) return undefined;
  if (!includesAddress(peers, source)) return 'peer-unknown';
  return hopLimit < hopLimits.least || hopLimit > hopLimits.most ? 'hop-limit' : undefined;
}

function problemOfVersion2(advertisement: Advertisement, expected: Expectations): CheckReason | undefined {
  const { authType, authData, interval } = advertisement;
  if (authData === undefined) return undefined;
  const { password } = expected;
  if (authType !== (password === undefined ? AUTH_TYPE.NONE : AUTH_TYPE.PASS)) return 'auth-type';
  if (password !== undefined && !sameBytes(authData, password)) return 'auth-data';
  return interval === expected.interval ? undefined : 'interval-differs';
}
