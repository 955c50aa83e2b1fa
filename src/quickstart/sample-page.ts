/** The page of a sample origin: who answered, what arrived, what to try. As HTML, and as text for `curl`. */

export interface ArrivedRequest {
  readonly method: string;
  readonly target: string;
  /** Name, value, name, value, as on the wire. */
  readonly rawHeaders: readonly string[];
}

interface Look {
  readonly name: string;
  readonly colour: string;
}

const LINKS = [
  { path: '/', text: 'Reload this page: the two origins take turns.' },
  { path: '/slow', text: 'An origin that never answers: after three seconds the splash page is shown.' },
  { path: '/stream', text: 'An answer that comes a line at a time, with a trailer at its end.' },
  { path: '/hints', text: 'This page, with 103 Early Hints before it.' },
  {
    path: '/crash',
    text: 'An origin that resets the connection: the other one is tried, and then there is a splash page.',
  },
] as const;

/** What a proxy adds for the origin behind it. */
const FROM_PROXY = new Set([
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-request-id',
  'forwarded',
  'via',
  'cdn-loop',
]);

export function renderPage({ name, colour }: Look, request: ArrivedRequest): string {
  const rows = fieldsOf(request).map(
    ([field, value]) =>
      `<tr${isFromProxy(field) ? ' class="proxy"' : ''}><th scope="row">${escapeHtml(field)}<td>${escapeHtml(value)}`,
  );
  const links = LINKS.map(({ path, text }) => `<li><a href="${path}">${path}</a><span>${text}</span>`);
  return `<!doctype html>
<html lang="en" style="--origin: ${colour}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(name)} · Portico quickstart</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/sample.css">
<script type="module" src="/sample.js"></script>
<header>
  <p>This was answered by the origin
  <h1>${escapeHtml(name)}</h1>
</header>
<main>
  <section>
    <h2>Try</h2>
    <ul>
      ${links.join('\n      ')}
      <li><button type="button">/ws</button><span>A WebSocket that sends back what it gets. <output></output></span>
    </ul>
  </section>
  <section>
    <h2>What arrived here</h2>
    <p>The marked fields were added on the way.
    <p><code>${escapeHtml(`${request.method} ${request.target}`)}</code>
    <table>
      ${rows.join('\n      ')}
    </table>
  </section>
</main>
</html>
`;
}

export function renderText({ name }: Look, request: ArrivedRequest): string {
  const fields = fieldsOf(request).map(([field, value]) => `  ${field}: ${value}\n`);
  return `This was answered by the origin "${name}", to\n\n  ${request.method} ${request.target}\n${fields.join('')}`;
}

/** What the proxy added comes first. */
function fieldsOf({ rawHeaders }: ArrivedRequest): [name: string, value: string][] {
  const fields: [string, string][] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) fields.push([rawHeaders[i] as string, rawHeaders[i + 1] as string]);
  return fields.sort(([a], [b]) => Number(isFromProxy(b)) - Number(isFromProxy(a)));
}

function isFromProxy(field: string): boolean {
  return FROM_PROXY.has(field.toLowerCase());
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
