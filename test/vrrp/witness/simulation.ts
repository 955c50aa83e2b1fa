import { Candidate } from '../../../src/vrrp/witness/candidate.ts';
import { LeaseBook } from '../../../src/vrrp/witness/lease-book.ts';
import type { Message, Reply, Request, Subject } from '../../../src/vrrp/witness/message.ts';
import type { CandidateNews } from '../../../src/vrrp/witness/news.ts';
import { Voter } from '../../../src/vrrp/witness/voter.ts';

/**
 * Two nodes and their witnesses as they are, in a world that is made up: a network that loses, delays, doubles and plays back, clocks that run
 * at different rates and begin anywhere, processes that die and come back. Time is the world's; each process sees its own clock.
 */

export const SUBJECT: Subject = { pair: 'front', family: 4, vrid: 51 };

export interface WorldOptions {
  readonly seed: number;
  readonly witnesses?: number;
  readonly interval?: number;
  readonly timeout?: number;
  /** Clocks run between 1 - this and 1 + this times as fast as the world's. */
  readonly clockError?: number;
  /** Of packets. */
  readonly loss?: number;
  /** From 0 to this, mostly short. In milliseconds. */
  readonly delay?: number;
  /** How many of the packets come once more, any time later. */
  readonly replays?: number;
  /** Of voters: without it they lend at once after a start. */
  readonly isQuiet?: boolean;
}

interface Happening {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

export class World {
  readonly options: Required<WorldOptions>;
  readonly nodes: readonly SimulatedNode[];
  readonly witnesses: readonly SimulatedWitness[];
  now = 0;
  /** When more than one had a majority, and for how long. */
  readonly overlaps: number[] = [];
  /** Pairs of processes that do not hear each other: `a>b`. */
  readonly cut = new Set<string>();
  readonly random: () => number;
  #queue: Happening[] = [];
  #order = 0;

  constructor(options: WorldOptions) {
    this.options = {
      ...{ witnesses: 1, interval: 100, timeout: 100, clockError: 0.01, loss: 0.05, delay: 20, replays: 0.02 },
      isQuiet: true,
      ...options,
    };
    this.random = randomFrom(options.seed);
    this.witnesses = Array.from({ length: this.options.witnesses }, (_, i) => new SimulatedWitness(this, `w${i}`));
    this.nodes = ['a', 'b'].map((name) => new SimulatedNode(this, name));
  }

  find(name: string): SimulatedNode | SimulatedWitness {
    return [...this.nodes, ...this.witnesses].find((process) => process.name === name) as SimulatedNode;
  }

