import { LRUCache } from 'lru-cache';
import type { Ms } from '../base/units.ts';
import type { OperatorPort } from '../operator/commands.ts';
import { networkOf } from './access/login-delays.ts';
import type { Principal } from './role.ts';

/** The same again within that is not written down again: a program that asks once a second fills no log. */
const AGAIN: Ms = 5 * 60_000;

export interface Refused {
  readonly user: Principal;
  readonly address: string;
  readonly method: string;
  /** As it was asked for, and of the route that it led to. */
  readonly path: string;
  readonly route: string;
  readonly why: string;
}

/** What users asked for that their role does not allow, for the audit log: once for each user, network and route. */
export class Refusals {
  readonly #record: OperatorPort['record'];
  readonly #now: () => Ms;
  /** When it was last written down. */
  readonly #noted = new LRUCache<string, Ms>({ max: 1000 });

  constructor({ record, now }: { readonly record: OperatorPort['record']; readonly now: () => Ms }) {
    this.#record = record;
    this.#now = now;
  }

  note({ user, address, method, path, route, why }: Refused): void {
    const key = `${method} ${route} ${networkOf(address)} ${user.name}`;
    const now = this.#now();
    if (now - (this.#noted.get(key) ?? Number.NEGATIVE_INFINITY) < AGAIN) return;
    this.#noted.set(key, now);
    const target = `${method} ${path.slice(0, 200)}`;
    const refused = `role-too-low: ${why}`;
    this.#record({
      actor: user.name,
      source: 'login',
      address,
      action: 'request.refused',
      target,
      reason: '',
      refused,
    });
  }
}
