import type { Ms } from '../../base/units.ts';
import { type ForwardReason, forwardStatus, hitStatus, localStatus } from '../../cache/semantics/cache-status.ts';

/** What the cache did with one request: told to the client in Cache-Status (RFC 9211) and in the access log. */
export class CacheReport {
  #hit = false;
  forward: ForwardReason | undefined;
  detail: string | undefined;
  originStatus: number | undefined;
  stored = false;
  /** Whether it waited for another one's fetch, and whether that was of use. */
  collapsed: boolean | undefined;
  ttl: Ms | undefined;
  /** The status that the client got; 0: none so far. */
  replied = 0;

  /** Answered from what was stored. */
  hit(ttl: Ms, detail: string | undefined): void {
    this.#hit = true;
    this.ttl = ttl;
    if (detail !== undefined) this.detail = detail;
  }

  /** Sent on, for this reason. */
  forwarded(forward: ForwardReason, detail: string | undefined): void {
    this.#hit = false;
    this.ttl = undefined;
    this.forward = forward;
    this.detail = detail;
  }

  /** A sibling answered what was sent on, with this status. */
  fetchedFromSibling(status: number): void {
    this.detail = 'sibling-hit';
    this.originStatus ??= status;
  }

  /** Neither answered from what was stored nor sent on, for this reason. */
  unanswered(detail: string): void {
    this.#hit = false;
    this.ttl = undefined;
    this.forward = undefined;
    this.detail = detail;
  }

  /** Whether what is sent was stored before the request came. */
  get fromStore(): boolean {
    return this.#hit;
  }

  /** Passed on without being stored, for this reason. */
  notStored(reason: string): void {
    this.detail ??= reason;
  }

  /** In one word: `hit`, or why it was sent on. */
  get word(): string {
    if (this.#hit && this.collapsed !== true) return 'hit';
    return this.forward ?? 'none';
  }

  /** `name`: see `cacheStatusName`. */
  status(name: string): string {
    if (this.#hit && this.collapsed !== true) return hitStatus(name, this.ttl as Ms, this.detail);
    const { forward, originStatus, stored, collapsed, ttl, detail } = this;
    if (forward === undefined) return localStatus(name, detail ?? 'none');
    return forwardStatus(name, { forward, status: originStatus, stored, collapsed, ttl, detail });
  }
}
