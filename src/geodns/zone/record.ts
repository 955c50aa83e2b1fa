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

/** What is to be told of a zone: problems refuse it, warnings do not. Each says where, what is wrong, what was expected. */
export class Findings {
  /** A file that is no zone at all has a problem in each line; nobody reads more than these. */
  static readonly MOST = 100;

  readonly #problems: string[] = [];
  readonly #warnings: string[] = [];

  get problems(): readonly string[] {
    return this.#problems;
  }

  get warnings(): readonly string[] {
    return this.#warnings;
  }

  /** So much is wrong that there is no point in reading on. */
  get isFull(): boolean {
    return this.#problems.length >= Findings.MOST;
  }

  problem(where: string, what: string): void {
    if (!this.isFull) this.#problems.push(`${where}: ${what}`);
  }

  warn(where: string, what: string): void {
    if (this.#warnings.length < Findings.MOST) this.#warnings.push(`${where}: ${what}`);
  }
}

/** `www.example.org. AAAA`, as problems call a record. */
export function recordTitle(record: Pick<ZoneRecord, 'owner' | 'type'>): string {
  return `${nameToText(record.owner)} ${typeToText(record.type)}`;
}
