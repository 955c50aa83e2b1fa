import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { Random } from '../cache/memory/random.ts';
import { cachingDoor, statusOf } from '../stories/cache-scene.ts';
import { answer, startOrigin } from '../support/origin.ts';
import { type Portico, startPortico } from '../support/portico.ts';
import { fetchRaw } from '../support/raw-client.ts';
import { tempDir } from '../support/temp.ts';
import { INSPECTABLE, type InspectedWorker, WorkerInspector } from '../support/worker-inspector.ts';
import { Crowd } from './crowd.ts';
import { LONG, SEED, tell } from './form.ts';
import { CHECKED, expectNothingHeld } from './soundness.ts';
import { VersionedOrigin } from './versioned-origin.ts';

/** Workers die under load, also in the middle of changing what all share: the others go on, and nobody waits for ever. */

const DIED = 'worker died, a new one is started';
const REPLACED = 'worker replaced';
const BROKEN = 'the memory of the cache was left half-changed, and begins anew';
const INDEXED = 'disk cache is indexed';

const WORKERS = 3;
const CLIENTS = 24;
/** Few enough that successors do not come ever later. */
const ROUNDS = LONG ? 3 : 1;

/** Where a worker ends; nowhere in particular: it throws where nothing catches. */
const DEATHS = [
  { name: 'anywhere' },
  { name: 'while it removes an entry', module: 'cache/memory/store.ts', text: '  detach(slot: number): void {' },
  { name: 'while it begins to write a record', module: 'cache/disk/record-batch.ts', text: 'let indexed = 0;' },
  { name: 'while it makes room for a body', module: 'cache/memory/store.ts', text: '  growBody(slot: number' },
  { name: 'while it purges', module: 'cache/purge/ban-board.ts', text: '  #append(bans' },
  { name: 'while it begins a segment', module: 'cache/disk/segment-space.ts', text: '  async makeRoom()' },
] as const;

const PATIENT = { timeout: 10_000, interval: 10 };

async function bodiesOnDisk(directory: string): Promise<number> {
  const segments = (await readdir(directory)).filter((name) => name.endsWith('.seg'));
  const texts = await Promise.all(segments.map((name) => readFile(join(directory, name), 'latin1')));
  return texts.join('').split('body of /kept/').length - 1;
}

/** Ends workers, one at a time. */
class Killer {
  readonly #portico: Portico;
  readonly #inspector: WorkerInspector;
  readonly #dir: string;
  #killed = 0;

  static async start(portico: Portico): Promise<Killer> {
    const inspector = await WorkerInspector.attach(portico);
    for (let worker = 0; worker < WORKERS; worker++) await inspector.worker(`worker ${worker}`);
    return new Killer(portico, inspector, await tempDir());
  }

  private constructor(portico: Portico, inspector: WorkerInspector, dir: string) {
    this.#portico = portico;
    this.#inspector = inspector;
    this.#dir = dir;
  }

  /** Resolves when the dead one is replaced. */
  async kill(death: (typeof DEATHS)[number]): Promise<void> {
    const from = this.#portico.events.all.length;
    const worker = this.#killed % WORKERS;
    this.#killed += 1;
    if ('module' in death) await this.#killAt(death.module, death.text);
    else await this.#inspector.throwIn(this.#newest(`worker ${worker}`));
    await this.#portico.events.waitFor(DIED, { from, limit: 15_000 });
    await this.#portico.events.waitFor(REPLACED, { from, limit: 15_000 });
  }

  detach(): void {
    this.#inspector.detach();
  }

  /** Whoever comes there first, and nobody else. */
  async #killAt(module: string, text: string): Promise<void> {
    const mark = JSON.stringify(join(this.#dir, `killed-${this.#killed}`));
    const fs = "process.getBuiltinModule('fs')";
    // Made by one of them only.
    const expression = `(() => { try { ${fs}.mkdirSync(${mark}); } catch { return; } process.exit(1); })()`;
    for (let worker = 0; worker < WORKERS; worker++) {
      await this.#inspector.evaluateAt(this.#newest(`worker ${worker}`), module, text, expression);
    }
  }

  #newest(name: string): InspectedWorker {
    const worker = this.#inspector.workers.findLast((each) => each.name === name);
    if (worker === undefined) throw new Error(`there is no ${name}`);
    return worker;
  }
}

describe('workers that die under load', () => {
  test('everybody else is served on, with the right bytes and nothing that was purged', {
    timeout: 240_000,
  }, async () => {
    const random = new Random(SEED);
    const origin = await VersionedOrigin.start(3000, random);
    const disk = { directory: join(await tempDir(), 'disk'), size: '64MiB' };
    const cache = { memory: '4MiB', memory_object_limit: '40KiB', disk };
    const door = { ...cachingDoor(origin, { workers: WORKERS, cache }), logs: { access: 'off' } };
    const portico = await startPortico(door, { env: { ...CHECKED, ...INSPECTABLE } });
    const killer = await Killer.start(portico);
    const crowd = new Crowd({ origin, random, mayLose: true });
    const visited = crowd.visit({ http: portico.port(0), https: portico.port(1) }, CLIENTS);
    for (let round = 0; round < ROUNDS; round++) {
      for (const death of DEATHS) {
        const before = crowd.count('200');
        await killer.kill(death);
        expect(crowd.count('200'), death.name).toBeGreaterThan(before + 10);
      }
    }
    crowd.stop();
    await visited;
    const told = (wanted: string) => portico.events.all.filter(({ message }) => message === wanted).length;
    tell('dying workers', { ...Object.fromEntries(crowd.seen), died: told(DIED), broken: told(BROKEN) });
    expect(crowd.faults.slice(0, 5)).toEqual([]);
    expect(told(DIED)).toBe(ROUNDS * DEATHS.length);
    expect(told(BROKEN)).toBeGreaterThanOrEqual(2 * ROUNDS);
    killer.detach();
    await expectNothingHeld(portico, [DIED, BROKEN]);
  });

  test('with the lock in its hand, all that was on disk is found again', { timeout: 60_000 }, async () => {
    const origin = await startOrigin(({ target }) =>
      answer(`body of ${target}`, { fields: ['Cache-Control: max-age=3600'] }),
    );
    const disk = { directory: join(await tempDir(), 'disk'), size: '64MiB' };
    const portico = await startPortico(cachingDoor(origin, { workers: WORKERS, cache: { memory: '4MiB', disk } }), {
      env: INSPECTABLE,
    });
    const killer = await Killer.start(portico);
    const targets = Array.from({ length: 200 }, (_, i) => `/kept/${i}`);
    for (const target of targets) await fetchRaw(portico.port(), target);
    // What a worker has not written yet dies with it.
    await vi.waitUntil(async () => (await bodiesOnDisk(disk.directory)) === targets.length, PATIENT);
    const from = portico.events.all.length;
    const killed = killer.kill(DEATHS[3]);
    while (!portico.events.all.slice(from).some(({ message }) => message === DIED)) {
      await fetchRaw(portico.port(), '/other').catch(() => {});
      await fetchRaw(portico.port(), `/other/${Math.random()}`).catch(() => {});
    }
    await killed;
    const indexed = await portico.events.waitFor(INDEXED, { from });
    expect(indexed.records).toBeGreaterThanOrEqual(targets.length);
    const asked = origin.requests.length;
    for (const target of targets) {
      const reply = await fetchRaw(portico.port(), target);
      expect(reply.body).toBe(`body of ${target}`);
      expect(statusOf(reply)).toBe('hit');
    }
    expect(origin.requests.length).toBe(asked);
    killer.detach();
  });
});
