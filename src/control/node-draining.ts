/**
 * Whether the node's traffic is to go elsewhere, for all who tell others where to go: readiness, workers, and whatever
 * draws traffic to this node.
 */
export class NodeDraining {
  #on = false;
  readonly #followers = new Set<(on: boolean) => void>();

  get on(): boolean {
    return this.#on;
  }

  set on(on: boolean) {
    if (on === this.#on) return;
    this.#on = on;
    for (const tell of [...this.#followers]) tell(on);
  }

  /** Told of each change, until what is returned is called; at once when it is on already. */
  follow(tell: (on: boolean) => void): () => void {
    this.#followers.add(tell);
    if (this.#on) tell(true);
    return () => {
      this.#followers.delete(tell);
    };
  }
}
