import { styleText } from 'node:util';
import type { EventFields, Plain } from './event-fields.ts';

export type Level = 'error' | 'warn' | 'info' | 'debug';

const STYLES = { error: 'red', warn: 'yellow', info: 'green', debug: 'gray' } as const;

/** An event for the eyes of who sits at the terminal: `21:05:00.123 WARN  worker died, replaced worker=2 code=1`. */
export function eventLine(time: Date, level: Level, event: string, fields: EventFields, coloured: boolean): string {
  const style = (name: 'red' | 'yellow' | 'green' | 'gray' | 'bold', text: string) =>
    coloured ? styleText(name, text, { validateStream: false }) : text;
  let line = `${style('gray', clock(time))} ${style(STYLES[level], level.toUpperCase().padEnd(5))} `;
  line += style('bold', printable(event));
  for (const [name, value] of Object.entries(fields)) line += ` ${style('gray', `${name}=`)}${shown(value)}`;
  return `${line}\n`;
}

/** Bare where that is clear, else as JSON: a value has no line feed and no escape sequence for the terminal in it. */
function shown(value: Plain): string {
  return typeof value === 'string' && /^[\w.,:;/@%+*()[\]-]+$/.test(value) ? value : printable(JSON.stringify(value));
}

function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);
}

/** Local time of day. */
function clock(time: Date): string {
  const two = (number: number) => String(number).padStart(2, '0');
  const milliseconds = String(time.getMilliseconds()).padStart(3, '0');
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${milliseconds}`;
}
