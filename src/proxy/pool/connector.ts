import { isIP, type Socket } from 'node:net';
import { buildConnector, errors } from 'undici';
import type { Ms } from '../../base/units.ts';
import type { OriginTlsPlan } from '../plan.ts';

/**
 * Opens connections to one origin. undici's own connector counts time in steps of half a second and takes the TLS
 * server name from each request's Host, reconnecting whenever it changes; here the limit is exact, covers the TLS
 * handshake, and the name is the origin's.
 */
export function originConnector(url: URL, tls: OriginTlsPlan, timeout: Ms): buildConnector.connector {
  const host = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
  const servername = tls.serverName ?? (isIP(host) === 0 ? host : undefined);
  const connect = buildConnector({
    // HTTP/2 to origins is not offered: one request on one connection is what the security suite vouches for.
    allowH2: false,
    // A tunnel passes on each side's end by itself.
    allowHalfOpen: true,
    timeout: 0,
    rejectUnauthorized: tls.verify,
    ...(tls.ca !== undefined && { ca: tls.ca }),
    ...(tls.cert !== undefined && { cert: tls.cert, key: tls.key }),
  } as buildConnector.BuildOptions);

  return (options, callback) => {
    // Typed as void, but it returns the socket (undici lib/core/connect.js).
    const socket = connect({ ...options, servername: servername ?? '' }, (...result) => {
      clearTimeout(timer);
      callback(...result);
    }) as unknown as Socket;
    const timer = setTimeout(() => socket.destroy(new errors.ConnectTimeoutError(`no connection within ${timeout} ms`)), timeout);
  };
}
