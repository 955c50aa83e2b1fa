import { monotonicNow } from '../base/monotonic.ts';
import type { Ms } from '../base/units.ts';
import { afterFetch, type Breaker, breakerState, CLOSED, type FetchOutcome } from './ask/breaker.ts';
import { afterEvent, type Liveness, type LivenessEvent, PROBE_INTERVAL, type Standing } from './ask/liveness.ts';
import { afterSample, type RoundTrip } from './ask/round-trip.ts';
import {
  COLUMN,
  COLUMNS_AT,
  COUNT,
  COUNTS,
  DROP_REASONS,
  DROPS,
  type DropReason,
  MAX_PEERS,
  PEER_COUNTERS,
  type PeerAccount,
  type PeerCounter,
  recordOf,
  VALUE,
  VALUES,
  VALUES_AT,
  WORD,
  WORDS,
} from './peer-rows.ts';

const STANDINGS: readonly Standing[] = ['alive', 'dead', 'slow'];
const FETCHING = { closed: 'on', open: 'paused', trial: 'trial' } as const;
const COUNTER_OF = { hit: 'fetched', 'false-hit': 'falseHits', failed: 'failed', overdue: 'overdue' } as const;

/** In which a fetch on trial should have come out; then another may try. Longer than `siblings.timeout` can be. */
const TRIAL_LEASE: Ms = 5_000;

/** A mean over about so many fetches. */
const LATENCY_SPAN = 8;

/**
 * The peer table: what all threads know and count of the peers, in shared memory. Rows are given by who makes the plan.
 *
 *     | words | values | columns, one for each thread:  | drops | row 0 | row 1 | … |
 *       a row each of WORDS, of VALUES                            a row of counts each
 *
 * Words are claimed by compare-and-exchange, so that of many threads one probes, and one tells of a change. Values are
 * doubles that any thread writes, without a lock: of two that judge a peer at once one may be lost, and the next question
 * makes up for it. A count has one writer. Times are those of `monotonicNow`.
 */
export class PeerTable {
  readonly #words: Int32Array;
  readonly #values: Float64Array;
  readonly #columns: readonly Float64Array[];
  readonly #own: Float64Array;
  readonly #now: () => Ms;

  static allocate(threads: number): SharedArrayBuffer {
    return new SharedArrayBuffer(8 * (COLUMNS_AT + threads * COLUMN));
  }

