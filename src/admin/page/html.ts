/** Markup that is made of text: whatever is put into it is escaped, unless it is markup itself. */

export class Html {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/** `undefined` and `false` are nothing, so that a part can be left out where it stands. */
export type Content = Html | string | number | undefined | false | readonly Content[];

export function html(strings: TemplateStringsArray, ...contents: readonly Content[]): Html {
  return new Html(strings.reduce((text, next, index) => text + written(contents[index - 1]) + next));
}

function written(content: Content): string {
  if (content === undefined || content === false) return '';
  if (content instanceof Html) return content.toString();
  if (typeof content === 'string' || typeof content === 'number') return escaped(String(content));
  return content.map(written).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * For elements and quoted attributes. Controls are no text in HTML, and those of writing direction (UAX #9 §2) would
 * let a name or a reason turn round what stands beside it.
 */
function escaped(text: string): string {
  return text
    .replace(/[&<>"']/g, (each) => ENTITIES[each] as string)
    .replace(/[^\P{Cc}\t\n]|[\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');
}
