import { rcodeToText } from '../wire/types.ts';
import { AnswerTable, OTHER_RCODE, ROW, replyCell, SILENCES, TRANSPORTS } from './answer-table.ts';
import { NONE, type Silence } from './counts.ts';
import type { Transport } from './source.ts';

/** Names of a generation of the plan, in its order: what positions in its table stand for. */
export interface AnswerNames {
  /** As they are shown: `example.com`. */
  readonly zones: readonly string[];
  readonly datacenters: readonly string[];
}

/** In place of the name of a zone: in none of them. */
export const NO_ZONE = '-';

/** What was answered since the start. */
export interface AnswerCounted {
  /** Of zones there are now, and of `NO_ZONE`, each that is not 0. */
  readonly replies: readonly RepliesCounted[];
  /** By the name of the RCODE, each that is not 0: of zones that there were as well. */
  readonly rcodes: Readonly<Record<string, number>>;
  /** Geographic answers by their first datacenter: of each that there is now. */
  readonly answers: Readonly<Record<string, number>>;
  readonly silences: readonly SilencesCounted[];
  readonly truncated: Readonly<Record<Transport, number>>;
  readonly slipped: number;
  readonly failed: number;
}

export interface RepliesCounted {
  readonly zone: string;
  /** `NOERROR`; `other`: one that replies of ours do not have. */
  readonly rcode: string;
  readonly transport: Transport;
  readonly count: number;
}

export interface SilencesCounted {
  readonly reason: Silence;
  readonly transport: Transport;
  readonly count: number;
}

interface Generation {
  readonly names: AnswerNames;
  readonly table: AnswerTable;
}

/**
 * Control's side of `AnswerTable`: a table belongs to one generation of the plan, and this adds up over all of them, by
 * name. Counts never go back while a name is configured; one that comes back begins at 0.
 *
 *      begin ▸ prepared ▸ committed ▸ settle        the tables before are written no more
 *                       ▸ discarded ▸ discard       this one is not
 */
export class AnswerTotals {
  /** That may be written to, the newest last. */
  #generations: readonly Generation[] = [];
  readonly #ended = new Sums();

  /** Memory of the table that a new generation counts in. The one before may still be written to. */
  begin(names: AnswerNames): SharedArrayBuffer {
    const memory = AnswerTable.allocate({ zones: names.zones.length, datacenters: names.datacenters.length });
    this.#generations = [...this.#generations, { names, table: new AnswerTable(memory) }];
    return memory;
  }

  /** Only the newest generation counts from now on. */
  settle(): void {
    this.#keep(this.#generations.slice(-1));
  }

  /** The newest generation never counts. */
  discard(): void {
    this.#keep(this.#generations.slice(0, -1));
  }

  snapshot(): AnswerCounted {
    const sums = this.#ended.copy();
    for (const generation of this.#generations) sums.add(generation);
    return sums.counted();
  }

  #keep(kept: readonly Generation[]): void {
    for (const generation of this.#generations) if (!kept.includes(generation)) this.#ended.add(generation);
    this.#generations = kept;
    this.#ended.forgetAllBut(kept.map(({ names }) => names));
  }
}

/** Counts by name. */
class Sums {
  #failed = 0;
  #slipped = 0;
  readonly #zones = new Map<string, Float64Array>();
  /** Of zones that are forgotten. */
  readonly #formerly = new Float64Array(ROW);
  readonly #datacenters = new Map<string, number>();
  readonly #truncated: Record<Transport, number> = { udp: 0, tcp: 0 };
  readonly #silences: readonly Record<Transport, number>[] = SILENCES.map(() => ({ udp: 0, tcp: 0 }));

  add({ names, table }: Generation): void {
    this.#failed += table.failures;
    this.#slipped += table.slips;
    this.#addReplies(NO_ZONE, table.replies(NONE));
    for (const [position, zone] of names.zones.entries()) this.#addReplies(zone, table.replies(position));
    for (const [position, name] of names.datacenters.entries()) this.#addAnswers(name, table.answers(position));
    for (const transport of TRANSPORTS) {
      this.#truncated[transport] += table.truncated(transport);
      for (const [i, silences] of this.#silences.entries()) {
        silences[transport] += table.silences(SILENCES[i] as Silence, transport);
      }
    }
  }

  copy(): Sums {
    const copy = new Sums();
    copy.#failed = this.#failed;
    copy.#slipped = this.#slipped;
    addTo(copy.#formerly, this.#formerly);
    for (const [zone, row] of this.#zones) copy.#addReplies(zone, row);
    for (const [name, answers] of this.#datacenters) copy.#addAnswers(name, answers);
    Object.assign(copy.#truncated, this.#truncated);
    for (const [i, silences] of this.#silences.entries()) Object.assign(copy.#silences[i] as object, silences);
    return copy;
  }

  forgetAllBut(kept: readonly AnswerNames[]): void {
    const zones = new Set([NO_ZONE, ...kept.flatMap((names) => names.zones)]);
    const datacenters = new Set(kept.flatMap((names) => names.datacenters));
    for (const [zone, row] of this.#zones) {
      if (zones.has(zone)) continue;
      addTo(this.#formerly, row);
      this.#zones.delete(zone);
    }
    for (const name of this.#datacenters.keys()) if (!datacenters.has(name)) this.#datacenters.delete(name);
  }

  counted(): AnswerCounted {
    return {
      replies: [...this.#zones].flatMap(([zone, row]) => repliesOf(zone, row)),
      rcodes: this.#rcodes(),
      answers: Object.fromEntries(this.#datacenters),
      silences: this.#silences.flatMap((counts, i) =>
        TRANSPORTS.map((transport) => {
          return { reason: SILENCES[i] as Silence, transport, count: counts[transport] };
        }),
      ),
      truncated: this.#truncated,
      slipped: this.#slipped,
      failed: this.#failed,
    };
  }

  #rcodes(): Record<string, number> {
    const all = this.#formerly.slice();
    for (const row of this.#zones.values()) addTo(all, row);
    const rcodes: Record<string, number> = {};
    for (const { rcode, count } of repliesOf(NO_ZONE, all)) rcodes[rcode] = (rcodes[rcode] ?? 0) + count;
    return rcodes;
  }

  #addReplies(zone: string, row: Float64Array): void {
    const sums = this.#zones.get(zone);
    if (sums === undefined) this.#zones.set(zone, row.slice());
    else addTo(sums, row);
  }

  #addAnswers(datacenter: string, answers: number): void {
    this.#datacenters.set(datacenter, (this.#datacenters.get(datacenter) ?? 0) + answers);
  }
}

function repliesOf(zone: string, row: Float64Array): RepliesCounted[] {
  const replies: RepliesCounted[] = [];
  for (const transport of TRANSPORTS) {
    for (let rcode = 0; rcode <= OTHER_RCODE; rcode++) {
      const count = row[replyCell(rcode, transport)] as number;
      const name = rcode === OTHER_RCODE ? 'other' : rcodeToText(rcode);
      if (count > 0) replies.push({ zone, rcode: name, transport, count });
    }
  }
  return replies;
}

function addTo(sums: Float64Array, more: Float64Array): void {
  for (const [cell, count] of more.entries()) (sums[cell] as number) += count;
}
