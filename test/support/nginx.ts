import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { atTeardown } from './teardown.ts';
import { tempDir } from './temp.ts';
import { within } from './wait.ts';

export interface NginxOrigin {
  readonly port: number;
  readonly url: string;
  readonly pid: number;
  /** The document root: files put there are served under `/files/`. */
  readonly root: string;
  stop(): Promise<void>;
}

export interface NginxOptions {
  readonly name?: string;
  readonly extra?: string;
  readonly port?: number;
  readonly tls?: { readonly cert: string; readonly key: string };
  /** A file that gets a line for each request: when it ended, in epoch seconds to the millisecond, and what was asked. */
  readonly accessLog?: string;
}

/**
 * Debian's nginx as an origin on a free loopback port. `/…` says who answers and what was asked, in lines of
 * `name=value`; `/status/404` and `/status/503` are errors; `/redirect` leads to `/`; `/files/…` are files of `root`,
 * with `1k`, `100k` and `1m` there. `extra`: lines for its `server` block. `port`: that of one that was stopped. `tls`: PEM files, for an origin by https.
 */
export async function startNginx(options: NginxOptions = {}): Promise<NginxOrigin> {
  const dir = await tempDir('nginx');
  const root = join(dir, 'files');
  await mkdir(root);
  for (const [name, size] of Object.entries(SIZES)) await writeFile(join(root, name), 'x'.repeat(size));
  // nginx cannot be told to pick a port itself; in the rare case that another takes it first, the next is tried.
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort());
    await writeFile(join(dir, 'nginx.conf'), configuration(dir, port, options));
    const child = spawn('nginx', ['-p', dir, '-c', join(dir, 'nginx.conf')], { stdio: ['ignore', 'ignore', 'pipe'] });
    const problem = await started(child);
    if (problem === undefined) return running(child, port, root, options.tls ? 'https' : 'http');
    if (attempt === 5 || !problem.includes('Address already in use'))
      throw new Error(`nginx did not start: ${problem}`);
  }
}

const SIZES = { '1k': 1024, '100k': 102_400, '1m': 1_048_576 };

function configuration(
  dir: string,
  port: number,
  { name = `nginx-${port}`, extra = '', tls, accessLog }: NginxOptions,
): string {
  const certificate = tls ? `ssl_certificate ${tls.cert}; ssl_certificate_key ${tls.key};` : '';
  return `
daemon off;
master_process off;
pid ${dir}/nginx.pid;
error_log stderr notice;
events { worker_connections 1024; }
http {
  log_format ended '$msec $request';
  access_log ${accessLog === undefined ? 'off' : `${accessLog} ended`};
  default_type text/plain;
  server_tokens off;
  keepalive_requests 1000000;
  client_body_temp_path ${dir}/body;
  proxy_temp_path ${dir}/proxy;
  fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi;
  scgi_temp_path ${dir}/scgi;
  client_max_body_size 0;
  server {
    listen 127.0.0.1:${port} backlog=4096${tls ? ' ssl' : ''};
    ${certificate}
    location / {
      return 200 "origin=${name}\\nport=$server_port\\nmethod=$request_method\\nuri=$request_uri\\nhost=$http_host\\nx-forwarded-for=$http_x_forwarded_for\\nx-forwarded-proto=$http_x_forwarded_proto\\nforwarded=$http_forwarded\\nvia=$http_via\\n";
    }
    location = /status/404 { return 404 "not here\\n"; }
    location = /status/503 { return 503 "not now\\n"; }
    location = /redirect { return 302 /; }
    location /files/ { alias ${dir}/files/; }
${extra}
  }
}
`;
}

/** Resolves when it serves, or with what it said before it ended. */
async function started(child: ChildProcess): Promise<string | undefined> {
  let said = '';
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    // It listens before it says which event method it uses and goes on to serve.
    if (said.includes('OS: ')) resolve(undefined);
  });
  child.once('error', (error) => resolve(error.message));
  child.once('close', () => resolve(said));
  return within(promise, () => `nginx to start; it said ${said}`);
}

function running(child: ChildProcess, port: number, root: string, scheme: string): NginxOrigin {
  const closed = once(child, 'close');
  const stop = async () => {
    // Not SIGTERM: without its master nginx may miss one that comes before its first event.
    child.kill('SIGKILL');
    await closed;
  };
  atTeardown(stop);
  return { port, url: `${scheme}://127.0.0.1:${port}`, pid: child.pid as number, root, stop };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
