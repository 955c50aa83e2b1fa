/** Names as our configuration takes them: 1 to 64 letters, digits, dots, dashes or underscores, each once. */
export class Names {
  readonly #given = new Map<string, string>();

  /** Always the same for the same name. */
  of(name: string): string {
    const known = this.#given.get(name);
    if (known !== undefined) return known;
    const taken = new Set(this.#given.values());
    const base = name.replaceAll(/[^A-Za-z0-9._-]/g, '-').slice(0, 60) || 'unnamed';
    let free = base;
    for (let number = 2; taken.has(free); number++) free = `${base}-${number}`;
    this.#given.set(name, free);
    return free;
  }
}
