/** Names as our configuration takes them: 1 to 64 letters, digits, dots, dashes or underscores, each once. */
export class Names {
  readonly #given = new Map<string, string>();

  /** Always the same for the same key; `key`: what it is a name of, where others may be called the same. */
  of(name: string, key = name): string {
    const known = this.#given.get(key);
    if (known !== undefined) return known;
    const taken = new Set(this.#given.values());
    const base = name.replaceAll(/[^A-Za-z0-9._-]/g, '-').slice(0, 60) || 'unnamed';
    let free = base;
    for (let number = 2; taken.has(free); number++) free = `${base}-${number}`;
    this.#given.set(key, free);
    return free;
  }
}
