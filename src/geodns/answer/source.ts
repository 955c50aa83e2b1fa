export type Transport = 'udp' | 'tcp';

/** Where a query came from. One object for many queries: it is filled anew for each, and nobody keeps it. */
export interface QuerySource {
  transport: Transport;
  /** How many of the bytes of `address` count: 4 of them, or 16. An IPv4-mapped one (`::ffff:192.0.2.1`) counts as IPv4. */
  family: 4 | 6;
  /** In network order. */
  readonly address: Uint8Array;
  /** 0 to 65535. To 0 nobody can answer. */
  port: number;
}
