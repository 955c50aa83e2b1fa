import { DatabaseError } from './database-error.ts';

/** Where a field of a section begins, in bytes from the section's first; −1: there is none. */
export type FieldOffset = number;

export const NO_FIELD: FieldOffset = -1;

/** Types of the format's "Data Field Format". Those that a field of ours never has are not named. */
const EXTENDED = 0;
const POINTER = 1;
const TEXT = 2;
const DOUBLE = 3;
const UINT16 = 5;
const UINT32 = 6;
const MAP = 7;
const INT32 = 8;
const UINT64 = 9;
const UINT128 = 10;
const ARRAY = 11;
const CACHE_CONTAINER = 12;
const END_MARKER = 13;
const BOOLEAN = 14;
const FLOAT = 15;

/** A record of GeoIP2 Enterprise has 150. Only a damaged file has so many, and looking through them would take for ever. */
const MOST_FIELDS = 4096;

/**
 * Reads single fields of a section (data or metadata) of a MaxMind DB, and makes objects of none: a record of a city has a
 * hundred fields, most of them names in eight languages, and five are wanted. No byte outside of the section is read;
 * what does not fit in it is a `DatabaseError`.
 *
 *     | type 3 bits | size 5 bits | (type − 7, when type is 0) | (more of the size, when it is 29, 30 or 31) | payload |
 *     | 001 | SS | VVV | SS + 1 more bytes of the value |       a pointer, from the section's first byte
 */
export class Fields {
  readonly #bytes: Buffer;
  #left = MOST_FIELDS;
  /** Of the field that was read last: its type, its size in bytes (pairs of a map, elements of an array), its payload. */
  #type = EXTENDED;
  #size = 0;
  #payload = 0;
  /** Where the field ends that was followed last: its pointer, if it was one. */
  #end = 0;

  constructor(section: Buffer) {
    this.#bytes = section;
  }

  /** A new record is read from here on: it may have so many fields again. */
  begin(): void {
    this.#left = MOST_FIELDS;
  }

