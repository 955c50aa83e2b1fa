import type { Fields } from '../message.ts';
import { languagesOf } from './accept-language.ts';

/**
 * Request fields that select a stored response: the way back from `variantKey`. What is normalised there is normalised to
 * itself, but for Accept-Language. `undefined`: there is no such request.
 */
export function variantFields(vary: readonly string[], variant: string): Fields | undefined {
  const values = vary.length === 0 ? [] : variant.split('\n');
  if (values.length !== vary.length) return undefined;
  const fields: string[] = [];
  for (const [index, name] of vary.entries()) {
    const present = values[index] as string;
    if (present === '') continue;
    const value = name === 'accept-language' ? languagesOf(present.slice(1)) : present.slice(1);
    if (value === undefined) return undefined;
    fields.push(name, value);
  }
  return fields;
}
