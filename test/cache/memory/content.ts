/** Bytes that only this seed has at this place, so that one of another object, or from another place, is seen. */
export function content(seed: number, from: number, to: number): Buffer {
  const bytes = Buffer.allocUnsafe(to - from);
  for (let i = from; i < to; i++) bytes[i - from] = byteAt(seed, i);
  return bytes;
}

/** The place of the first wrong byte, or -1. */
export function wrongByte(seed: number, from: number, views: readonly Buffer[]): number {
  let place = from;
  for (const view of views) {
    for (let i = 0; i < view.length; i++, place++) if (view[i] !== byteAt(seed, place)) return place;
  }
  return -1;
}

function byteAt(seed: number, i: number): number {
  const mixed = Math.imul(seed ^ Math.imul(i >>> 2, 0x9e3779b1), 0x85ebca6b);
  return (mixed >>> (8 * (i & 3))) & 0xff;
}