  /** The value of a key in the map at `map`; `NO_FIELD` when that is no map, or has no such key. */
  valueOf(map: FieldOffset, key: Buffer): FieldOffset {
    if (map === NO_FIELD) return NO_FIELD;
    if (this.#follow(map) !== MAP) return NO_FIELD;
    const pairs = this.#size;
    let at = this.#payload;
    for (let i = 0; i < pairs; i++) {
      const type = this.#follow(at);
      const value = this.#end;
      if (type !== TEXT) throw new DatabaseError(`is damaged: the key at byte ${at} of a section is no text`);
      if (this.#payloadIs(key)) return value;
      at = this.#skip(value);
    }
    return NO_FIELD;
  }

  /** The elements of the array at `array`, at most `most` of them; of what is no array there are none. */
  elements(array: FieldOffset, most: number): FieldOffset[] {
    if (array === NO_FIELD) return [];
    if (this.#follow(array) !== ARRAY) return [];
    const found: FieldOffset[] = [];
    const count = Math.min(this.#size, most);
    let at = this.#payload;
    for (let i = 0; i < count; i++) {
      found.push(at);
      at = this.#skip(at);
    }
    return found;
  }

  /** `undefined` when there is no field, or it is no text. */
  text(offset: FieldOffset): string | undefined {
    if (offset === NO_FIELD) return undefined;
    return this.#follow(offset) === TEXT
      ? this.#bytes.toString('utf8', this.#payload, this.#payload + this.#size)
      : undefined;
  }

  /** Of any type that is a number, exact up to 2^53; some databases write coordinates as text. Never NaN or infinite. */
  number(offset: FieldOffset): number | undefined {
    if (offset === NO_FIELD) return undefined;
    const value = this.#number(this.#follow(offset));
    return Number.isFinite(value) ? value : undefined;
  }

  #number(type: number): number {
    const bytes = this.#bytes;
    const payload = this.#payload;
    const size = this.#size;
    switch (type) {
      case DOUBLE:
        return size === 8 ? bytes.readDoubleBE(payload) : Number.NaN;
      case FLOAT:
        return size === 4 ? bytes.readFloatBE(payload) : Number.NaN;
      case UINT16:
      case UINT32:
      case UINT64: {
        if (size > 8) return Number.NaN;
        let value = 0;
        for (let i = 0; i < size; i++) value = value * 256 + (bytes[payload + i] as number);
        return value;
      }
      case INT32:
        if (size > 4) return Number.NaN;
        return size === 0 ? 0 : size === 4 ? bytes.readInt32BE(payload) : bytes.readUIntBE(payload, size);
      case TEXT: {
        const text = bytes.toString('latin1', payload, payload + Math.min(size, 32));
        return /^-?\d{1,3}(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
      }
      default:
        return Number.NaN;
    }
  }

  /** Byte by byte: for keys this short that is five times as fast as `Buffer.compare`. */
  #payloadIs(key: Buffer): boolean {
    if (this.#size !== key.length) return false;
    for (let i = 0; i < key.length; i++) {
      if (this.#bytes[this.#payload + i] !== key[i]) return false;
    }
    return true;
  }

  /** Where the field after this one begins. What lies in it is counted, not descended into: depth costs no stack. */
  #skip(offset: FieldOffset): FieldOffset {
    let at = offset;
    for (let waiting = 1; waiting > 0; waiting--) {
      at = this.#read(at);
      if (this.#type === MAP) waiting += 2 * this.#size;
      else if (this.#type === ARRAY) waiting += this.#size;
    }
    return at;
  }

  /** Reads the field at `offset`, or the one that it points to; returns its type. */
  #follow(offset: FieldOffset): number {
    this.#end = this.#read(offset);
    if (this.#type !== POINTER) return this.#type;
    this.#read(this.#size);
    if (this.#type === POINTER)
      throw new DatabaseError(`is damaged: the pointer at byte ${offset} of a section points to a pointer`);
    return this.#type;
  }

  /** Reads one field's control bytes; returns where its payload ends, of a map or an array where it begins. */
  #read(offset: FieldOffset): number {
    if (this.#left-- === 0) throw new DatabaseError(`is damaged: a record has more than ${MOST_FIELDS} fields`);
    const control = this.#byte(offset);
    let at = offset + 1;
    this.#type = control >>> 5;
    if (this.#type === POINTER) return this.#readPointer(control, at);
    if (this.#type === EXTENDED) this.#type = this.#byte(at++) + 7;
    this.#size = control & 31;
    if (this.#size > 28) {
      const more = this.#size - 28;
      this.#size = (more === 1 ? 29 : more === 2 ? 285 : 65_821) + this.#big(at, more);
      at += more;
    }
    this.#payload = at;
    return at + this.#payloadLength(offset);
  }

  #readPointer(control: number, at: number): number {
    const length = ((control >>> 3) & 3) + 1;
    const low = this.#big(at, length);
    const high = (control & 7) * 2 ** (8 * length);
    this.#size =
      length === 1 ? high + low : length === 2 ? high + low + 2048 : length === 3 ? high + low + 526_336 : low;
    return at + length;
  }

  #payloadLength(offset: FieldOffset): number {
    switch (this.#type) {
      case MAP:
      case ARRAY:
      case BOOLEAN: // its size is its value
        return 0;
      case EXTENDED + 7:
      case CACHE_CONTAINER:
      case END_MARKER:
        throw new DatabaseError(
          `is damaged: the field at byte ${offset} of a section cannot be there (type ${this.#type})`,
        );
      default:
        if (this.#type > FLOAT || (this.#type > UINT128 && this.#type < ARRAY)) {
          throw new DatabaseError(
            `is damaged: the field at byte ${offset} of a section has the unknown type ${this.#type}`,
          );
        }
        if (this.#payload + this.#size > this.#bytes.length) throw this.#beyond(offset);
        return this.#size;
    }
  }

  #big(at: number, length: number): number {
    let value = 0;
    for (let i = 0; i < length; i++) value = value * 256 + this.#byte(at + i);
    return value;
  }

  #byte(at: number): number {
    const byte = this.#bytes[at];
    if (byte === undefined) throw this.#beyond(at);
    return byte;
  }

  #beyond(offset: FieldOffset): DatabaseError {
    return new DatabaseError(
      `is damaged: the field at byte ${offset} reaches beyond its section of ${this.#bytes.length} bytes`,
    );
  }
}
