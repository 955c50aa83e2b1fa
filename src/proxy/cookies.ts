/** The value of the first cookie of this name in a Cookie field (RFC 6265 §4.2.1), without quotes around it. */
export function cookieValue(field: string | undefined, name: string): string | undefined {
  if (field === undefined) return undefined;
  for (let from = 0; from < field.length; ) {
    const end = endOf(field, from);
    const equals = field.indexOf('=', from);
    if (equals !== -1 && equals < end && field.slice(from, equals).trim() === name) {
      return unquoted(field.slice(equals + 1, end).trim());
    }
    from = end + 1;
  }
  return undefined;
}

function endOf(field: string, from: number): number {
  const end = field.indexOf(';', from);
  return end === -1 ? field.length : end;
}

function unquoted(value: string): string {
  return value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
}
