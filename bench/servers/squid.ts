import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { requireProgram } from '../programs.ts';
import { freePorts, type RunningServer, type ServerKind, type Setting, untilReady } from '../server.ts';
import { CACHED_PREFIX } from '../works.ts';

/** Squid as an accelerator with its memory cache, in one process. It is measured without TLS, and speaks no HTTP/2. */
export const squid: ServerKind = {
  name: 'squid',
  program: 'squid',
  versionFlag: '-v',
  protocols: ['http/1.1'],
  cachesInMemory: true,

  async start(setting: Setting, signal: AbortSignal): Promise<RunningServer> {
    if (setting.workers > 1) throw new Error('it is run with one worker only');
    const [port = 0] = await freePorts(1);
    const file = join(setting.directory, 'squid.conf');
    // It gives up root for a user of its own before it opens its log.
    if (setting.accessLog !== undefined) await chmod(setting.accessLog, 0o666);
    const home = join(setting.directory, 'home');
    await mkdir(home);
    await chmod(home, 0o777);
    await writeFile(file, settings(setting, port));
    const argv = [requireProgram('squid'), '-N', '-f', file] as const;
    const child = setting.processes.start({ argv: [...argv], cores: setting.cores });
    const url = `http://127.0.0.1:${port}`;
    await untilReady(child, url, signal);
    return { child, http: url };
  },
};

function settings({ origin, directory, accessLog, cacheMiB }: Setting, port: number): string {
  const log = accessLog === undefined ? 'none' : `stdio:${accessLog} logformat=combined`;
  return `
http_port 127.0.0.1:${port} accel defaultsite=localhost
cache_peer ${origin.host} parent ${origin.port} 0 no-query no-digest no-netdb-exchange originserver name=origin
http_access allow all
acl cached urlpath_regex ^${CACHED_PREFIX}
cache deny !cached
cache_mem ${cacheMiB} MB
maximum_object_size 32 MB
maximum_object_size_in_memory 32 MB
memory_replacement_policy lru
access_log ${log}
buffered_logs on
cache_log ${directory}/home/cache.log
cache_store_log none
pid_filename none
coredump_dir ${directory}/home
pinger_enable off
shutdown_lifetime 1 second
client_db off
`;
}
