/**
 * The key of a record on disk: all by which the index finds an object, so that its head need not be read for that. Three
 * lines that cannot contain each other's separator:
 *
 *     primary key NUL vary, comma-separated NUL variant
 */
export function diskKey(key: string, vary: readonly string[], variant: string): Buffer {
  return Buffer.from(`${key}\0${vary.join()}\0${variant}`, 'latin1');
}

export interface DiskKey {
  readonly key: string;
  /** Joined by commas. */
  readonly vary: string;
  readonly variant: string;
}

/** `undefined`: it is none. */
export function readDiskKey(bytes: Buffer): DiskKey | undefined {
  const [key, vary, variant, more] = bytes.toString('latin1').split('\0');
  if (key === undefined || vary === undefined || variant === undefined || more !== undefined) return undefined;
  return { key, vary, variant };
}
