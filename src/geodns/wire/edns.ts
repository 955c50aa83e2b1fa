/**
 * The OPT record of EDNS (RFC 6891 §6.1), one at most among the additional records:
 *
 *      +----+-------+-----------------+------------------+---------+----+-------------+----------+---------+
 *      | 0  | 41    | size            | RCODE's upper 8  | version | DO |      Z      | RDLENGTH | options |
 *      +----+-------+-----------------+------------------+---------+----+-------------+----------+---------+
 *       root  OPT     class: what UDP   TTL: of 12 bits    0         1    15 bits       2 bytes
 *       1     2       may have; 2       1 byte             1 byte    2 bytes
 *
 * An option is 16 bits each of code and length, and its data.
 */
export const OPT_LENGTH = 11;
export const OPTION_HEADER = 4;

/** In the 16 bits behind the version: the answer may have records of DNSSEC (RFC 3225). */
export const DO = 0x8000;

/** Codes of options that we know; others are ignored (RFC 6891 §6.1.2). */
export const OPTION = {
  NSID: 3, // RFC 5001
  CLIENT_SUBNET: 8, // RFC 7871
  COOKIE: 10, // RFC 7873
  KEEPALIVE: 11, // RFC 7828
  EXTENDED_ERROR: 15, // RFC 8914
} as const;

/** Why an answer is what it is: codes of RFC 8914 §4. */
export const EXTENDED_ERROR = {
  NOT_READY: 14,
  PROHIBITED: 18,
  NOT_AUTHORITATIVE: 20,
  NOT_SUPPORTED: 21,
} as const;

/** A cookie (RFC 7873 §4): what the client made up, and behind it what a server did, if it has any. */
export const CLIENT_COOKIE = 8;
export const LEAST_SERVER_COOKIE = 8;
export const MOST_SERVER_COOKIE = 32;
