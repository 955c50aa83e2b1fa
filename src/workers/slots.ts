/** Gives rows of a shared table to names, and keeps a name's row for as long as it is in use. */
export class SlotAllocator {
  readonly #slots = new Map<string, number>();
  readonly #free: number[] = [];
  readonly #capacity: number;
  readonly #given: (slot: number) => void;
  #next = 0;

  /** `given` hears of each row that gets a name, before anybody counts in it. */
  constructor(capacity: number, given: (slot: number) => void = () => {}) {
    this.#capacity = capacity;
    this.#given = given;
  }

  /** All that have a row. */
  get names(): readonly string[] {
    return [...this.#slots.keys()];
  }

  /** The row of `name`, given now if it has none. Throws a `RangeError` when the table is full. */
  take(name: string): number {
    const known = this.#slots.get(name);
    if (known !== undefined) return known;
    const slot = this.#free.pop() ?? this.#next++;
    if (slot >= this.#capacity) throw new RangeError(`more than ${this.#capacity} of them in one configuration`);
    this.#slots.set(name, slot);
    this.#given(slot);
    return slot;
  }

  /** Takes back the rows of names that are not in `used`, unless `busy` says that one still counts something. */
  release(used: ReadonlySet<string>, busy: (slot: number) => boolean): void {
    for (const [name, slot] of this.#slots) {
      if (used.has(name) || busy(slot)) continue;
      this.#slots.delete(name);
      this.#free.push(slot);
    }
  }
}
