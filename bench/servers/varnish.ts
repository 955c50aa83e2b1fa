import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { requireProgram } from '../programs.ts';
import { freePorts, type RunningServer, type ServerKind, type Setting, untilReady } from '../server.ts';
import { CACHED_PREFIX } from '../works.ts';

/**
 * Varnish with its cache in memory, which is passed by for what is not to be cached. Of itself it speaks neither TLS nor, by default, HTTP/2.
 *
 * It always logs into shared memory; varnishncsa, which would write that to a file, is left out, so Varnish does less
 * than the others here.
 */
export const varnish: ServerKind = {
  name: 'varnish',
  program: 'varnishd',
  versionFlag: '-V',
  protocols: ['http/1.1'],
  cachesInMemory: true,

  async start({ processes, directory, origin, cores, cacheMiB }: Setting, signal: AbortSignal): Promise<RunningServer> {
    const [port = 0] = await freePorts(1);
    const vcl = join(directory, 'bench.vcl');
    await writeFile(vcl, cacheBelowPrefix(origin));
    const address = `127.0.0.1:${port}`;
    const settings = [
      '-a',
      address,
      '-f',
      vcl,
      '-n',
      join(directory, 'varnish'),
      '-s',
      `malloc,${cacheMiB}m`,
      '-T',
      'none',
    ];
    const child = processes.start({ argv: [requireProgram('varnishd'), '-F', ...settings], cores });
    await untilReady(child, `http://${address}`, signal);
    return { child, http: `http://${address}` };
  },
};

function cacheBelowPrefix({ host, port }: Setting['origin']): string {
  return `vcl 4.1;
backend app { .host = "${host}"; .port = "${port}"; }
sub vcl_recv {
  if (req.url ~ "^${CACHED_PREFIX}") { return (hash); }
  return (pass);
}
`;
}
