import type { Ms } from '../../base/units.ts';
import type { InstancePlan } from '../plan.ts';
import { type AddressBytes, addressBytes } from '../wire/address.ts';
import { type Advertisement, type ChecksumForm, DECODE_REASONS, type DecodeReason } from '../wire/advertisement.ts';
import { CHECK_REASONS, type CheckReason, check, type Expectations } from '../wire/check.ts';
import { passwordBytes } from '../wire/encode.ts';
import { HMAC_REASONS, type HmacReason, HmacVerifier } from '../wire/hmac-verifier.ts';

/** Why an advertisement was not believed. */
export type DropReason = DecodeReason | CheckReason | HmacReason;

export const DROP_REASONS: readonly DropReason[] = [...DECODE_REASONS, ...CHECK_REASONS, ...HMAC_REASONS];

/** Of a group: so many routers are remembered by their signatures. */
const SENDERS = 4;

/** Whether advertisements for one instance are to be believed. */
export class AdvertChecking {
  readonly #expected: Expectations;
  readonly #verifier: HmacVerifier | undefined;
  #heard: ChecksumForm | undefined;

  /** `heard`: by a former one. */
  constructor({ rules, unicastPeers, hopLimits, password, hmac }: InstancePlan, heard?: ChecksumForm) {
    this.#heard = heard;
    const peers = unicastPeers.map((peer) => addressBytes(peer) as AddressBytes);
    this.#expected = {
      version: rules.version,
      vrid: rules.vrid,
      own: [],
      peers,
      hopLimits,
      interval: rules.interval,
      password: password === undefined ? undefined : passwordBytes(password),
      addresses: undefined,
    };
    this.#verifier = hmac && new HmacVerifier({ ...hmac, senders: Math.max(SENDERS, peers.length) });
  }

  /** Of the last advertisement that was believed. */
  get heard(): ChecksumForm | undefined {
    return this.#heard;
  }

  /** `own`: our addresses on the interface. `undefined`: it is believed. */
  refuses(advert: Advertisement, own: readonly AddressBytes[], wall: Ms): DropReason | undefined {
    const reason = check(advert, { ...this.#expected, own }) ?? this.#verifier?.refuses(advert, wall);
    if (reason === undefined) this.#heard = advert.checksum;
    return reason;
  }
}
