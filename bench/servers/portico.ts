import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type RunningServer, type ServerKind, type Setting, START_MS, untilReady } from '../server.ts';
import { CACHED_PREFIX } from '../works.ts';

const MAIN = resolve(import.meta.dirname, '../../src/main.ts');

/** Portico as it is in this tree, run by the Node that runs us. */
export const portico: ServerKind = {
  name: 'portico',
  program: undefined,
  versionFlag: '',
  protocols: ['http/1.1', 'http/1.1 over TLS', 'h2 over TLS'],
  cachesInMemory: true,

  async start(setting: Setting, signal: AbortSignal): Promise<RunningServer> {
    const { processes, directory, cores, profileDirectory } = setting;
    const file = join(directory, 'portico.yaml');
    await writeFile(file, JSON.stringify(settings(setting), null, 2)); // JSON is YAML.
    const ready = Promise.withResolvers<readonly string[]>();
    const profile = profileDirectory === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDirectory}`];
    const child = processes.start({
      argv: [process.execPath, ...profile, MAIN, 'run', '-c', file],
      cores,
      cwd: directory,
      onErrorLine(line) {
        const addresses = readReady(line);
        if (addresses !== undefined) ready.resolve(addresses);
      },
    });
    child.ended.then((how) => ready.reject(new Error(`it did not start (${how}): ${child.complaint}`)));
    const limit = AbortSignal.any([signal, AbortSignal.timeout(START_MS)]);
    limit.addEventListener('abort', () => ready.reject(new Error(`it is not ready: ${child.complaint}`)));
    const [http = '', https = ''] = await ready.promise;
    await untilReady(child, `http://${http}`, signal);
    return { child, http: `http://${http}`, https: `https://${https}` };
  },
};

function settings({ directory, origin, certificate, workers, accessLog, cacheMiB }: Setting) {
  const certificates = [{ cert: certificate.cert, key: certificate.key }];
  return {
    // It has to end by itself before `Processes` loses its patience: a killed one leaves no profile.
    node: { name: 'bench', state_dir: join(directory, 'state'), workers, stop_timeout: '2s' },
    listeners: [
      { address: '127.0.0.1:0', protocol: 'http' },
      { address: '127.0.0.1:0', protocol: 'https', certificates },
    ],
    cache: { memory: `${cacheMiB}MiB`, object_limit: '32MiB' },
    sites: [{ hosts: ['default'], pool: 'app', routes: [{ path: CACHED_PREFIX }, { path: '/', cache: 'off' }] }],
    pools: { app: { origins: [`http://${origin.host}:${origin.port}`] } },
    logs: { level: 'info', access: accessLog === undefined ? 'off' : { file: accessLog, format: 'combined' } },
  };
}

/** The addresses of the listeners, in the order of the configuration, when that line is the one that tells them. */
function readReady(line: string): string[] | undefined {
  try {
    const event: unknown = JSON.parse(line);
    return isReady(event) ? event.listeners.map(({ address }) => address) : undefined;
  } catch {
    return undefined; // A warning of Node itself.
  }
}

interface Ready {
  readonly msg: 'ready';
  readonly listeners: readonly { readonly address: string }[];
}

function isReady(event: unknown): event is Ready {
  return typeof event === 'object' && event !== null && 'msg' in event && event.msg === 'ready' && 'listeners' in event;
}
