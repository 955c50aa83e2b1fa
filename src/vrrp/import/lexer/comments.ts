/**
 * A line without its comment and the white space around it. `#` and `!` begin a comment anywhere, but not in double quotes; `\#`
 * and `\!` outside of them are these characters. A backslash at the end stays: it goes on with a definition of several lines.
 */
export function withoutComment(line: string): { readonly text: string; readonly isQuoteOpen: boolean } {
  let text = '';
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    const character = line[i] as string;
    if (character === '"') quoted = !quoted;
    if (character === '\\' && i + 1 < line.length) {
      const next = line[++i] as string;
      text += !quoted && (next === '#' || next === '!') ? next : character + next;
      continue;
    }
    if (!quoted && (character === '#' || character === '!')) break;
    text += character;
  }
  return { text: trimmed(text), isQuoteOpen: quoted };
}

/** Of keepalived's white space: spaces and tabs. */
function trimmed(text: string): string {
  const ends = text.replace(/^[ \t]+|[ \t]+$/g, '');
  return ends.endsWith('\\') ? `${ends.slice(0, -1).replace(/[ \t]+$/, '')}\\` : ends;
}
