import type { Refusal } from '../../operator/commands.ts';

/** Why a change is refused: Portico's reasons, and those of whoever asks for what this page has not. */
export type RefusalReason =
  | Refusal['kind']
  | 'role-too-low'
  /** A page of another site asks, by what the browser says. */
  | 'foreign-origin'
  | 'wrong-nonce'
  /** A GET with the parameters of Apache 2.4, which takes them by POST alone. */
  | 'post-required'
  /** A GET with the parameters of Apache 2.2, and `compat.apache22` is off. */
  | 'apache22-off';

/** With `compat.strict_status`. */
const STRICT_STATUS: Readonly<Record<RefusalReason, number>> = {
  'role-too-low': 403,
  'foreign-origin': 403,
  'wrong-nonce': 403,
  'apache22-off': 403,
  'post-required': 400,
  invalid: 400,
  'unknown-pool': 404,
  'unknown-origin': 404,
  'last-active-origin': 409,
  'version-mismatch': 409,
  duplicate: 409,
  'not-kept': 503,
};

export const REFUSAL_REASONS = Object.keys(STRICT_STATUS) as readonly RefusalReason[];

/** Ends what was asked; nothing was changed. */
export class Refused extends Error {
  readonly reason: RefusalReason;
  /** Whether the operator's side has it in its audit log by now. */
  readonly isRecorded: boolean;

  /** `detail`: a sentence for a person, that says what was expected. */
  constructor(reason: RefusalReason, detail: string, { isRecorded = false }: { readonly isRecorded?: boolean } = {}) {
    super(detail);
    this.name = 'Refused';
    this.reason = reason;
    this.isRecorded = isRecorded;
  }
}

/** Without `compat.strict_status` Apache's: 400 for an origin that cannot be added, and 200 for all else. */
export function statusOf(reason: RefusalReason, isStrict: boolean, isAddition: boolean): number {
  if (isStrict) return STRICT_STATUS[reason];
  return isAddition && (reason === 'invalid' || reason === 'duplicate') ? 400 : 200;
}

/** Of a parameter whose value has no meaning here. */
export function invalid(name: string, expected: string, got: string): Refused {
  return new Refused('invalid', `${name}: expected ${expected}, got ${JSON.stringify(got.slice(0, 100))}`);
}
