import type { Ms } from '../base/units.ts';
import type { StoredResponse } from './stored.ts';

/**
 * The key of a record on disk: all by which the index finds an object, and how long it is fresh, so that its head need
 * not be read for that. Pieces that cannot contain their separator:
 *
 *     primary key NUL vary, comma-separated NUL variant NUL fresh until, in seconds since 1970
 */
export function diskKey({ key, vary, variant }: DiskKeySubject, freshUntil: Ms): Buffer {
  const seconds = Math.floor(freshUntil / 1000);
  return Buffer.from(`${key}\0${vary.join()}\0${variant}\0${seconds}`, 'latin1');
}

type DiskKeySubject = Pick<StoredResponse, 'key' | 'vary' | 'variant'>;

export interface DiskKey {
  readonly key: string;
  /** Joined by commas. */
  readonly vary: string;
  readonly variant: string;
  /** Epoch milliseconds; 0: it is not known, as of what was written before keys told it. */
  readonly freshUntil: Ms;
}

/** `undefined`: it is none. */
export function readDiskKey(bytes: Buffer): DiskKey | undefined {
  const [key, vary, variant, seconds = '0', more] = bytes.toString('latin1').split('\0');
  if (key === undefined || vary === undefined || variant === undefined || more !== undefined) return undefined;
  const freshUntil = Number(seconds) * 1000;
  return { key, vary, variant, freshUntil: Number.isNaN(freshUntil) ? 0 : freshUntil };
}
