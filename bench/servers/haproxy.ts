import { closeSync, openSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { requireProgram } from '../programs.ts';
import { freePorts, type RunningServer, type ServerKind, type Setting, untilReady } from '../server.ts';
import { CACHED_PREFIX } from '../works.ts';

/** HAProxy's cache is meant for small objects, and its manual has this as the order of size. */
const LARGEST_OBJECT = 16 * 1024 * 1024;

/**
 * HAProxy: one thread a worker, connections to the origin shared by all clients.
 *
 * It has no log file of its own, only syslog and file descriptors. Its standard output is one, and here it is the log
 * file: a line is one write(2), without a syslog daemon whose work would have to be added.
 */
export const haproxy: ServerKind = {
  name: 'haproxy',
  program: 'haproxy',
  versionFlag: '-v',
  protocols: ['http/1.1', 'http/1.1 over TLS', 'h2 over TLS'],
  cachesInMemory: false,
  largestHitBytes: LARGEST_OBJECT,

  async start(setting: Setting, signal: AbortSignal): Promise<RunningServer> {
    const [http = 0, https = 0] = await freePorts(2);
    const file = join(setting.directory, 'haproxy.cfg');
    await writeFile(file, settings(setting, http, https));
    // Appending, so that the file can be emptied between two measurements.
    const log = openSync(setting.accessLog ?? '/dev/null', 'a');
    const child = setting.processes.start({
      argv: [requireProgram('haproxy'), '-db', '-f', file],
      cores: setting.cores,
      stdout: log,
    });
    closeSync(log);
    const url = `http://127.0.0.1:${http}`;
    await untilReady(child, url, signal);
    return { child, http: url, https: `https://127.0.0.1:${https}` };
  },
};

function settings({ origin, certificate, workers, accessLog, cacheMiB }: Setting, http: number, https: number): string {
  return `
global
  nbthread ${workers}
  maxconn 4000
  ssl-default-bind-options ssl-min-ver TLSv1.2
${accessLog === undefined ? '' : '  log stdout format raw local0'}
defaults
  mode http
  ${accessLog === undefined ? 'no log' : 'log global'}
  option httplog
  option forwardfor
  http-reuse always
  timeout connect 5s
  timeout client 60s
  timeout server 60s

frontend front
  bind 127.0.0.1:${http}
  bind 127.0.0.1:${https} ssl crt ${certificate.both} alpn h2,http/1.1
  http-request set-header X-Forwarded-Proto https if { ssl_fc }
  http-request set-header X-Forwarded-Proto http if !{ ssl_fc }
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request cache-use small if { path_beg ${CACHED_PREFIX} }
  http-response cache-store small
  default_backend app

cache small
  total-max-size ${Math.min(cacheMiB, 4095)}
  max-object-size ${LARGEST_OBJECT}
  max-age 86400

backend app
  server origin ${origin.host}:${origin.port}
`;
}
