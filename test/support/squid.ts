import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { freePorts } from './free-ports.ts';
import { Journal } from './journal.ts';
import type { ScriptedOrigin } from './origin.ts';
import { atTeardown } from './teardown.ts';
import { tempDir } from './temp.ts';
import { PATIENCE, turn } from './wait.ts';

/** Debian's Squid as an accelerator with nothing but its memory cache, in one process that ends with the test. */

/** Where a Squid listens; known before it starts, for those that it shall know. */
export interface SquidPlace {
  /** Of its own: all that it sends comes from there. */
  readonly address: string;
  readonly http: number;
  readonly https: number;
  readonly icp: number;
  readonly htcp: number;
}

export interface SquidSettings {
  /** Its only parent, which is asked by HTTP alone. For siblings it waits a second, where by default it is 5 ms. */
  readonly origin: Pick<ScriptedOrigin, 'port'>;
  /** More lines of its configuration: peers, and who may ask. */
  readonly lines: readonly string[];
  /** Absent: no https port. */
  readonly tls?: TlsFiles | undefined;
}

/** PEM files. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** A line of its access log. */
export interface SquidLine {
  readonly client: string;
  /** Its result and the status, such as `TCP_MISS/200` or `UDP_HIT/000`. */
  readonly result: string;
  /** `GET`, and for packets `ICP_QUERY`, `HTCP_TST`, `HTCP_CLR`. */
  readonly method: string;
  readonly url: string;
  /** Where it came from, such as `SIBLING_HIT/127.0.0.62`. */
  readonly hierarchy: string;
}

/** Which of Debian's two packages is installed: `squid-openssl`, or `squid`, which has GnuTLS. */
export function squidHasOpenssl(): boolean {
  return spawnSync('squid', ['-v'], { encoding: 'utf8' }).stdout?.includes('--with-openssl') ?? false;
}

export async function squidPlace(address: string): Promise<SquidPlace> {
  const [http, https, icp, htcp] = await freePorts(address, 4);
  return { address, http, https, icp, htcp } as SquidPlace;
}

/** Resolves when it takes requests. */
export async function startSquid(place: SquidPlace, settings: SquidSettings): Promise<Squid> {
  const directory = await tempDir('squid');
  const log = createServer();
  log.listen(0, '127.0.0.1');
  await once(log, 'listening');
  const squid = new Squid(place, settings, directory, log);
  atTeardown(() => squid.end());
  await squid.start();
  return squid;
}

export class Squid {
  readonly place: SquidPlace;
  readonly accessLog = new Journal<SquidLine>('line in the access log of Squid');
  /** Its `cache.log`, without the times. */
  readonly cacheLog = new Journal<string>('line in the cache log of Squid');
  readonly #settings: SquidSettings;
  readonly #file: string;
  readonly #logServer: Server;
  #child: ChildProcess | undefined;
  /** Where in its cache log. */
  #ready = 0;
  #ended: Promise<unknown> = Promise.resolve();

  constructor(place: SquidPlace, settings: SquidSettings, directory: string, logServer: Server) {
    this.place = place;
    this.#settings = settings;
    this.#file = join(directory, 'squid.conf');
    this.#logServer = logServer;
    // It gives up root for a user of its own, who could not write to our files.
    logServer.on('connection', (socket) => {
      socket.on('error', () => {}); // It may be killed.
      eachLine(socket, (line) => this.accessLog.add(readLine(line)));
    });
  }

  async start(): Promise<void> {
    await this.#configure(this.place);
    // -N: in the foreground, and one process; -d 1: what goes to cache.log goes to standard error.
    const child = spawn('squid', ['-N', '-d', '1', '-f', this.#file], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child = child;
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    this.#ended = once(child, 'close').then(([code, signal]) => {
      process.removeListener('exit', kill);
      const log = this.cacheLog.all.join('\n');
      this.cacheLog.end(new Error(`Squid has ended (${signal ?? `exit status ${code}`})\n${log}`));
    });
    eachLine(child.stderr as Readable, (line) => {
      this.cacheLog.add(line.replace(/^[\d/]+ [\d:]+(?: kid\d+)?\| /, ''));
    });
    await this.#accepts(this.place);
  }

