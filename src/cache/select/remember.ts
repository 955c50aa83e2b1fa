/** Longer texts are not remembered: usual field values are far shorter. */
const TEXT_MAX = 256;

/**
 * `compute` with a memory for the few values that most clients send. Texts come from the network, so it is bounded, and
 * begins anew when it is full: the usual ones are back at once, whatever somebody filled it with.
 */
export function remembering<T>(compute: (text: string) => T, limit = 512): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const result = compute(text);
    if (text.length <= TEXT_MAX) {
      if (known.size >= limit) known.clear();
      known.set(text, result);
    }
    return result;
  };
}
