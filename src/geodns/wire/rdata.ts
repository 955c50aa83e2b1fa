import type { Rdata } from '../model.ts';
import { orProblem, Problem, shown } from './problem.ts';
import {
  ALGORITHM,
  BASE64,
  COMPRESSIBLE_NAME,
  type Field,
  HEX,
  IPV4,
  IPV6,
  NAME,
  SPAN,
  STRING,
  STRINGS,
  TAG,
  TEXT,
  U8,
  U16,
  U32,
} from './rdata-field.ts';
import { LOCATION } from './rdata-loc.ts';
import { RdataReader } from './rdata-reader.ts';
import { SERVICE_BINDING } from './rdata-svcb.ts';
import { hexFromText, RdataWords, RdataWriter, type ReadName, type Word } from './rdata-text.ts';
import { TYPE } from './types.ts';

/** RDATA of the types we know, field by field. All others have no text but the generic one (RFC 3597 §5). */
const FORMATS: ReadonlyMap<number, readonly Field[]> = new Map<number, readonly Field[]>([
  [TYPE.A, [IPV4]], // RFC 1035 §3.4.1
  [TYPE.NS, [COMPRESSIBLE_NAME]],
  [TYPE.CNAME, [COMPRESSIBLE_NAME]],
  [TYPE.SOA, [COMPRESSIBLE_NAME, COMPRESSIBLE_NAME, U32, SPAN, SPAN, SPAN, SPAN]], // RFC 1035 §3.3.13
  [TYPE.PTR, [COMPRESSIBLE_NAME]],
  [TYPE.HINFO, [STRING, STRING]],
  [TYPE.MX, [U16, COMPRESSIBLE_NAME]],
  [TYPE.TXT, [STRINGS]],
  [TYPE.SPF, [STRINGS]], // RFC 4408 §3.1.1
  [TYPE.RP, [NAME, NAME]], // RFC 1183 §2.2
  [TYPE.AFSDB, [U16, NAME]], // RFC 1183 §1
  [TYPE.AAAA, [IPV6]], // RFC 3596
  [TYPE.LOC, [LOCATION]], // RFC 1876
  [TYPE.SRV, [U16, U16, U16, NAME]], // RFC 2782
  [TYPE.NAPTR, [U16, U16, STRING, STRING, STRING, NAME]], // RFC 3403 §4.1
  [TYPE.KX, [U16, NAME]], // RFC 2230
  [TYPE.DNAME, [NAME]], // RFC 6672 §2.1, and not compressed: §2.5
  [TYPE.DS, [U16, ALGORITHM, U8, HEX]], // RFC 4034 §5
  [TYPE.SSHFP, [U8, U8, HEX]], // RFC 4255
  [TYPE.DNSKEY, [U16, U8, ALGORITHM, BASE64]], // RFC 4034 §2
  [TYPE.TLSA, [U8, U8, U8, HEX]], // RFC 6698
  [TYPE.SMIMEA, [U8, U8, U8, HEX]], // RFC 8162
  [TYPE.CDS, [U16, ALGORITHM, U8, HEX]], // RFC 7344
  [TYPE.CDNSKEY, [U16, U8, ALGORITHM, BASE64]],
  [TYPE.OPENPGPKEY, [BASE64]], // RFC 7929
  [TYPE.SVCB, [SERVICE_BINDING]], // RFC 9460 §2
  [TYPE.HTTPS, [SERVICE_BINDING]],
  [TYPE.URI, [U16, U16, TEXT]], // RFC 7553 §4.5
  [TYPE.CAA, [U8, TAG, TEXT]], // RFC 8659 §4.1
]);

/** Reads RDATA as a master file has it: `10 mail.example.com.`, or for any type `\# 4 C0000201`. */
export function rdataFromText(type: number, words: readonly Word[], readName: ReadName): Rdata | Problem {
  if (words[0]?.text === '\\#' && !words[0].quoted) return genericFromText(type, words.slice(1), readName);
  const fields = FORMATS.get(type);
  if (fields === undefined) return new Problem('expected \\# and bytes (RFC 3597), as there is no text for this type');
  return orProblem(() => {
    const left = new RdataWords(words, readName);
    const out = new RdataWriter();
    for (const field of fields) field.read(left, out);
    if (!left.atEnd) throw new Problem(`expected no more, got ${shown(left.word('').text)}`);
    return out.rdata();
  });
}

/** Checks uncompressed bytes against their type, and finds the names in them. Of a type we do not know, any will do. */
export function rdataFromBytes(type: number, bytes: Buffer): Rdata | Problem {
  const fields = FORMATS.get(type);
  if (fields === undefined) return { bytes, names: [] };
  return orProblem(() => {
    const reader = new RdataReader(bytes);
    for (const field of fields) field.show(reader);
    if (!reader.atEnd) throw new Problem('expected fewer bytes');
    return { bytes, names: reader.names };
  });
}

/** As a master file has it; what it returns `rdataFromText` reads as the same bytes. */
export function rdataToText(type: number, bytes: Buffer): string {
  const fields = FORMATS.get(type);
  const text = fields === undefined ? undefined : orProblem(() => fieldsToText(fields, bytes));
  return typeof text === 'string' ? text : genericToText(bytes);
}

/** RFC 3597 §5: `\#`, the number of bytes, the bytes. */
function genericFromText(type: number, words: readonly Word[], readName: ReadName): Rdata | Problem {
  const bytes = orProblem(() => {
    const left = new RdataWords(words, readName);
    const length = left.number('a number of bytes', 65_535);
    const read = length === 0 && left.atEnd ? Buffer.alloc(0) : hexFromText(left.rest('hexadecimal bytes'));
    if (read.length !== length) throw new Problem(`expected ${length} bytes, got ${read.length}`);
    return read;
  });
  return bytes instanceof Problem ? bytes : rdataFromBytes(type, bytes);
}

function genericToText(bytes: Buffer): string {
  return bytes.length === 0 ? '\\# 0' : `\\# ${bytes.length} ${bytes.toString('hex').toUpperCase()}`;
}

function fieldsToText(fields: readonly Field[], bytes: Buffer): string {
  const reader = new RdataReader(bytes);
  const words = fields.map((field) => field.show(reader)).filter((word) => word !== '');
  if (!reader.atEnd) throw new Problem('expected fewer bytes');
  return words.join(' ');
}
