import type { CookieSecrets } from './cookies.ts';
import type { RateLimits } from './rate-limiter.ts';

/** How queries are answered, whatever the zones are. */
export interface AnswerSettings {
  /** Bytes of a UDP message, 512 to 65535: no reply is longer, whatever a client allows, nor should a query be. */
  readonly udpLength: number;
  /** Whether the client subnet of a query counts (RFC 7871). Else it is ignored, and the reply has none. */
  readonly clientSubnet: boolean;
  /** Absent: cookies are ignored. */
  readonly cookies?: CookieSecrets;
  /** Whether a client that knows cookies has to have a valid one over UDP; else it gets BADCOOKIE, and one with it. */
  readonly requireCookies: boolean;
  readonly limits: RateLimits;
  /** Networks that may transfer zones (RFC 5936 §5); absent: nobody may. */
  readonly transferTo?: readonly string[];
  /** Up to 128 bytes for who asks for the server's name (RFC 5001); absent: not told. */
  readonly nsid?: Uint8Array;
  /** What `version.bind` and `id.server` say, up to 255 bytes of latin1 each; absent: refused. */
  readonly version?: string;
  readonly id?: string;
  /** Tenths of a second after which idle TCP connections are closed, told to who asks (RFC 7828); absent: not told. */
  readonly keepalive?: number;
}
