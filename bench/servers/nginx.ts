import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Child, Processes } from '../processes.ts';
import { requireProgram } from '../programs.ts';
import { freePorts, type RunningServer, type ServerKind, type Setting, untilReady } from '../server.ts';
import { CACHED_PREFIX } from '../works.ts';

/**
 * nginx as a proxy: connections to the origin are kept, bodies stay in memory, and the header fields that Portico
 * adds are added too. Its cache is files; they are in the page cache, and kept open. Small ones are faster without sendfile,
 * and large ones, on loopback, three times as fast without tcp_nopush, which is therefore not set.
 */
export const nginx: ServerKind = {
  name: 'nginx',
  program: 'nginx',
  versionFlag: '-v',
  protocols: ['http/1.1', 'http/1.1 over TLS', 'h2 over TLS'],
  cachesInMemory: false,

  async start(setting: Setting, signal: AbortSignal): Promise<RunningServer> {
    const { processes, directory, cores, workers } = setting;
    const [http = 0, https = 0] = await freePorts(2);
    const child = await startNginx({ processes, directory, cores, workers, http: proxySettings(setting, http, https) });
    const url = `http://127.0.0.1:${http}`;
    await untilReady(child, url, signal);
    return { child, http: url, https: `https://127.0.0.1:${https}` };
  },
};

/** Room for the requests that wait in 50 HTTP/2 connections of 20 streams, and to spare. */
const IDLE_ORIGIN_CONNECTIONS = 1024;

function proxySettings(
  { origin, certificate, accessLog, directory, cacheMiB }: Setting,
  http: number,
  https: number,
): string {
  // Buffered, as Portico writes its own log in larger pieces as well.
  const log = accessLog === undefined ? 'off' : `${accessLog} combined buffer=64k flush=1s`;
  return `
  access_log ${log};
  proxy_cache_path ${join(directory, 'cache')} levels=1:2 keys_zone=bench:64m max_size=${cacheMiB}m inactive=1d;
  open_file_cache max=1024 inactive=1h;
  open_file_cache_valid 1h;
  upstream app {
    server ${origin.host}:${origin.port};
    keepalive ${IDLE_ORIGIN_CONNECTIONS};
    keepalive_requests ${UNLIMITED};
  }
  server {
    listen 127.0.0.1:${http} reuseport backlog=1024;
    listen 127.0.0.1:${https} ssl http2 reuseport backlog=1024;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_certificate ${certificate.cert};
    ssl_certificate_key ${certificate.key};
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Host $host;
    proxy_buffers 8 32k;
    location / {
      proxy_pass http://app;
      proxy_max_temp_file_size 0;
    }
    proxy_cache_lock on;
      location ${CACHED_PREFIX} {
      proxy_pass http://app;
      proxy_cache bench;
    }
    location = ${CACHED_PREFIX}1024 {
      proxy_pass http://app;
      proxy_cache bench;
      sendfile off;
    }
  }`;
}

/** No connection is closed for having had its share of requests: 1000 would be nginx's default. */
const UNLIMITED = 1_000_000_000;

/** Where an nginx runs, and what it does. */
export interface NginxPlace {
  readonly processes: Processes;
  readonly directory: string;
  readonly cores: readonly number[] | undefined;
  readonly workers: number;
  /** What stands in `http { … }` after what all our nginxes share. */
  readonly http: string;
}

/** Starts an nginx that keeps all its files in `directory`. It may not be listening yet. */
export async function startNginx({ processes, directory, cores, workers, http }: NginxPlace): Promise<Child> {
  const file = join(directory, 'nginx.conf');
  await mkdir(join(directory, 'temp'));
  await writeFile(file, `${sharedSettings(directory, workers)}${http}\n}\n`);
  const argv = [requireProgram('nginx'), '-p', directory, '-c', file, '-e', 'stderr'] as const;
  return processes.start({ argv: [...argv], cores });
}

function sharedSettings(directory: string, workers: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `  ${kind}_temp_path ${join(directory, 'temp', kind)};`,
  );
  return `
daemon off;
worker_processes ${workers};
pid ${join(directory, 'nginx.pid')};
error_log stderr error;
events { worker_connections 8192; }
http {
${temporary.join('\n')}
  default_type text/plain;
  sendfile on;
  tcp_nodelay on;
  keepalive_requests ${UNLIMITED};
`;
}
