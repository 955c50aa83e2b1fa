import type { HostPort } from '../base/address.ts';
import type { Bytes, Ms } from '../base/units.ts';

/** The siblings of one generation, as the control plane makes them of the settings: plain data for all threads. */
export interface SiblingPlan {
  /** Where we answer ICP by UDP, and Portico nodes by TCP; our queries leave from its address. */
  readonly icp: HostPort | undefined;
  readonly htcp: HostPort | undefined;
  /** Networks that may ask and fetch; networks that may purge by HTCP. */
  readonly allow: readonly string[];
  readonly clearFrom: readonly string[];
  /** The longest that a request waits for all siblings together, the head of what one of them has included. */
  readonly timeout: Ms;
  /** What Portico nodes prove to each other that they know; `undefined`: their addresses are all there is. */
  readonly secret: string | undefined;
  /** `undefined`: off. */
  readonly warmUp: { readonly objects: number; readonly rate: Bytes } | undefined;
  readonly peers: readonly PeerPlan[];
}

export interface PeerPlan {
  readonly name: string;
  /** Its row in the peer table. A peer that a reload does not change keeps it. */
  readonly slot: number;
  readonly icp: HostPort;
  readonly htcp: HostPort | undefined;
  /** `http://HOST[:PORT]` or `https://HOST[:PORT]`. */
  readonly url: string;
}
