/** Names of what is never written down. */
const SECRET = /passw|secret|token|authorization|cookie|nonce|credential|private.?key/i;

/** Longer texts (pages) are told by their length. */
const LONGEST_TEXT = 1000;
const DEEPEST = 8;

/** The same, fit for the audit log: no secrets, by their names and in urls, and nothing without end. */
export function redacted(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactedText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === DEEPEST) return '…';
  if (Array.isArray(value)) return value.slice(0, 100).map((each) => redacted(each, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      SECRET.test(name) && each !== undefined && each !== null ? '***' : redacted(each, depth + 1),
    ]),
  );
}

export function redactedText(text: string): string {
  if (text.length > LONGEST_TEXT) return `${text.length} characters`;
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^/?#@\s]*@/gi, '$1***@');
}