  /** Takes HTTP requests at another port, and at this one no more. What it has in its cache it keeps. */
  async moveHttp(http: number): Promise<void> {
    await this.#configure({ ...this.place, http });
    this.#ready = this.cacheLog.all.length;
    this.signal('SIGHUP');
    await this.#accepts({ ...this.place, http });
  }

  async #configure(place: SquidPlace): Promise<void> {
    const { port } = this.#logServer.address() as AddressInfo;
    await writeFile(this.#file, configuration(place, this.#settings, port));
  }

  async #accepts({ address, http, https }: SquidPlace): Promise<void> {
    await this.cacheLog.waitFor((line) => line.startsWith('Sending HTCP messages'), {
      from: this.#ready,
      limit: 9000,
      wanted: 'that it is ready',
    });
    this.#ready = this.cacheLog.all.length;
    // It says that it accepts connections a moment before it does.
    for (const port of this.#settings.tls === undefined ? [http] : [http, https]) await accepted(address, port);
  }

  get isAlive(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  /** The line for the first exchange, or packet, with this URL, and this method if one is given. */
  lineFor(url: string, method = 'GET'): Promise<SquidLine> {
    const wanted = `for ${method} ${url}`;
    return this.accessLog.waitFor((line) => line.url === url && line.method === method, { wanted });
  }

  /** The line for the first request with this target, whatever its host. */
  lineOf(target: string): Promise<SquidLine> {
    const isIt = ({ url, method }: SquidLine) => method === 'GET' && url.endsWith(target);
    return this.accessLog.waitFor(isIt, { wanted: `for ${target}` });
  }

  linesFor(url: string, method = 'GET'): SquidLine[] {
    return this.accessLog.all.filter((line) => line.url === url && line.method === method);
  }

  /** What it has said of itself since it was ready: of the ordinary nothing. */
  get remarks(): readonly string[] {
    return this.cacheLog.all
      .slice(this.#ready)
      .filter((line) => !/^storeLateRelease|^ {4}current master transaction/.test(line));
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  async end(): Promise<void> {
    this.signal('SIGCONT');
    this.signal('SIGTERM');
    const late = setTimeout(() => this.signal('SIGKILL'), PATIENCE);
    await this.#ended;
    clearTimeout(late);
    this.#logServer.close();
  }
}

function configuration(place: SquidPlace, { origin, lines, tls }: SquidSettings, log: number): string {
  const { address, http, https, icp, htcp } = place;
  return `
http_port ${address}:${http} accel vhost
${tls === undefined ? '' : `https_port ${address}:${https} accel vhost tls-cert=${tls.cert} tls-key=${tls.key}`}
icp_port ${icp}
htcp_port ${htcp}
udp_incoming_address ${address}
tcp_outgoing_address ${address}
visible_hostname squid.test
cache_peer 127.0.0.1 parent ${origin.port} 0 no-query no-digest no-netdb-exchange originserver default name=origin
never_direct allow all
acl purging method PURGE
http_access allow purging
http_access allow all
cache_mem 16 MB
strip_query_terms off
minimum_icp_query_timeout 1000
logformat told %>a %Ss/%03>Hs %rm %ru %Sh/%<a
access_log tcp://127.0.0.1:${log} logformat=told
buffered_logs off
cache_log /dev/null
cache_store_log none
pid_filename none
coredump_dir none
pinger_enable off
shutdown_lifetime 0 seconds
client_db off
dns_nameservers 127.0.0.1
hosts_file none
${lines.join('\n')}
`;
}

async function accepted(host: string, port: number): Promise<void> {
  const late = performance.now() + PATIENCE;
  for (;;) {
    const socket = connect(port, host);
    const outcome = await once(socket, 'connect').catch((error: Error) => error);
    socket.destroy();
    if (!(outcome instanceof Error)) return;
    if (performance.now() > late) throw outcome;
    await turn();
  }
}

function readLine(line: string): SquidLine {
  const [client = '', result = '', method = '', url = '', hierarchy = ''] = line.split(' ');
  return { client, result, method, url, hierarchy };
}

function eachLine(stream: Readable, take: (line: string) => void): void {
  let unread = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = (unread + text).split('\n');
    unread = lines.pop() ?? '';
    lines.forEach(take);
  });
}
