import { randomUUID } from 'node:crypto';
import type { Ms } from '../../base/units.ts';
import type { OperatorPort, OriginId } from '../../operator/commands.ts';
import { holds } from './condition.ts';

/** A change of several origins, and the wait for what comes of it. */
export interface Operation {
  readonly id: string;
  readonly host: string;
  readonly admin: string;
  readonly wait: 'drained' | 'up' | 'active' | undefined;
  readonly by: string;
  readonly reason: string;
  /** Epoch milliseconds, as are those below. */
  readonly since: Ms;
  readonly deadline: Ms;
  readonly origins: readonly OriginId[];
  readonly state: 'running' | 'done' | 'overdue';
  readonly ended: Ms | undefined;
}

type Begun = Omit<Operation, 'id' | 'since' | 'deadline' | 'state' | 'ended'>;

/** How long what has ended can still be asked for; and how many at most. */
const KEPT: Ms = 3_600_000;
const LIMIT = 1000;

/** Operations that run, and those of the last hour. */
export class Operations {
  readonly #operator: OperatorPort;
  readonly #now: () => Ms;
  readonly #known = new Map<string, Tracked>();
  readonly #closing = new AbortController();

  constructor(operator: OperatorPort, now: () => Ms) {
    this.#operator = operator;
    this.#now = now;
  }

  /** What is changed is changed by then; here it is waited for. */
  begin(begun: Begun, timeout: Ms): Operation {
    this.#forget();
    const since = this.#now();
    const tracked: Tracked = {
      operation: { ...begun, id: randomUUID(), since, deadline: since + timeout, state: 'running', ended: undefined },
      ended: Promise.resolve(),
    };
    this.#known.set(tracked.operation.id, tracked);
    if (this.#isDone(tracked.operation)) this.#end(tracked, 'done');
    else tracked.ended = this.#follow(tracked, timeout);
    return tracked.operation;
  }

  get(id: string): Operation | undefined {
    this.#forget();
    return this.#known.get(id)?.operation;
  }

  /** Resolves when it has ended, when the time is over, or with `signal`. */
  async wait(id: string, timeout: Ms, signal: AbortSignal): Promise<Operation | undefined> {
    const tracked = this.#known.get(id);
    if (tracked?.operation.state === 'running') {
      const { promise: over, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, timeout);
      signal.addEventListener('abort', () => resolve(), { once: true });
      if (signal.aborted) resolve();
      await Promise.race([tracked.ended, over]);
      clearTimeout(timer);
    }
    return tracked?.operation;
  }

  close(): void {
    this.#closing.abort();
  }

  async #follow(tracked: Tracked, timeout: Ms): Promise<void> {
    const { wait, origins } = tracked.operation;
    if (wait !== undefined) {
      const options = { signal: this.#closing.signal };
      await Promise.all(origins.map((origin) => this.#operator.wait(origin, wait, timeout, options)));
    }
    this.#end(tracked, this.#isDone(tracked.operation) ? 'done' : 'overdue');
  }

  /** What was removed meanwhile is waited for no more. */
  #isDone({ wait, origins }: Operation): boolean {
    if (wait === undefined) return true;
    return origins.every((each) => {
      const origin = this.#operator.origin(each);
      return origin === undefined || holds(wait, origin);
    });
  }

  #end(tracked: Tracked, state: 'done' | 'overdue'): void {
    tracked.operation = { ...tracked.operation, state, ended: this.#now() };
  }

  #forget(): void {
    const now = this.#now();
    for (const [id, { operation }] of this.#known) {
      const isOld = operation.ended !== undefined && now - operation.ended > KEPT;
      if (isOld || (this.#known.size >= LIMIT && operation.ended !== undefined)) this.#known.delete(id);
    }
  }
}

interface Tracked {
  operation: Operation;
  ended: Promise<void>;
}
