import { createHmac, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Ms } from '../../base/units.ts';
import type { EventLog } from '../../observe/event-forward.ts';
import type { Principal } from '../role.ts';
import { type Credentials, parseAuthorization } from './credentials.ts';
import { LoginDelays, networkOf } from './login-delays.ts';
import { type PasswordHash, verifyPassword } from './password.ts';
import { Serial } from './serial.ts';
import type { User } from './users.ts';

export type Login =
  | { readonly kind: 'user'; readonly user: Principal }
  | { readonly kind: 'none' }
  | { readonly kind: 'wrong' }
  /** Too many guesses. Milliseconds until another is looked at. */
  | { readonly kind: 'wait'; readonly wait: Ms };

export interface AccessOptions {
  readonly users: readonly User[];
  readonly log: EventLog;
  readonly now: () => Ms;
  /** Told of every guess that failed, for the audit log. `name`: only that of a user there is, as others may be passwords. */
  readonly onFailure: (failure: { readonly name: string | undefined; readonly address: string }) => void;
  readonly verify?: typeof verifyPassword;
}

/** How long a login is remembered, so that scrypt is not run for each poll. */
const REMEMBERED: Ms = 5 * 60_000;

/**
 * Decides who asks. Credentials are remembered by an HMAC under a key of this process: those that were good for some
 * minutes, and those that were wrong as well. The same wrong ones again are no new guess, so a script with last month's
 * password is told so each time, and makes nobody wait.
 */
export class Access {
  readonly #log: EventLog;
  readonly #now: () => Ms;
  readonly #onFailure: AccessOptions['onFailure'];
  readonly #verify: typeof verifyPassword;
  readonly #key = randomBytes(32);
  readonly #delays: LoginDelays;
  readonly #scrypt = new Serial(64);
  readonly #good = new LRUCache<string, { readonly user: Principal; readonly until: Ms }>({ max: 1000 });
  readonly #wrong = new LRUCache<string, true>({ max: 1000 });
  readonly #pending = new Map<string, Promise<Principal | undefined>>();
  /** Pairs of address and user with a guess under way: the next has to wait for what becomes of it. */
  readonly #guessing = new Set<string>();
  #users: ReadonlyMap<string, User>;

  constructor({ users, log, now, onFailure, verify = verifyPassword }: AccessOptions) {
    this.#users = byName(users);
    this.#log = log;
    this.#now = now;
    this.#onFailure = onFailure;
    this.#verify = verify;
    this.#delays = new LoginDelays({ now });
  }

  get users(): readonly User[] {
    return [...this.#users.values()];
  }

  /** Logins of users that are as they were go on. */
  setUsers(users: readonly User[]): void {
    this.#users = byName(users);
    this.#wrong.clear();
  }

  /** Whether who logged in as this is still who that was: for streams that go on for hours. */
  stillHolds(principal: Principal): boolean {
    return this.#users.get(principal.name)?.principal === principal;
  }

  async login(authorization: string | undefined, address: string): Promise<Login> {
    const credentials = parseAuthorization(authorization);
    if (credentials.kind === 'none') return { kind: 'none' };
    if (credentials.kind === 'malformed') return { kind: 'wrong' };
    const key = this.#keyOf(credentials);
    const known = this.#good.get(key);
    if (known !== undefined && known.until > this.#now() && this.stillHolds(known.user)) {
      return { kind: 'user', user: known.user };
    }
    if (this.#wrong.has(key)) return { kind: 'wrong' };
    const pending = this.#pending.get(key);
    if (pending !== undefined) {
      const user = await pending;
      return user !== undefined && this.stillHolds(user) ? { kind: 'user', user } : { kind: 'wrong' };
    }
    return this.#guess(credentials, key, address);
  }

  async #guess(credentials: Given, key: string, address: string): Promise<Login> {
    const name = credentials.name !== undefined && this.#users.has(credentials.name) ? credentials.name : '';
    const wait = this.#delays.remaining(address, name);
    if (wait > 0) return { kind: 'wait', wait };
    const pair = `${networkOf(address)} ${name}`;
    if (this.#guessing.has(pair) || this.#scrypt.isFull) return { kind: 'wait', wait: 1000 };
    this.#guessing.add(pair);
    const checking = this.#scrypt.run(() => this.#check(credentials));
    this.#pending.set(key, checking);
    try {
      const user = await checking;
      if (user === undefined) return this.#failed(key, name, address);
      this.#delays.succeeded(address, name);
      this.#good.set(key, { user, until: this.#now() + REMEMBERED });
      return this.stillHolds(user) ? { kind: 'user', user } : { kind: 'wrong' };
    } finally {
      this.#pending.delete(key);
      this.#guessing.delete(pair);
    }
  }

  #failed(key: string, name: string, address: string): Login {
    this.#wrong.set(key, true);
    const wait = this.#delays.failed(address, name);
    const known = name === '' ? undefined : name;
    this.#log.warn('login failed', { ...(known !== undefined && { user: known }), address, wait_ms: wait });
    this.#onFailure({ name: known, address });
    return { kind: 'wrong' };
  }

  async #check({ name, secret }: Given): Promise<Principal | undefined> {
    if (name !== undefined) {
      const user = this.#users.get(name);
      // As long for a name that there is not, so that the time tells nothing.
      const isRight = await this.#verify(secret, user?.hash ?? this.#decoy());
      return isRight ? user?.principal : undefined;
    }
    for (const user of this.#users.values()) {
      if (await this.#verify(secret, user.hash)) return user.principal;
    }
    return undefined;
  }

  #decoy(): PasswordHash {
    const [first] = this.#users.values();
    const cost = first?.hash ?? { ln: 15, r: 8, p: 1 };
    return { ln: cost.ln, r: cost.r, p: cost.p, salt: this.#key.subarray(0, 16), hash: Buffer.alloc(32) };
  }

  #keyOf({ name, secret }: Given): string {
    return createHmac('sha256', this.#key)
      .update(JSON.stringify([name ?? null, secret]))
      .digest('base64');
  }
}

type Given = Extract<Credentials, { kind: 'given' }>;

function byName(users: readonly User[]): ReadonlyMap<string, User> {
  return new Map(users.map((user) => [user.principal.name, user]));
}
