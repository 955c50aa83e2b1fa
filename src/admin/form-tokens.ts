import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * The nonce of forms: one for each user, the same as long as the process runs, in the shape of a UUID, which is what
 * Apache's balancer-manager has and its clients look for.
 */
export class FormTokens {
  readonly #key: Uint8Array;

  /** `key`: of 32 bytes; kept by who wants tokens to outlive the process. */
  constructor(key: Uint8Array = randomBytes(32)) {
    this.#key = key;
  }

  of(user: string): string {
    const hex = createHmac('sha256', this.#key).update(`form ${user}`).digest('hex');
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
  }

  isOf(user: string, text: string): boolean {
    const [given, expected] = [Buffer.from(text), Buffer.from(this.of(user))];
    return given.length === expected.length && timingSafeEqual(given, expected);
  }
}
