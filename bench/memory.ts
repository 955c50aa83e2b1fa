import { Agent, get } from 'node:http';
import { treeMemoryBytes } from './cpu-time.ts';
import { FILL_SECONDS, type LoadGenerator } from './load.ts';
import { type Origin, requestsTo } from './origin.ts';
import type { RunningServer } from './server.ts';
import { OBJECT_BYTES, OBJECTS_PREFIX, type ServerName } from './works.ts';

/** What a cache full of small objects takes of memory. */
export interface MemoryRow {
  readonly server: ServerName;
  readonly objects: number;
  /** By how much the server's memory grew, for each object; the object's own 1,024 are among them. */
  readonly bytesPerObject: number;
  /** How fast it was filled. */
  readonly objectsPerSecond: number;
  /** Of a sample that was asked for again: the share that came from the cache. */
  readonly held: number;
  readonly problems: readonly string[];
}

export interface MemorySetting {
  readonly name: ServerName;
  readonly server: RunningServer;
  readonly origin: Origin;
  readonly load: LoadGenerator;
  readonly objects: number;
}

/** For what the cache of so many objects may take at most, so that nothing is evicted. */
export function memoryCacheMiB(objects: number): number {
  return 256 + Math.ceil((objects * 3 * OBJECT_BYTES) / 1024 ** 2);
}

/** Expected at the most, for one server. */
export function memorySeconds(objects: number): number {
  return objects === 0 ? 0 : FILL_SECONDS + 20;
}

/** Objects that are asked for before memory is measured, so that code is compiled and buffers are there. They are not counted. */
const FIRST_OBJECTS = 20_000;

/** What is asked for again, evenly over all objects. */
const SAMPLE = 1000;

export async function measureMemory(setting: MemorySetting, signal: AbortSignal): Promise<MemoryRow> {
  const { name, server, origin, load, objects } = setting;
  const first = await load.fill(server.http, `${OBJECTS_PREFIX}first/`, FIRST_OBJECTS, signal);
  const before = await settledMemory(server);
  const filled = await load.fill(server.http, OBJECTS_PREFIX, objects, signal);
  const after = await settledMemory(server);
  const asked = await requestsTo(origin);
  await askAgain(server.http, objects);
  const missed = (await requestsTo(origin)) - asked - 1;

  const problems = [...first.problems, ...filled.problems];
  if (filled.requests < objects) problems.push(`only ${filled.requests} requests were answered`);
  if (before === undefined || after === undefined) problems.push(`it ended: ${server.child.complaint}`);
  const held = 1 - missed / SAMPLE;
  if (held < 0.99) problems.push(`it holds ${Math.round(held * 100)} % of the objects`);
  return {
    server: name,
    objects,
    bytesPerObject: ((after ?? Number.NaN) - (before ?? Number.NaN)) / objects,
    objectsPerSecond: filled.requests / filled.seconds,
    held,
    problems,
  };
}

/** Memory once nothing is on its way any more. */
async function settledMemory({ child }: RunningServer): Promise<number | undefined> {
  await new Promise((resume) => setTimeout(resume, 3000));
  return treeMemoryBytes(child.pid);
}

async function askAgain(url: string, objects: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let index = 0; index < SAMPLE; index++) {
    const id = Math.floor((index * objects) / SAMPLE);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    get(`${url}${OBJECTS_PREFIX}${id}`, { agent }, (response) => response.resume().on('end', resolve)).on(
      'error',
      reject,
    );
    await promise;
  }
  agent.destroy();
}

export function formatMemory(rows: readonly MemoryRow[]): string {
  const lines = rows.map(({ server, bytesPerObject, objectsPerSecond, held, problems }) => [
    server,
    problems.length > 0 ? '–' : Math.round(bytesPerObject).toLocaleString('en'),
    Math.round(objectsPerSecond).toLocaleString('en'),
    `${Math.round(held * 100)} %`,
    problems.length > 0 ? `invalid: ${problems.join(', ')}` : '',
  ]);
  const all = [['server', 'bytes/object', 'filled, objects/s', 'held', ''], ...lines];
  return all
    .map(([server = '', bytes = '', speed = '', held = '', note = '']) =>
      `${server.padEnd(10)}${bytes.padStart(12)}${speed.padStart(20)}${held.padStart(8)}  ${note}`.trimEnd(),
    )
    .join('\n');
}
