/**
 * Memory that threads can share, straight from the operating system and given back to it when nobody refers to it. What comes from
 * malloc() stays with the process once it was used, and a compilation uses several times what its result takes: 75 MiB were
 * left behind by one of 741,000 nets instead of 30. Being growable is what makes it so; it is as fast to look into.
 */
export function pages(bytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(bytes, { maxByteLength: Math.max(1, bytes) });
}

export function pagesOfWords(count: number): Uint32Array<SharedArrayBuffer> {
  return new Uint32Array(pages(4 * count), 0, count);
}

export function pagesOfIds(count: number): Uint16Array<SharedArrayBuffer> {
  return new Uint16Array(pages(2 * count), 0, count);
}
