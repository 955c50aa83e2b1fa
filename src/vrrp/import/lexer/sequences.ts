/** `~SEQ(…) TEXT` and `~LST(…) TEXT`: a line that stands for many, with other values of a variable in each. */

export interface Repetition {
  /** What is defined before each time, by its name. */
  readonly rounds: readonly Readonly<Record<string, string>>[];
  /** What is repeated. */
  readonly text: string;
}

/** A file that wants more was hardly meant so. */
const MOST_ROUNDS = 65_536;

/** `undefined`: it begins neither; a text: what is wrong with it. `replace` puts definitions into the numbers of a sequence. */
export function repetitionIn(text: string, replace: (text: string) => string): Repetition | string | undefined {
  if (!/^~(SEQ|LST)/.test(text)) return undefined;
  const head = /^~(SEQx?|LST)[ \t]*\(([^)]*)\)[ \t]*(.*)$/s.exec(text);
  if (head === null) return 'a sequence without its end';
  const [, kind, inner = '', rest = ''] = head;
  const rounds = kind === 'LST' ? listed(inner) : counted(inner, kind === 'SEQx', replace);
  return rounds === undefined ? 'no sequence that keepalived takes' : { rounds, text: rest };
}

/** `VAR, start, step, end`, of which start and step may be missing. */
function counted(
  inner: string,
  isHex: boolean,
  replace: (text: string) => string,
): Record<string, string>[] | undefined {
  const [, name, numbers] = /^[ \t]*([^ \t,{]+)[ \t]*,(.*)$/s.exec(inner) ?? [];
  if (name === undefined || numbers === undefined) return undefined;
  const given = replace(numbers).split(',').map(integer);
  if (given.some((number) => number === undefined)) return undefined;
  const range = rangeOf(given as number[]);
  if (range === undefined || (isHex && (range.start < 0 || range.end < 0))) return undefined;
  const { start, step, end } = range;
  const count = Math.floor((end - start) / step) + 1;
  if (count > MOST_ROUNDS) return undefined;
  return Array.from({ length: count }, (_, index) => ({ [name]: (start + index * step).toString(isHex ? 16 : 10) }));
}

function rangeOf([one = 0, two, three]: readonly number[]): { start: number; step: number; end: number } | undefined {
  if (two === undefined) return { start: one < 0 ? -1 : 1, step: one < 1 ? -1 : 1, end: one };
  if (three === undefined) return { start: one, step: one <= two ? 1 : -1, end: two };
  const isAway = (one < three && two < 0) || (one > three && two > 0);
  return two === 0 || isAway ? undefined : { start: one, step: two, end: three };
}

/** As strtol of base 0: decimal, 0x hexadecimal, 0 octal. */
function integer(text: string): number | undefined {
  const [, sign, digits] = /^[ \t]*([-+]?)(0[xX][0-9a-fA-F]+|\d+)[ \t]*$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const value = /^0[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
  return Number.isSafeInteger(value) ? (sign === '-' ? -value : value) : undefined;
}

/** `VAR, a, b` or `{A, B}, {1, 2}, {3, 4}`. Values that are missing are empty. */
function listed(inner: string): Record<string, string>[] | undefined {
  const parts = [...inner.matchAll(/\{([^{}]*)\}|([^,{}]+)/g)].map(([, braced, plain]) =>
    (braced === undefined ? [plain ?? ''] : braced.split(',')).map((word) => word.trim()),
  );
  const [names = [], ...values] = parts.filter(([first], index) => first !== '' || index === 0);
  if (names.length === 0 || names.includes('') || values.length === 0) return undefined;
  if (values.some((set) => set.length > names.length)) return undefined;
  return values.map((set) => Object.fromEntries(names.map((name, index) => [name, set[index] ?? ''])));
}