  /** `thread`: whose column is counted in, from 0 to `threads` - 1. */
  constructor(memory: SharedArrayBuffer, threads: number, thread: number, now: () => Ms = monotonicNow) {
    this.#words = new Int32Array(memory, 0, MAX_PEERS * WORDS);
    this.#values = new Float64Array(memory, 8 * VALUES_AT, MAX_PEERS * VALUES);
    this.#columns = Array.from(
      { length: threads },
      (_, index) => new Float64Array(memory, 8 * (COLUMNS_AT + index * COLUMN), COLUMN),
    );
    const own = this.#columns[thread];
    if (own === undefined) throw new RangeError(`there is no thread ${thread}`);
    this.#own = own;
    this.#now = now;
  }

  /** Whether the link has found it to be a Portico node. */
  isPortico(slot: number): boolean {
    return Atomics.load(this.#words, slot * WORDS + WORD.isPortico) !== 0;
  }

  /** Who is linked is there: one that was given up is probed at once. */
  setPortico(slot: number, isPortico: boolean): void {
    Atomics.store(this.#words, slot * WORDS + WORD.isPortico, isPortico ? 1 : 0);
    if (isPortico) Atomics.store(this.#words, slot * WORDS + WORD.probeAt, 0);
  }

  count(slot: number, counter: PeerCounter): void {
    const at = DROPS + slot * COUNTS + COUNT[counter];
    this.#own[at] = (this.#own[at] as number) + 1;
  }

  drop(reason: DropReason): void {
    const at = DROP_REASONS.indexOf(reason);
    this.#own[at] = (this.#own[at] as number) + 1;
  }

  /** Packets dropped, over all threads, whoever they came from. */
  drops(): Readonly<Record<DropReason, number>> {
    return recordOf(DROP_REASONS, (_, at) => this.#sum(at));
  }

  liveness(slot: number): Liveness {
    return {
      standing: STANDINGS[Atomics.load(this.#words, slot * WORDS + WORD.standing)] as Standing,
      unanswered: this.#value(slot, VALUE.unanswered),
      late: this.#value(slot, VALUE.late),
      since: this.#value(slot, VALUE.since),
    };
  }

  /** Something happened that tells whether the peer lives. Returns how it stands now, when that is news. */
  heard(slot: number, event: LivenessEvent): Standing | undefined {
    const now = this.#now();
    if (event.kind === 'answered' || event.kind === 'late') this.#set(slot, VALUE.answeredAt, now);
    const before = this.liveness(slot);
    const after = afterEvent(before, event, now);
    if (after === before) return undefined;
    this.#set(slot, VALUE.unanswered, after.unanswered);
    this.#set(slot, VALUE.late, after.late);
    this.#set(slot, VALUE.since, after.since);
    if (after.standing === before.standing) return undefined;
    const [from, to] = [STANDINGS.indexOf(before.standing), STANDINGS.indexOf(after.standing)];
    Atomics.store(this.#words, slot * WORDS + WORD.probeAt, tickAfter(now + PROBE_INTERVAL));
    return this.#claim(slot, WORD.standing, from, to) ? after.standing : undefined;
  }

  /** Takes the turn to probe a peer that is paused. `false`: it is not due, or another thread has it. */
  takeProbe(slot: number): boolean {
    if (this.liveness(slot).standing === 'alive') return false;
    return this.#takeTurn(slot, WORD.probeAt, PROBE_INTERVAL);
  }

  roundTrip(slot: number): RoundTrip {
    return { smoothed: this.#value(slot, VALUE.smoothed), variation: this.#value(slot, VALUE.variation) };
  }

  measured(slot: number, sample: Ms): void {
    const { smoothed, variation } = afterSample(this.roundTrip(slot), sample);
    this.#set(slot, VALUE.smoothed, smoothed);
    this.#set(slot, VALUE.variation, variation);
  }

  /** Whether something may be fetched there: `trial` only by who has the place of `enterTrial`. */
  fetching(slot: number): 'on' | 'paused' | 'trial' {
    return FETCHING[breakerState(this.#breaker(slot), this.#now())];
  }

  /** Takes the one place that a peer on trial has. It is free again when a fetch came out, and after a while anyway. */
  enterTrial(slot: number): boolean {
    return this.#takeTurn(slot, WORD.trialUntil, TRIAL_LEASE);
  }

  /** Gives that place back: a fetch came out, or there was nothing to be fetched. */
  leaveTrial(slot: number): void {
    Atomics.store(this.#words, slot * WORDS + WORD.trialUntil, 0);
  }

  /** A fetch came out; `latency`: until the head, when it is a hit. Returns what is news. */
  fetched(slot: number, outcome: FetchOutcome, latency: Ms): 'paused' | 'resumed' | undefined {
    this.count(slot, COUNTER_OF[outcome]);
    const to = afterFetch(this.#breaker(slot), outcome, this.#now());
    this.#set(slot, VALUE.failures, to.failures);
    this.#set(slot, VALUE.falseHits, to.falseHits);
    this.#set(slot, VALUE.pauses, to.pauses);
    this.#set(slot, VALUE.fetchAt, to.until);
    this.leaveTrial(slot);
    if (outcome === 'hit') {
      const mean = this.#value(slot, VALUE.fetchLatency);
      this.#set(slot, VALUE.fetchLatency, mean === 0 ? latency : mean + (latency - mean) / LATENCY_SPAN);
    }
    if (to.until === 0) return this.#claim(slot, WORD.isPaused, 1, 0) ? 'resumed' : undefined;
    return this.#claim(slot, WORD.isPaused, 0, 1) ? 'paused' : undefined;
  }

  account(slot: number): PeerAccount {
    const answeredAt = this.#value(slot, VALUE.answeredAt);
    return {
      isPortico: this.isPortico(slot),
      standing: this.liveness(slot).standing,
      fetching: this.fetching(slot),
      answeredAgo: answeredAt === 0 ? undefined : Math.max(0, this.#now() - answeredAt),
      roundTrip: this.#value(slot, VALUE.smoothed) || undefined,
      fetchLatency: this.#value(slot, VALUE.fetchLatency) || undefined,
      ...recordOf(PEER_COUNTERS, (counter) => this.#sum(DROPS + slot * COUNTS + COUNT[counter])),
    };
  }

  /** Makes the row that of another peer. */
  clear(slot: number): void {
    for (let word = slot * WORDS; word < (slot + 1) * WORDS; word++) Atomics.store(this.#words, word, 0);
    this.#values.fill(0, slot * VALUES, (slot + 1) * VALUES);
    for (const column of this.#columns) column.fill(0, DROPS + slot * COUNTS, DROPS + (slot + 1) * COUNTS);
  }

  #breaker(slot: number): Breaker {
    const until = this.#value(slot, VALUE.fetchAt);
    const failures = this.#value(slot, VALUE.failures);
    const falseHits = this.#value(slot, VALUE.falseHits);
    if (until === 0 && failures === 0 && falseHits === 0) return CLOSED;
    return { failures, falseHits, pauses: this.#value(slot, VALUE.pauses), until };
  }

  #value(slot: number, value: number): number {
    return this.#values[slot * VALUES + value] as number;
  }

  #set(slot: number, value: number, to: number): void {
    this.#values[slot * VALUES + value] = to;
  }

  /** Of all threads one moves the word, when its time has come, on by `interval`. */
  #takeTurn(slot: number, word: number, interval: Ms): boolean {
    const now = this.#now();
    const due = Atomics.load(this.#words, slot * WORDS + word);
    return ticksOf(now) >= due && this.#claim(slot, word, due, tickAfter(now + interval));
  }

  #claim(slot: number, word: number, from: number, to: number): boolean {
    return Atomics.compareExchange(this.#words, slot * WORDS + word, from, to) === from;
  }

  #sum(at: number): number {
    return this.#columns.reduce((sum, column) => sum + (column[at] as number), 0);
  }
}

/** A time as a word holds it for seventeen years: in quarters of a second. */
function ticksOf(time: Ms): number {
  return Math.floor(time / 250);
}

/** The first that is not before that time. */
function tickAfter(time: Ms): number {
  return Math.ceil(time / 250);
}
