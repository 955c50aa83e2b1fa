import type { Ms } from '../base/units.ts';
import type { Client } from './client.ts';
import type { Fields, RequestBody, RequestHead } from './exchange.ts';
import type { Pool } from './pool/pool.ts';
import type { SiblingPeers } from './sibling-peers.ts';
import type { TrafficCounter } from './traffic.ts';

/** What a fetch is asked for. */
export interface FetchOrder {
  readonly head: RequestHead;
  /** What the origin is sent of the fields that came; with those that make a request conditional, where it is ours. */
  readonly fields: Fields;
  readonly body: RequestBody | undefined;
  readonly pool: Pool;
  /** Who asks: some pools keep their clients at one origin. */
  readonly client: Client;
  /** What the origin is told beside them, as lines. */
  readonly lines: string;
  /** How long the origins may be silent, all attempts together; without the time in which the client is waited for. */
  readonly patience: Ms;
  readonly bodyLimit: number | undefined;
  /** Default: nothing is counted. */
  readonly traffic?: TrafficCounter | undefined;
  /** Who may be asked first, where what comes is to be stored. Default: nobody. */
  readonly siblings?: SiblingPeers | undefined;
}
