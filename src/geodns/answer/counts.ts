import type { Transport } from './source.ts';

/** Where there is no zone, or no datacenter. */
export const NONE = -1;

/**
 * Why there is no reply.
 *
 * - `malformed`: it has no header, or is an answer itself.
 * - `port`: it came from port 0.
 * - `limited`: the client's net has had too many.
 */
export type Silence = 'malformed' | 'port' | 'limited';

/** Who counts what becomes of queries. It is called once for each, and whatever it is must be quick. */
export interface AnswerCounts {
  /**
   * There is a reply. `zone` is a position in the set of zones, or `NONE`: in none of them. `datacenter` is the first one
   * of a geographic answer, else `NONE`.
   */
  replied(zone: number, rcode: number, transport: Transport, datacenter: number, isTruncated: boolean): void;
  silent(reason: Silence, transport: Transport): void;
  /** Rate limits left nothing of a reply but that one may ask again, over TCP or with this cookie. It is counted as well. */
  slipped(): void;
  /** Something of ours is broken; the reply was SERVFAIL, which is counted as well. */
  failed(error: unknown): void;
}
