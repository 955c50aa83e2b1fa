import type { Ms } from '../base/units.ts';
import type { EventLog } from '../observe/event-forward.ts';
import { AnswerTable } from './answer/answer-table.ts';
import { Responder as QueryAnswers } from './answer/respond.ts';
import type { QuerySource } from './answer/source.ts';
import { Transfers } from './answer/transfer.ts';
import type { GeoTableData } from './geo/table.ts';
import { DatacenterTable } from './health/table.ts';
import type { DnsPlan } from './plan/dns-plan.ts';
import { Served } from './plan/served.ts';
import type { Responder } from './server/responder.ts';
import { Seldom } from './server/seldom.ts';
import { TCP_LIMITS } from './server/tcp-limits.ts';

/** What the DNS thread is given to answer from, a generation at a time. Plain data over shared memory. */
export interface DnsAnswers {
  readonly plan: DnsPlan;
  /** Of a `DatacenterTable`: control writes it. */
  readonly standings: SharedArrayBuffer;
  /** Of an `AnswerTable`: control reads it. */
  readonly counts: SharedArrayBuffer;
}

const TELL_EVERY: Ms = 60_000;

/** Tenths of a second (RFC 7828 §3.1): the time that TCP connections may in fact be idle. */
const KEEPALIVE = TCP_LIMITS.idle / 100;

/** All that a generation answers: questions, and transfers of its zones. */
export class ServingResponder implements Responder {
  readonly #served: Served;
  readonly #answers: QueryAnswers;
  readonly #transfers: Transfers;

  constructor({ plan, standings, counts }: DnsAnswers, log: EventLog) {
    const seldom = new Seldom(log, TELL_EVERY);
    const table = new AnswerTable(counts, (error) => seldom.error('a DNS query was answered with SERVFAIL', { error }));
    this.#served = new Served(plan, new DatacenterTable(standings));
    const settings = { ...plan.answering, transferTo: plan.transferTo, keepalive: KEEPALIVE };
    this.#answers = new QueryAnswers(settings, Date.now, table);
    this.#answers.serve(this.#served.zones);
    this.#transfers = new Transfers(this.#served.zones, settings);
  }

  respond(query: Buffer, length: number, source: QuerySource, reply: Buffer): number {
    return this.#answers.respond(query, length, source, reply);
  }

  transfer(query: Buffer, length: number, source: QuerySource): Iterable<Buffer> | undefined {
    return this.#transfers.transfer(query, length, source);
  }

  /** Tables of the same maps, compiled from databases that were replaced. */
  update(tables: unknown): void {
    this.#served.takeTables(tables as readonly GeoTableData[]);
  }
}
