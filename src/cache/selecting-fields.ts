import type { Fields } from './message.ts';
import type { NotWritten } from './object-writer.ts';
import { hasField } from './select/field.ts';
import { varyOf } from './select/vary.ts';

/** The fields by which a response is told from others of its key, or why it cannot be. */
export function selectingFields(fields: Fields): readonly string[] | NotWritten {
  const vary = varyOf(fields);
  if (vary === '*') return 'vary-star';
  if (vary.some((name) => WRITTEN_BY_US.has(name))) return 'vary-unknown';
  // Whoever codes without saying so would have it sent to clients that cannot undo it.
  if (!hasField(fields, 'content-encoding') || vary.includes('accept-encoding')) return vary;
  return [...vary, 'accept-encoding'].sort();
}

/** Of what we write ourselves requests have nothing that they could be told apart by. */
const WRITTEN_BY_US: ReadonlySet<string> = new Set([
  'cdn-loop',
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-request-id',
]);
