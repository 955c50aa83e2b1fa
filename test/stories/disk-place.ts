import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Bytes } from '../../src/base/units.ts';
import { answer, type Script, type ScriptedOrigin, startOrigin } from '../support/origin.ts';
import { patternAt } from '../support/pattern.ts';
import { startPortico } from '../support/portico.ts';
import { fetchRaw } from '../support/raw-client.ts';
import { tempDir } from '../support/temp.ts';
import { PATIENCE, turn } from '../support/wait.ts';
import { cachingDoor, headOf, MIB, Play, Stage } from './cache-scene.ts';

/** What stories about the disk tier have in common: a directory that outlives Portico, and bodies that are found in it. */

export const FRESH = 'Cache-Control: max-age=3600';
const NOT_STORED = answer('', { fields: ['Cache-Control: no-store'] });

export interface DiskScene {
  readonly cache?: object;
  readonly workers?: number;
  readonly site?: object;
}

/** One origin, one directory, and one Portico after the other. */
export class Place {
  readonly origin: ScriptedOrigin;
  readonly directory: string;
  readonly #scripts: Map<string, Script>;
  readonly #scene: DiskScene;
  #stage: Stage | undefined;

  static async open(scene: DiskScene = {}, directory?: string): Promise<Place> {
    const scripts = new Map<string, Script>();
    const origin = await startOrigin((request) => scripts.get(request.target)?.(request) ?? NOT_STORED);
    const place = new Place(origin, directory ?? join(await tempDir('cache'), 'objects'), scripts, scene);
    await place.start();
    return place;
  }

  constructor(origin: ScriptedOrigin, directory: string, scripts: Map<string, Script>, scene: DiskScene) {
    this.origin = origin;
    this.directory = directory;
    this.#scripts = scripts;
    this.#scene = scene;
  }

  get stage(): Stage {
    return this.#stage as Stage;
  }

  get config(): object {
    const { cache, ...scene } = this.#scene;
    const disk = { directory: this.directory, size: '64MiB' };
    return cachingDoor(this.origin, {
      cache: { memory: '16MiB', memory_object_limit: '64KiB', ...cache, disk },
      ...scene,
    });
  }

  async start(): Promise<void> {
    this.#stage = new Stage(this.origin, await startPortico(this.config), this.#scripts);
  }

  /** Ends it, starts it again, and has it know what is there. */
  async restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const { portico: former } = this.stage;
    if (signal === 'SIGKILL') await former.kill();
    else expect(await former.stop()).toBe(0);
    await this.start();
    await this.stage.portico.events.waitFor('disk cache is indexed');
  }

  /** The same target, asked for after a restart. */
  again({ target }: Play): Play {
    return new Play(this.stage, target);
  }

  purge(target: string, ...head: string[]) {
    return fetchRaw(this.stage.port, target, { method: 'PURGE', head });
  }

  /** What the files in the directory say. */
  get files(): { readonly path: string; readonly bytes: Buffer }[] {
    const paths = readdirSync(this.directory).map((name) => join(this.directory, name));
    return paths.filter((path) => statSync(path).isFile()).map((path) => ({ path, bytes: readFileSync(path) }));
  }

  /** What the files in the directory take. */
  get used(): Bytes {
    const paths = readdirSync(this.directory).map((name) => join(this.directory, name));
    return paths.reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);
  }

  /** Resolves when the files take so much. */
  async holds(bytes: Bytes): Promise<void> {
    const deadline = AbortSignal.timeout(PATIENCE);
    while (this.used < bytes && !deadline.aborted) await turn();
    expect(this.used).toBeGreaterThanOrEqual(bytes);
  }

  /** Resolves when all of these have been written: each ends with its own target. */
  async written(...plays: readonly Play[]): Promise<void> {
    const missing = () => plays.filter(({ target }) => !this.files.some(({ bytes }) => bytes.includes(endOf(target))));
    const deadline = AbortSignal.timeout(PATIENCE);
    while (missing().length > 0 && !deadline.aborted) await turn();
    expect(missing().map(({ target }) => target)).toEqual([]);
  }
}

/** The last bytes of a body, by which it is found in a file. */
export function endOf(target: string): string {
  return `<end of ${target}>`;
}

/** A body of this length that ends with its target. */
export function bodyOf(target: string, length: number): Buffer {
  const end = Buffer.from(endOf(target));
  return Buffer.concat([patternAt(0, Math.max(0, length - end.length)), end]);
}

export const sized = (length: number, ...fields: string[]): Script =>
  async function* ({ target }) {
    const body = bodyOf(target, length);
    yield headOf(FRESH, ...fields, `Content-Length: ${body.length}`);
    for (let at = 0; at < body.length; at += MIB) yield body.subarray(at, at + MIB);
  };
