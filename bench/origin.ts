import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Child } from './processes.ts';
import { freePorts, untilReady } from './server.ts';
import { type NginxPlace, startNginx } from './servers/nginx.ts';
import { CACHED_PREFIX, OBJECT_BYTES, OBJECTS_PREFIX, WORKS } from './works.ts';

/** The origin behind every server under test: nginx, which has time to spare beside the slowest of them. */
export interface Origin {
  readonly child: Child;
  readonly host: string;
  readonly port: number;
}

export async function startOrigin(place: Omit<NginxPlace, 'http'>, signal: AbortSignal): Promise<Origin> {
  const [port = 0] = await freePorts(1);
  const root = join(place.directory, 'root');
  await mkdir(join(root, CACHED_PREFIX), { recursive: true });
  for (const [path, bytes] of BODIES) await writeFile(join(root, path), 'x'.repeat(bytes));
  const child = await startNginx({ ...place, http: originSettings(root, port) });
  await untilReady(child, `http://127.0.0.1:${port}`, signal);
  return { child, host: '127.0.0.1', port };
}

/** How many requests it has had since it began, this question among them. */
export async function requestsTo({ host, port }: Origin): Promise<number> {
  const response = await fetch(`http://${host}:${port}${COUNT_PATH}`);
  const [, requests] = /^ *\d+ +\d+ +(\d+)/m.exec(await response.text()) ?? [];
  if (requests === undefined) throw new Error('the origin does not tell how many requests it had');
  return Number(requests);
}

const COUNT_PATH = '/count';

/** Every path that a work asks for, and how large the answer is. */
const BODIES = new Map(WORKS.map(({ path, bodyBytes }) => [path, bodyBytes]));

/** A small body is answered from memory, in one piece with its head; a large one by sendfile from the page cache. */
const IN_MEMORY_BYTES = 2048;

/** `no-store` keeps what is measured uncached out of the caches; servers are not to look for it there, either. */
function originSettings(root: string, port: number): string {
  const small = [...BODIES].filter(([, bytes]) => bytes <= IN_MEMORY_BYTES);
  return `
  map $uri $cache_control {
    ~^${CACHED_PREFIX} max-age=86400;
    default no-store;
  }
  access_log off;
  open_file_cache max=16;
  server {
    add_header Cache-Control $cache_control;
    listen 127.0.0.1:${port} reuseport backlog=4096;
    root ${root};
${small.map(([path, bytes]) => `    location = ${path} { return 200 "${'x'.repeat(bytes)}"; }`).join('\n')}
    location ${OBJECTS_PREFIX} { return 200 "${'x'.repeat(OBJECT_BYTES)}"; }
    location = ${COUNT_PATH} { stub_status; }
    location = / { return 204; }
  }`;
}
