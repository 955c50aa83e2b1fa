import { readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { attempt } from '../base/attempt.ts';
import { makeDirectory, writeSecret } from '../base/secret-file.ts';
import type { EventLog } from '../observe/event-forward.ts';
import type { Kept } from '../vrrp/machine/state.ts';
import type { Maintenance } from '../vrrp/model.ts';

/** What operators said of floating addresses, by instance; of others they said nothing. */
export type KeptOrders = Readonly<Record<string, Kept>>;

/** Its name in `state_dir`. */
export const KEPT_ORDERS = 'vrrp.json';

/** The file of what operators said of floating addresses: it outlives restarts. */
export class KeptOrdersFile {
  readonly #path: string;
  readonly #log: EventLog;

  constructor(directory: string, log: EventLog) {
    this.#path = join(directory, KEPT_ORDERS);
    this.#log = log;
  }

  get path(): string {
    return this.#path;
  }

  /**
   * At a start. What cannot be read does not hold: a node that then took no part would be missed where its partner is gone, and that is the
   * worse of two surprises. It is told as what a person has to look at, and the file is put aside.
   */
  read(): KeptOrders {
    const content = this.#content();
    if (content.error !== undefined) {
      if (content.error.code !== 'ENOENT') this.#tell(content.error.message, undefined);
      return {};
    }
    const { kept, problem } = parseKept(content.text);
    if (problem !== undefined) this.#putAside(problem, kept);
    return kept;
  }

  /** Synced when this returns. With an error, what was there is still there. */
  write(kept: KeptOrders): Error | undefined {
    const text = textOf(kept);
    if (this.#content().text === text) return undefined;
    return attempt(() => {
      makeDirectory(dirname(this.#path));
      writeSecret(this.#path, text);
    });
  }

  #content(): { readonly text: string; readonly error?: NodeJS.ErrnoException | undefined } {
    try {
      return { text: readFileSync(this.#path, 'utf8') };
    } catch (error) {
      return { text: '', error: error as NodeJS.ErrnoException };
    }
  }

  #putAside(reason: string, rest: KeptOrders): void {
    const copy = `${this.#path}.damaged`;
    const problem = attempt(() => renameSync(this.#path, copy));
    this.#tell(reason, problem === undefined ? copy : undefined);
    this.write(rest);
  }

  #tell(reason: string, copy: string | undefined): void {
    const event = 'what operators said of floating addresses is lost: what they had released is taken part in again';
    this.#log.error(event, { file: this.#path, reason, copy });
  }
}

/** What is sound in there holds. `problem`: not all of it is. */
export function parseKept(text: string): { readonly kept: KeptOrders; readonly problem?: string } {
  let said: unknown;
  const broken = attempt(() => {
    said = JSON.parse(text);
  });
  if (broken !== undefined) return { kept: {}, problem: 'it is no JSON' };
  if (!isMap(said)) return { kept: {}, problem: 'expected a map of instances' };
  const entries = Object.entries(said);
  const sound = entries.filter((entry): entry is [string, Kept] => isKept(entry[1]));
  const kept = Object.fromEntries(sound);
  if (sound.length === entries.length) return { kept };
  const lost = entries.filter(([, value]) => !isKept(value)).map(([name]) => name);
  return { kept, problem: `what it says of ${lost.join(', ')} makes no sense` };
}

/** The same for whatever order it was said in. */
function textOf(kept: KeptOrders): string {
  const said = Object.entries(kept).flatMap(([name, { maintenance }]) => {
    if (maintenance === undefined) return [];
    const { kind, by, why } = maintenance;
    return [[name, { maintenance: { kind, by, why } }] as const];
  });
  return `${JSON.stringify(Object.fromEntries(said.sort(([a], [b]) => (a < b ? -1 : 1))))}\n`;
}

function isKept(value: unknown): value is Kept {
  return isMap(value) && (value.maintenance === undefined || isMaintenance(value.maintenance));
}

function isMaintenance(value: unknown): value is Maintenance {
  if (!isMap(value)) return false;
  const { kind, by, why } = value;
  return (kind === 'handover' || kind === 'release') && typeof by === 'string' && typeof why === 'string';
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
