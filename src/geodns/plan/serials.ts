import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory, writeSecret } from '../../base/secret-file.ts';
import type { Ms } from '../../base/units.ts';

/** The serial of a zone, and the content that it had with it. */
interface Given {
  readonly serial: number;
  /** A digest of all but the serial. */
  readonly content: string;
}

const FILE = 'dns-serials.json';

/** Serials have 32 bits, and go round (RFC 1982 §3). */
const SPACE = 2 ** 32;

/**
 * The serials that zones have. With `serial: auto` it is the second at which their content changed last. They are kept in
 * `state_dir`, so that a start alone changes none, and none goes back when the clock does, which would keep secondaries from
 * ever asking again. Those that somebody else gives are kept, too, so that can be told which secondaries will not take.
 */
export class Serials {
  readonly #file: string;
  readonly #stateDir: string;
  readonly #given: ReadonlyMap<string, Given>;
  /** Of this generation. */
  readonly #next = new Map<string, Given>();

  /** What cannot be read has never been: a serial of now is later than any that was given. */
  static read(stateDir: string): Serials {
    return new Serials(stateDir, readGiven(join(stateDir, FILE)));
  }

  private constructor(stateDir: string, given: ReadonlyMap<string, Given>) {
    this.#stateDir = stateDir;
    this.#file = join(stateDir, FILE);
    this.#given = given;
  }

  /** For a zone, by the key of its name, with this content. */
  serialOf(zone: string, content: string, now: Ms): number {
    const before = this.#given.get(zone);
    const serial = before?.content === content ? before.serial : laterThan(before?.serial, Math.floor(now / 1000));
    this.#next.set(zone, { serial, content });
    return serial;
  }

  /** For a zone that has a serial: what is wrong with it, as secondaries see it that have what was served before. */
  problemOf(zone: string, serial: number, content: string): string | undefined {
    const before = this.#given.get(zone);
    this.#next.set(zone, { serial, content });
    if (before === undefined) return undefined;
    if (serial === before.serial) {
      return content === before.content ? undefined : `serial ${serial} as before, but the content is another`;
    }
    return isLater(serial, before.serial)
      ? undefined
      : `serial ${serial} is not after ${before.serial}, which it was before`;
  }

  /** Keeps what was given since this was read, and of zones that are gone what they had. Throws when it cannot. */
  save(): void {
    const all = new Map([...this.#given, ...this.#next]);
    const isNews = [...this.#next].some(([zone, { serial, content }]) => {
      const before = this.#given.get(zone);
      return before?.serial !== serial || before.content !== content;
    });
    if (!isNews) return;
    makeDirectory(this.#stateDir);
    writeSecret(this.#file, `${JSON.stringify(Object.fromEntries(all))}\n`);
  }
}

/** Now, unless that would not be later. */
function laterThan(before: number | undefined, now: number): number {
  const serial = now % SPACE;
  if (before === undefined) return serial;
  return isLater(serial, before) ? serial : (before + 1) % SPACE;
}

/** RFC 1982 §3.2. Of two that are half of all apart neither is. */
function isLater(serial: number, before: number): boolean {
  const ahead = (serial - before + SPACE) % SPACE;
  return ahead > 0 && ahead < SPACE / 2;
}

function readGiven(file: string): ReadonlyMap<string, Given> {
  try {
    const read: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return new Map(Object.entries(read as object).filter((entry): entry is [string, Given] => isGiven(entry[1])));
  } catch {
    return new Map();
  }
}

function isGiven(value: unknown): value is Given {
  const { serial, content } = (value ?? {}) as Partial<Given>;
  return (
    Number.isInteger(serial) && (serial as number) >= 0 && (serial as number) < SPACE && typeof content === 'string'
  );
}
