import type { OriginFields } from '../../../src/proxy/headers.ts';
import type { OriginCall, OriginReplies, OriginRequest } from '../../../src/proxy/origin/call.ts';
import type { Origin } from '../../../src/proxy/pool/origin.ts';
import { Pool } from '../../../src/proxy/pool/pool.ts';
import { UnderWay } from '../../../src/proxy/pool/under-way.ts';
import { OriginTable } from '../../../src/workers/origin-table.ts';
import { planOf } from '../pool/pool-plan.ts';

/** A request at the origin. Whoever plays the origin answers it, as slowly and as badly as the play wants. */
export class ScriptedCall implements OriginCall {
  readonly request: OriginRequest;
  /** Nobody wants the answer any more. */
  isCancelled = false;
  isHeld = false;
  /** The head of the answer is out; all of it is. */
  isAnswered = false;
  isOver = false;
  readonly #replies: OriginReplies;
  #resumed = Promise.withResolvers<void>();

  constructor(request: OriginRequest, replies: OriginReplies) {
    this.request = request;
    this.#replies = replies;
  }

  get isOpen(): boolean {
    return !this.isOver && !this.isCancelled;
  }

  field(name: string): string | undefined {
    const { fields } = this.request;
    const at = fields.findIndex((each, i) => i % 2 === 0 && each.toLowerCase() === name);
    return at === -1 ? undefined : fields[at + 1];
  }

  /** The origin has read the request. */
  sent(): void {
    this.#replies.sent(false);
  }

  head(status: number, fields: OriginFields): void {
    if (!this.isOpen) return;
    this.isAnswered = true;
    try {
      this.#replies.head(status, fields);
    } catch (error) {
      this.fail(error as Error);
    }
  }

  /** The bytes are gone afterwards, as those of a buffer that all connections read into are. */
  body(bytes: Uint8Array): void {
    if (!this.isOpen) return;
    const lent = Buffer.from(bytes);
    this.isHeld = !this.#replies.body(lent);
    lent.fill(0xee);
  }

  end(): void {
    if (!this.isOpen) return;
    this.isOver = true;
    this.#replies.end({});
  }

  fail(error: Error = Object.assign(new Error('reset'), { code: 'ECONNRESET' })): void {
    if (!this.isOpen) return;
    this.isOver = true;
    this.#replies.failed(error);
  }

  /** Nobody listens at the origin's port. */
  refuse(): void {
    this.fail(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
  }

  /** Resolves when more is wanted, or nothing any more. */
  async ready(): Promise<void> {
    while (this.isHeld && !this.isCancelled) await this.#resumed.promise;
  }

  resume(): void {
    this.isHeld = false;
    this.#wake();
  }

  cancel(): void {
    this.isCancelled = true;
    this.#wake();
  }

  #wake(): void {
    this.#resumed.resolve();
    this.#resumed = Promise.withResolvers();
  }
}

/** A pool of one origin, which `answer` plays. It hears of a request in a turn of its own. */
export function scriptedPool(answer: (call: ScriptedCall) => void): Pool & { readonly inFlight: () => number } {
  const table = new OriginTable(OriginTable.allocate(1), 1, 0);
  const send = (request: OriginRequest, replies: OriginReplies): OriginCall => {
    const call = new ScriptedCall(request, replies);
    queueMicrotask(() => {
      if (!call.isCancelled) answer(call);
    });
    return call;
  };
  const origin = { name: 'scripted', slot: 0, authority: 'origin.example', send } as Partial<Origin> as Origin;
  return Object.assign(new Pool(PLAN, [origin], new UnderWay(table)), { inFlight: () => table.inFlight(0) });
}

const PLAN = planOf({ name: 'scripted', origins: [{}], retries: { attempts: 1, budget: 0 } });