  at(time: number, run: () => void): void {
    const happening = { at: time, order: this.#order++, run };
    let place = this.#queue.length;
    while (place > 0 && (this.#queue[place - 1] as Happening).at > time) place--;
    this.#queue.splice(place, 0, happening);
  }

  after(time: number, run: () => void): void {
    this.at(this.now + time, run);
  }

  runUntil(time: number): void {
    for (;;) {
      const next = this.#queue[0];
      if (next === undefined || next.at > time) break;
      this.#queue.shift();
      this.now = next.at;
      next.run();
      this.#look();
    }
    this.now = time;
  }

  isolate(name: string): void {
    for (const { name: other } of [...this.nodes, ...this.witnesses]) this.cutBetween(name, other);
  }

  cutBetween(one: string, other: string): void {
    this.cut.add(`${one}>${other}`).add(`${other}>${one}`);
  }

  send(from: string, to: string, message: Message): void {
    const { loss, delay, replays } = this.options;
    const deliver = () => {
      if (!this.cut.has(`${from}>${to}`)) this.find(to).receive(message, from);
    };
    if (this.random() >= loss) this.after(0.1 + delay * this.random() ** 4, deliver);
    if (this.random() < replays) this.after(20 * this.options.interval * this.random(), deliver);
  }

  /** A holder begins to be one within some event, so two cannot be without one of them having just become it. */
  #look(): void {
    if (this.nodes.filter((node) => node.holds).length > 1) this.overlaps.push(this.now);
  }
}

/** A clock of its own. */
abstract class Process {
  readonly world: World;
  readonly name: string;
  isDown = false;
  readonly #rate: number;
  readonly #offset: number;

  constructor(world: World, name: string) {
    this.world = world;
    this.name = name;
    this.#rate = 1 + world.options.clockError * (2 * world.random() - 1);
    this.#offset = 1e6 * world.random();
  }

  get clock(): number {
    return this.#offset + this.world.now * this.#rate;
  }

  worldTimeOf(clock: number): number {
    return (clock - this.#offset) / this.#rate;
  }

  newRun(): bigint {
    return BigInt(Math.floor(this.world.random() * 2 ** 48)) + 1n;
  }

  newSecret(): Uint8Array {
    return Uint8Array.from({ length: 16 }, () => Math.floor(this.world.random() * 256));
  }

  newBook(): LeaseBook {
    const { isQuiet, interval } = this.world.options;
    return new LeaseBook({ from: isQuiet ? this.clock : -1e9, longest: 3 * interval });
  }
}

export class SimulatedWitness extends Process {
  #voter: Voter;

  constructor(world: World, name: string) {
    super(world, name);
    this.#voter = this.#start();
  }

  receive(message: Message, from: string): void {
    if (this.isDown || 'voter' in message) return;
    const { reply } = this.#voter.take(message, this.clock);
    if (reply !== undefined) this.world.send(this.name, from, reply);
  }

  restart(): void {
    this.isDown = false;
    this.#voter = this.#start();
  }

  #start(): Voter {
    return new Voter({ name: this.name, run: this.newRun(), secret: this.newSecret(), book: this.newBook() });
  }
}

/** A node whose instance is as strict as can be: it holds for as long as it has a majority, and not a moment longer. */
export class SimulatedNode extends Process {
  readonly news: CandidateNews[] = [];
  /** By its clock, until when it holds; what it was told. */
  until = Number.NEGATIVE_INFINITY;
  #candidate: Candidate;
  #alarm = 0;
  #number = 0n;
  #question = 0;

  constructor(world: World, name: string) {
    super(world, name);
    this.#candidate = this.#start();
  }

  get holds(): boolean {
    return !this.isDown && this.clock < this.until;
  }

  get candidate(): Candidate {
    return this.#candidate;
  }

  ask(cause: 'silence' | 'preemption' = 'silence'): void {
    this.#do(() => this.#candidate.ask(++this.#question, cause, this.clock));
  }

  giveBack(): void {
    this.until = Number.NEGATIVE_INFINITY;
    this.#do(() => this.#candidate.giveBack(this.clock));
  }

  beat(): void {
    this.#do(() => this.#candidate.beat(this.clock));
  }

  receive(message: Message, from: string): void {
    this.#do(() => {
      if ('voter' in message) {
        this.#candidate.take(message as Reply, this.clock);
        return;
      }
      const { reply } = this.#candidate.answer(message as Request, from, this.clock);
      if (reply !== undefined) this.world.send(this.name, from, reply);
    });
  }

  restart(): void {
    this.isDown = false;
    this.until = Number.NEGATIVE_INFINITY;
    this.#candidate = this.#start();
  }

  #start(): Candidate {
    const { interval, timeout, witnesses } = this.world.options;
    const others = [this.name === 'a' ? 'b' : 'a', ...Array.from({ length: witnesses }, (_, i) => `w${i}`)];
    const standing = { priority: 100, grade: 3, digest: 1n, version: '1' } as const;
    const candidate = new Candidate(
      {
        ...{ subject: SUBJECT, name: this.name, interval, timeout },
        ...{ run: this.newRun(), secret: this.newSecret(), book: this.newBook() },
        voters: others.map((_, i) => (i === 0 ? 'peer' : 'witness')),
        standing: () => standing,
        number: () => ++this.#number,
        send: (voter, request) => this.world.send(this.name, others[voter] as string, request),
        tell: (news) => void this.news.push(news),
      },
      this.clock,
    );
    this.world.after(0, () => this.#do(() => candidate.time(this.clock)));
    return candidate;
  }

  #do(act: () => void): void {
    if (this.isDown) return;
    const from = this.news.length;
    act();
    for (const one of this.news.slice(from)) this.#hear(one);
    const alarm = ++this.#alarm;
    // Never sooner than the clock shows it: what is computed back and forth may be a hair off.
    const wakeAt = Math.max(this.worldTimeOf(this.#candidate.wakeAt()), this.world.now) + 1e-6;
    if (wakeAt !== Infinity) {
      this.world.at(wakeAt, () => {
        if (alarm === this.#alarm) this.#do(() => this.#candidate.time(this.clock));
      });
    }
  }

  #hear(news: CandidateNews): void {
    if (news.kind === 'voted' && news.vote === 'granted') this.until = news.until;
    else if (news.kind === 'lease') this.until = news.until;
    else if (news.kind === 'lost') this.until = Number.NEGATIVE_INFINITY;
    else if (news.kind === 'voted') this.world.after(0, () => !this.holds && this.giveBack());
  }
}

/** Mulberry32: the same numbers from the same seed. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
