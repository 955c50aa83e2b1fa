import { nameToText } from './name.ts';
import { Problem } from './problem.ts';
import type { Field } from './rdata-field.ts';
import type { RdataReader } from './rdata-reader.ts';
import type { RdataWords } from './rdata-text.ts';
import { checkTogether, keyToText, parameterFromText, parameterToText } from './svcb-parameter.ts';

/**
 * SVCB and HTTPS records (RFC 9460 §2). On the wire:
 *
 *      +--------+--------+--------- - -
 *      |    priority     |  target           priority 0 is AliasMode; the target is never compressed
 *      +--------+--------+--------+--------+---------- - -
 *      |       key       |     length      |    value            for each parameter: keys in ascending order, none twice
 *      +--------+--------+--------+--------+---------- - -
 *
 * In text a parameter is `key=value`, in any order, the value in quotes or not; the key is a name or its number,
 * `key65333`. In AliasMode they should not be there, and nobody would take notice of them (§2.4.2): so we refuse them.
 */
export const SERVICE_BINDING: Field = {
  read: (words, out) => {
    const priority = words.number('a priority', 65_535);
    out.u16(priority);
    out.name(words.name('a name'), false);
    if (priority === 0 && !words.atEnd) throw new Problem(`expected no parameters with priority 0, ${ALIAS_MODE}`);
    const values = parametersFromText(words);
    for (const [key, value] of [...values].sort(([a], [b]) => a - b)) {
      out.u16(key);
      out.u16(value.length);
      out.bytes(value);
    }
  },

  show: (bytes) => {
    const priority = bytes.u16();
    const target = nameToText(bytes.name(false));
    if (priority === 0 && !bytes.atEnd) throw new Problem(`expected no parameters with priority 0, ${ALIAS_MODE}`);
    const parameters = [...parametersFromBytes(bytes)].map(([key, value]) => parameterToText(key, value));
    return [priority, target, ...parameters].join(' ');
  },
};

const ALIAS_MODE = 'which is AliasMode (RFC 9460 §2.4.2)';

function parametersFromText(words: RdataWords): ReadonlyMap<number, Buffer> {
  const values = new Map<number, Buffer>();
  while (!words.atEnd) {
    const [key, value] = parameterFromText(words.bare('a parameter such as alpn=h2'));
    if (values.has(key)) throw new Problem(`the parameter ${keyToText(key)} stands there twice`);
    values.set(key, value);
  }
  checkTogether(values);
  return values;
}

function parametersFromBytes(bytes: RdataReader): ReadonlyMap<number, Buffer> {
  const values = new Map<number, Buffer>();
  let last = -1;
  while (!bytes.atEnd) {
    const key = bytes.u16();
    if (key <= last) throw new Problem('expected parameters in ascending order');
    values.set(key, bytes.bytes(bytes.u16()));
    last = key;
  }
  checkTogether(values);
  return values;
}
