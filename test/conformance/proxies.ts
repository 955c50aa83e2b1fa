import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Processes } from '../../bench/processes.ts';
import { freePorts } from '../../bench/server.ts';

/**
 * What the suite is run against: Portico, and peers with what the suite's own configurations say of them, so that the runner
 * can be seen to give them the scores that others got.
 */
export const PROXIES = ['portico', 'nginx', 'squid', 'none'] as const;
export type ProxyName = (typeof PROXIES)[number];

export interface ProxyPlace {
  readonly processes: Processes;
  /** Its own, empty directory. */
  readonly directory: string;
  /** Where the suite's origin listens, on loopback. */
  readonly originPort: number;
}

/** Starts it and gives its URL. It may not be listening yet. `none`: no proxy at all. */
export async function startProxy(name: ProxyName, place: ProxyPlace): Promise<string> {
  const [port = 0] = await freePorts(1);
  switch (name) {
    case 'portico':
      await portico(place, port);
      break;
    case 'nginx':
      await nginx(place, port);
      break;
    case 'squid':
      await squid(place, port);
      break;
    case 'none':
      return `http://127.0.0.1:${place.originPort}`;
  }
  return `http://127.0.0.1:${port}`;
}

const MAIN = process.env.PORTICO_MAIN ?? resolve(import.meta.dirname, '../../src/main.ts');

/**
 * As RFC 9111 has it: responses with Set-Cookie are stored (§7.3), what says nothing of its freshness gets no more than
 * the heuristic. Two workers, so that requests of one test meet in the shared memory.
 */
async function portico({ processes, directory, originPort }: ProxyPlace, port: number): Promise<void> {
  const file = join(directory, 'portico.yaml');
  const settings = {
    node: { state_dir: join(directory, 'state'), workers: 2, stop_timeout: '1s' },
    listeners: [{ address: `127.0.0.1:${port}`, protocol: 'http' }],
    cache: { memory: '64MiB', object_limit: '16MiB' },
    sites: [{ hosts: ['default'], pool: 'suite', cache: { set_cookie: 'store' } }],
    pools: { suite: { origins: [`http://127.0.0.1:${originPort}`], retries: { attempts: 1 } } },
    logs: { level: 'info', access: { file: join(directory, 'access.log'), format: 'json' } },
  };
  await writeFile(file, JSON.stringify(settings, null, 2)); // JSON is YAML.
  processes.start({ argv: [process.execPath, MAIN, 'run', '-c', file], cwd: directory });
}

async function nginx({ processes, directory, originPort }: ProxyPlace, port: number): Promise<void> {
  const file = join(directory, 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  await writeFile(
    file,
    `daemon off;
pid ${directory}/nginx.pid;
events { worker_connections 1024; }
http {
${temporary.map((kind) => `  ${kind}_temp_path ${directory}/${kind};`).join('\n')}
  access_log off;
  proxy_cache_path ${directory}/cache levels=1:2 keys_zone=all:10m inactive=1h;
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://127.0.0.1:${originPort};
      proxy_http_version 1.1;
      proxy_cache all;
      proxy_cache_revalidate on;
    }
  }
}
`,
  );
  processes.start({ argv: ['nginx', '-p', directory, '-c', file, '-e', 'stderr'] });
}

async function squid({ processes, directory, originPort }: ProxyPlace, port: number): Promise<void> {
  const file = join(directory, 'squid.conf');
  await writeFile(
    file,
    `http_port 127.0.0.1:${port} accel defaultsite=127.0.0.1 no-vhost
cache_peer 127.0.0.1 parent ${originPort} 0 no-query originserver name=suite
http_access allow all
cache_mem 64 MB
access_log none
cache_log /dev/null
pid_filename none
coredump_dir /tmp
shutdown_lifetime 0 seconds
refresh_pattern . 0 20% 4320
`,
  );
  processes.start({ argv: ['squid', '-N', '-f', file] });
}
