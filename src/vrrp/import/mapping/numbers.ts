/** Numbers and times as keepalived reads them, and times as we write them. */

/** A whole number within limits; `undefined`: it is none. */
export function wholeIn(text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined || !/^[-+]?(0[xX][0-9a-fA-F]+|\d+)$/.test(text)) return undefined;
  const value = Number(text.replace(/^[-+]/, '')) * (text.startsWith('-') ? -1 : 1);
  return value >= least && value <= most ? value : undefined;
}

/** Seconds with their fraction, in milliseconds to a thousandth; `undefined`: it is no time. */
export function secondsIn(text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined || !/^\+?(\d+(\.\d*)?|\.\d+)$/.test(text)) return undefined;
  const seconds = Number(text);
  return seconds >= least && seconds <= most ? Math.round(seconds * 1e6) / 1e3 : undefined;
}

/** `1s`, `100ms`. Above 0. */
export function timeOf(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${Math.max(1, Math.round(ms))}ms`;
}

/** keepalived's <BOOL>; `whenMissing` of a keyword that stands alone. */
export function isTrue(text: string | undefined, whenMissing = true): boolean {
  return text === undefined ? whenMissing : /^(on|true|yes)$/i.test(text);
}

/** As the kernel has it (IFNAMSIZ): up to 15 bytes, no slash and no space; with a colon it would be an alias. */
export function isInterfaceName(text: string): boolean {
  return /^[^\s/:]{1,15}$/.test(text) && !/^\.\.?$/.test(text);
}
