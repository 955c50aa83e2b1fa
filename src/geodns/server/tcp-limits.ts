import type { Bytes, Ms } from '../../base/units.ts';

/** What clients may take of us by TCP. They share it: one that wants much must not leave nothing for others. */
export interface TcpLimits {
  /** Connections in all. */
  readonly connections: number;
  /** Of them from one network, a /24 or a /56: what one client can easily have addresses of. */
  readonly perNetwork: number;
  /** From the beginning of a connection to its first byte. */
  readonly first: Ms;
  /** From the first byte of a query to its last, however many came lately. */
  readonly whole: Ms;
  /** Between queries: what the responder tells in the option of RFC 7828 must not be more. */
  readonly idle: Ms;
  /** In which a client must have read what waits for it. */
  readonly writing: Ms;
}

/** RFC 7766 §6.2.3 wants an idle time of some seconds, and RFC 9210 §4.2 that busy servers be free to have less. */
export const TCP_LIMITS: TcpLimits = {
  connections: 1_000,
  perNetwork: 100,
  first: 5_000,
  whole: 5_000,
  idle: 20_000,
  writing: 10_000,
};

/**
 * Longer queries are not read, nor what comes behind them: there are none but updates of zones, which are not taken here.
 * What speaks another protocol mostly begins with a higher number: `GE`(T), `SS`(H), a TLS handshake.
 */
export const LONGEST_QUERY: Bytes = 4_096;

/** A header (RFC 1035 §4.1.1). What is shorter gets no reply, and says that its sender does not speak DNS. */
export const SHORTEST_QUERY: Bytes = 12;

/** The most that a length of two bytes can say (RFC 1035 §4.2.2). */
export const LONGEST_MESSAGE: Bytes = 65_535;

/** When so much is not yet sent, no more queries are read. */
export const UNSENT: Bytes = 65_536;

/** How many connections may be so: each holds some 256 KiB. Of more, the one that has been so for the longest is cut. */
export const MOST_BLOCKED = 64;

/**
 * All connections together are answered so many bytes in one turn of the event loop, a millisecond's work, and one of them
 * no more than a piece before the others have theirs. A query counts as some bytes too, whatever its reply: most of the work is with it.
 */
export const TURN: Bytes = 65_536;
export const PIECE: Bytes = 16_384;
export const QUERY_WORK: Bytes = 64;

/** How long a connection that we have ended may stay half open; no longer than it might be idle. */
export const CLOSING: Ms = 2_000;
