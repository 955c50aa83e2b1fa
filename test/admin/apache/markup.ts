/** Enough of an HTML parser for the page and for Apache's: elements that end by themselves, attributes without quotes. */

export interface Element {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: (Element | string)[];
  readonly parent: Element | undefined;
}

const VOID = new Set(['hr', 'br', 'input', 'meta', 'link']);
/** What is open is ended by another one of these. */
const ENDED_BY: Readonly<Record<string, readonly string[]>> = {
  td: ['td', 'th', 'tr'],
  th: ['td', 'th', 'tr'],
  tr: ['tr'],
  option: ['option'],
  dt: ['dt', 'dd'],
};

export function parse(html: string): Element {
  const root: Element = { tag: '', attributes: {}, children: [], parent: undefined };
  let at = root;
  const text = html.replace(/<style[\s\S]*?<\/style>/g, '').replace(/<!DOCTYPE[^>]*>/, '');
  for (const [, close, name = '', attributes = '', plain] of text.matchAll(/<(\/?)([a-z]\w*)([^>]*)>|([^<]+)/gi)) {
    if (plain !== undefined) {
      at.children.push(unescaped(plain));
      continue;
    }
    const tag = name.toLowerCase();
    if (close === '/') at = ended(at, tag);
    else {
      while (ENDED_BY[at.tag]?.includes(tag)) at = at.parent as Element;
      const element: Element = { tag, attributes: attributesOf(attributes), children: [], parent: at };
      at.children.push(element);
      if (!VOID.has(tag)) at = element;
    }
  }
  return root;
}

export function all(element: Element, tag: string): Element[] {
  return element.children.flatMap((child) =>
    typeof child === 'string' ? [] : [...(child.tag === tag ? [child] : []), ...all(child, tag)],
  );
}

export function textOf(element: Element): string {
  return element.children.map((child) => (typeof child === 'string' ? child : textOf(child))).join('');
}

/** Texts of a table's cells, by row. */
export function cellsOf(table: Element): string[][] {
  return all(table, 'tr').map((row) => [...all(row, 'th'), ...all(row, 'td')].map(textOf));
}

/** What comes before an element, under the same parent; the closest first. */
export function siblingsBefore(element: Element): Element[] {
  const siblings = (element.parent?.children ?? []).filter((child) => typeof child !== 'string');
  return siblings.slice(0, siblings.indexOf(element)).reverse();
}

/** The tree without the elements of this tag. */
export function without(element: Element, tag: string): Element {
  const copy: Element = { ...element, children: [] };
  for (const child of element.children) {
    if (typeof child === 'string') copy.children.push(child);
    else if (child.tag !== tag) copy.children.push({ ...without(child, tag), parent: copy });
  }
  return copy;
}

function ended(at: Element, tag: string): Element {
  for (let open: Element | undefined = at; open !== undefined; open = open.parent) {
    if (open.tag === tag) return open.parent as Element;
  }
  return at;
}

function attributesOf(text: string): Record<string, string> {
  const found = text.matchAll(/([\w-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g);
  return Object.fromEntries(
    [...found].map(([, name = '', a, b, c]) => [name.toLowerCase(), unescaped(a ?? b ?? c ?? '')]),
  );
}

function unescaped(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&nbsp;', ' ')
    .replaceAll('&amp;', '&');
}
