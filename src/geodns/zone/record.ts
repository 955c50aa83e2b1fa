import type { Rdata, Ttl, WireName } from '../model.ts';
import { nameToText } from '../wire/name.ts';
import { typeToText } from '../wire/types.ts';

/** A record of class IN as somebody wrote it. */
export interface ZoneRecord {
  readonly owner: WireName;
  readonly type: number;
  readonly ttl: Ttl;
  readonly rdata: Rdata;
  /** Where it is written: `zones/example.org:12`, `dns.zones[0].records[3]`. */
  readonly where: string;
}

/** One thing to be told of a zone: where, and what is wrong and what was expected. */
export interface ZoneFinding {
  readonly where: string;
  readonly what: string;
}

/** What is to be told of a zone: problems refuse it, warnings do not. */
export class Findings {
  /** A file that is no zone at all has a problem in each line; nobody reads more than these. */
  static readonly MOST = 100;

  readonly #problems: ZoneFinding[] = [];
  readonly #warnings: ZoneFinding[] = [];

  /** As lines. */
  get problems(): readonly string[] {
    return this.#problems.map(asLine);
  }

  /** As lines. */
  get warnings(): readonly string[] {
    return this.#warnings.map(asLine);
  }

  get found(): { readonly problems: readonly ZoneFinding[]; readonly warnings: readonly ZoneFinding[] } {
    return { problems: this.#problems, warnings: this.#warnings };
  }

  get isSound(): boolean {
    return this.#problems.length === 0;
  }

  /** So much is wrong that there is no point in reading on. */
  get isFull(): boolean {
    return this.#problems.length >= Findings.MOST;
  }

  problem(where: string, what: string): void {
    if (!this.isFull) this.#problems.push({ where, what });
  }

  warn(where: string, what: string): void {
    if (this.#warnings.length < Findings.MOST) this.#warnings.push({ where, what });
  }
}

/** `www.example.org. AAAA`, as problems call a record. */
export function recordTitle(record: Pick<ZoneRecord, 'owner' | 'type'>): string {
  return `${nameToText(record.owner)} ${typeToText(record.type)}`;
}

function asLine({ where, what }: ZoneFinding): string {
  return `${where}: ${what}`;
}
