/** Numbers from 0 up to `below`, the same for the same seed (xorshift32). */
export function randomOf(seed: number) {
  let state = seed * 0x9e3779b1 || 1;
  const random = (below: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
  return Object.assign(random, { of: <T>(choices: readonly T[]): T => choices[random(choices.length)] as T });
}
