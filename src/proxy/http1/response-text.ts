import { STATUS_CODES } from '../../base/node-http.ts';
import type { ResponseHead } from '../exchange.ts';
import { fieldLines } from '../fields.ts';

/** What a reply's head looks like on the wire (RFC 9112 §4, §5). Pure, but for what it keeps. */

const statusLines: string[] = [];

export function statusLine(status: number): string {
  // A phrase must not be missing together with its space, and so it is never empty.
  statusLines[status] ??= `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n`;
  return statusLines[status];
}

/** The lines of its fields, those first that it has in common with others. */
export function responseLines({ shared, fields }: ResponseHead): string {
  if (shared === undefined) return fieldLines(fields);
  shared.text ??= inOnePiece(fieldLines(shared.fields));
  return shared.text + fieldLines(fields);
}

/** V8 keeps a sum of strings as a tree of them, several times as large as the text, until somebody looks into it. */
function inOnePiece(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

/** What its Content-Length says, whoever put it there. */
export function declaredLength({ length, fields, shared }: ResponseHead): number | undefined {
  if (length !== undefined) return length;
  for (const each of shared === undefined ? [fields] : [fields, shared.fields]) {
    for (let i = 0; i + 1 < each.length; i += 2) {
      const name = each[i] as string;
      if (name.length === 14 && name.toLowerCase() === 'content-length') return Number(each[i + 1]);
    }
  }
  return undefined;
}
