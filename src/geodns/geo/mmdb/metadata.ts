import { DatabaseError } from './database-error.ts';
import { Fields } from './fields.ts';

/** What a MaxMind DB says of itself. */
export interface Metadata {
  readonly nodeCount: number;
  /** Bits. */
  readonly recordSize: 24 | 28 | 32;
  /** 4: it knows nothing of IPv6 addresses. 6: IPv4 addresses are at `::/96`. */
  readonly ipVersion: 4 | 6;
  /** Such as `GeoLite2-City`; empty when it does not say. */
  readonly type: string;
  /** When it was made, in seconds since 1970; 0 when it does not say. */
  readonly buildEpoch: number;
  /** Where the metadata's marker begins in the file: what is before it is tree and data. */
  readonly offset: number;
}

/** The last one in the file counts: records may have any bytes. */
const MARKER = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');

/** "The maximum allowable size for the metadata section, including the marker". */
const LARGEST = 128 * 1024;

/** Throws a `DatabaseError` for what is no MaxMind DB of format 2, or none that is read here. */
export function readMetadata(file: Buffer): Metadata {
  const offset = file.lastIndexOf(MARKER);
  if (offset === -1 || offset < file.length - LARGEST) {
    throw new DatabaseError('is no MaxMind DB, or is cut off: there is no metadata at its end');
  }
  const fields = new Fields(file.subarray(offset + MARKER.length));
  const number = (key: string) => fields.number(fields.valueOf(0, Buffer.from(key)));
  const required = (key: string) => {
    const value = number(key);
    if (value === undefined) throw new DatabaseError(`its metadata lacks ${key}`);
    return value;
  };

  const version = required('binary_format_major_version');
  if (version !== 2) throw new DatabaseError(`has version ${version} of the format, expected 2`);
  const recordSize = required('record_size');
  if (recordSize !== 24 && recordSize !== 28 && recordSize !== 32) {
    throw new DatabaseError(`has records of ${recordSize} bits, expected 24, 28 or 32`);
  }
  const ipVersion = required('ip_version');
  if (ipVersion !== 4 && ipVersion !== 6) throw new DatabaseError(`is for IP version ${ipVersion}, expected 4 or 6`);
  const nodeCount = required('node_count');
  if (!Number.isInteger(nodeCount) || nodeCount < 1) throw new DatabaseError(`has a tree of ${nodeCount} nodes`);

  const type = fields.text(fields.valueOf(0, Buffer.from('database_type'))) ?? '';
  return { nodeCount, recordSize, ipVersion, type, buildEpoch: number('build_epoch') ?? 0, offset };
}
