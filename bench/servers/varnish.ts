import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { requireProgram } from '../programs.ts';
import { freePorts, type RunningServer, type ServerKind, type Setting, untilReady } from '../server.ts';

/**
 * Varnish with its cache passed by. Of itself it speaks neither TLS nor, by default, HTTP/2.
 *
 * It always logs into shared memory; varnishncsa, which would write that to a file, is left out, so Varnish does less
 * than the others here.
 */
export const varnish: ServerKind = {
  name: 'varnish',
  program: 'varnishd',
  versionFlag: '-V',
  protocols: ['http/1.1'],

  async start({ processes, directory, origin, cores }: Setting, signal: AbortSignal): Promise<RunningServer> {
    const [port = 0] = await freePorts(1);
    const vcl = join(directory, 'pass.vcl');
    await writeFile(vcl, passEverything(origin));
    const address = `127.0.0.1:${port}`;
    const settings = ['-a', address, '-f', vcl, '-n', join(directory, 'varnish'), '-s', 'malloc,32m', '-T', 'none'];
    const child = processes.start({ argv: [requireProgram('varnishd'), '-F', ...settings], cores });
    await untilReady(child, `http://${address}`, signal);
    return { child, http: `http://${address}` };
  },
};

function passEverything({ host, port }: Setting['origin']): string {
  return `vcl 4.1;
backend app { .host = "${host}"; .port = "${port}"; }
sub vcl_recv { return (pass); }
`;
}
