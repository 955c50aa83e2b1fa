import type { QuerySource } from '../answer/source.ts';

/**
 * What the server's engines stand on: whoever makes the bytes of a reply. Synchronous, never throws, keeps nothing of what
 * it was handed.
 */
export interface Responder {
  /**
   * Answers the query in the first `length` bytes of `query` into `reply`, which has room for what the transport can
   * carry. Returns the reply's length; 0: silence.
   */
  respond(query: Buffer, length: number, source: QuerySource, reply: Buffer): number;
  /**
   * By TCP alone: what the query is if it asks for the transfer of a zone that this source may have (RFC 5936): messages in
   * their order, each whole. `undefined`: it is no such query, `respond` has the answer.
   */
  transfer(query: Buffer, length: number, source: QuerySource): Iterable<Buffer> | undefined;
  /** Takes what has changed of what it answers from: plain data, whose meaning it and control know. May throw. */
  update?(update: unknown): void;
}
