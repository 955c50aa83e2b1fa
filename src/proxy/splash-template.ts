import { type PageFacts, PLACEHOLDERS, type Placeholder } from './page-facts.ts';

/**
 * A page cut at its placeholders: text, value, text … text. Cut once when it is loaded, so that showing it is a join.
 * Plain data, to be sent to another thread.
 */
export interface Template {
  /** One more than there are names. */
  readonly texts: readonly string[];
  readonly names: readonly Placeholder[];
}

export type Escape = (value: string) => string;

/** Takes `{{host}}` and `{{ host }}`. What is no placeholder of ours stays as it is: it may be another program's. */
export function compileTemplate(page: string): Template {
  const texts: string[] = [];
  const names: Placeholder[] = [];
  let end = 0;
  for (const match of page.matchAll(/\{\{[ \t]*([a-z_]+)[ \t]*\}\}/g)) {
    const name = match[1] as string;
    if (!isPlaceholder(name)) continue;
    texts.push(page.slice(end, match.index));
    names.push(name);
    end = match.index + match[0].length;
  }
  texts.push(page.slice(end));
  return { texts, names };
}

/** Values are put in once and never read again: a host called `{{time}}` stays one. */
export function fillTemplate({ texts, names }: Template, facts: PageFacts, escaped: Escape): string {
  let page = texts[0] as string;
  for (const [index, name] of names.entries()) {
    page += escaped(PLACEHOLDERS[name](facts)) + texts[index + 1];
  }
  return page;
}

/**
 * Leaves only what is harmless wherever an author may have put a placeholder: in text, in an attribute with or without
 * quotes, in a string of a script. So it is a list of what stays, not of what is replaced.
 */
export function escapeHtml(value: string): string {
  return value.replace(/[^A-Za-z0-9 .,:_~@/[\]+\u00a1-\uffff-]/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** For the inside of a JSON string, and for a number. */
export function escapeJson(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

function isPlaceholder(name: string): name is Placeholder {
  return Object.hasOwn(PLACEHOLDERS, name);
}
