import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory, writeSecret } from '../../base/secret-file.ts';
import type { Ms } from '../../base/units.ts';

/** A serial of `serial: auto`, and the content of the zone that it was given to. */
interface Given {
  readonly serial: number;
  /** A digest of all but the serial. */
  readonly content: string;
}

const FILE = 'dns-serials.json';

/** Serials have 32 bits, and go round (RFC 1982 §3). */
const SPACE = 2 ** 32;

/**
 * The serials that zones with `serial: auto` have: the second at which their content changed last. They are kept in
 * `state_dir`, so that a start alone changes none, and none goes back when the clock does, which would keep secondaries from
 * ever asking again.
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

  /** Keeps what was given since this was read, and of zones that are gone what they had. Throws when it cannot. */
  save(): void {
    const all = new Map([...this.#given, ...this.#next]);
    const isNews = [...this.#next].some(([zone, { serial }]) => this.#given.get(zone)?.serial !== serial);
    if (!isNews) return;
    makeDirectory(this.#stateDir);
    writeSecret(this.#file, `${JSON.stringify(Object.fromEntries(all))}\n`);
  }
}

/** Now, unless that would not be later (RFC 1982 §3.2). */
function laterThan(before: number | undefined, now: number): number {
  const serial = now % SPACE;
  if (before === undefined) return serial;
  const ahead = (serial - before + SPACE) % SPACE;
  return ahead > 0 && ahead < SPACE / 2 ? serial : (before + 1) % SPACE;
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
