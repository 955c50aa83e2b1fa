export type Transport = 'udp' | 'tcp';

/**
 * Who asks. Nothing of it is kept beyond the answer, so one object can serve for all, and its address be where a batch of
 * them was received.
 */
export interface Source {
  /** The address is the 4 or 16 bytes at `addressAt`. An IPv4-mapped one (`::ffff:192.0.2.1`) counts as IPv4. */
  address: Uint8Array;
  addressAt: number;
  addressLength: 4 | 16;
  /** 0 to 65535. To 0 nobody can answer. */
  port: number;
  transport: Transport;
}
