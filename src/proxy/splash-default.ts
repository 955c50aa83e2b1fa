import { createHash } from 'node:crypto';
import { compileTemplate } from './splash-template.ts';

/**
 * The built-in pages: the splash page of a site that brings none, and the page for our own errors. Each stands alone
 * (nothing is fetched for it: there may be nobody to fetch it from) and names nobody but the host.
 *
 * Colours keep a contrast of at least 7:1 to what is behind them (WCAG 2.2 AAA).
 */
const STYLE = `
:root{color-scheme:light dark;--ground:#f3f4f2;--card:#fff;--line:#d9dcd7;--text:#1f2421;--quiet:#4b524d;--link:#1d4f91;--on-link:#fff}
@media (prefers-color-scheme:dark){:root{--ground:#141716;--card:#1c201e;--line:#363c39;--text:#e9ecea;--quiet:#b4bcb7;--link:#a9c8f5;--on-link:#10233d}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;min-height:100svh;display:grid;place-items:center;padding:1.5rem;background:var(--ground);color:var(--text);font:1.0625rem/1.6 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{width:100%;max-width:36rem;padding:2.5rem;background:var(--card);border:1px solid var(--line);border-radius:.75rem;overflow-wrap:anywhere}
h1{margin:0 0 1rem;font-size:1.75rem;line-height:1.25;font-weight:600;text-wrap:balance}
p{margin:0 0 1rem}
.host{margin-bottom:.5rem;color:var(--quiet)}
a{display:inline-block;margin-top:.5rem;padding:.625rem 1.25rem;border-radius:.5rem;background:var(--link);color:var(--on-link);font-weight:600;text-decoration:none}
a:hover{text-decoration:underline}
a:focus-visible{outline:3px solid var(--link);outline-offset:3px}
footer{margin-top:1.75rem;padding-top:1.25rem;border-top:1px solid var(--line);color:var(--quiet);font-size:.9375rem}
footer p{margin:0 0 .75rem}
dl{display:grid;grid-template-columns:auto 1fr;gap:.25rem 1rem;margin:0}
dd{margin:0;color:var(--text)}
code{font:inherit;font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:.9375em}
@media (max-width:30rem){body{padding:.75rem;place-items:start stretch}main{padding:1.25rem}h1{font-size:1.5rem}dl{column-gap:.75rem}}
`;

/**
 * Allows the one style sheet and nothing else, so that even markup that got past the escaping could load or run
 * nothing. Framing stays allowed: a widget in another site's page should show why it is missing.
 */
export const BUILT_IN_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'`;

const FOR_SUPPORT = `<footer>
<p>If you ask for help, please send this along:</p>
<dl>
<dt>Request</dt><dd><code>{{request_id}}</code></dd>
<dt>Status</dt><dd>{{status}} {{reason}}</dd>
<dt>Time</dt><dd><time datetime="{{time}}">{{time}}</time></dd>
</dl>
</footer>`;

/** For a request that may be repeated: it repeats itself. */
export const SPLASH_PAGE = builtIn({
  title: 'Not available right now',
  head: '<meta http-equiv="refresh" content="{{retry_after}}">\n',
  main: `<h1>This site is not available right now</h1>
<p>{{detail}} There is nothing wrong on your side.</p>
<p>You do not have to do anything: this page tries again by itself in {{retry_in}}.</p>
<p><a href="">Try again now</a></p>`,
});

/** For a POST and its like, which an origin may have acted on: coming back by itself would lose or double what was sent. */
export const SPLASH_PAGE_ONCE = builtIn({
  title: 'Not available right now',
  head: '',
  main: `<h1>This site is not available right now</h1>
<p>{{detail}} There is nothing wrong on your side.</p>
<p><strong>What you sent may not have arrived.</strong> Please wait {{retry_in}}, then check before you send it again.</p>`,
});

export const ERROR_PAGE = builtIn({
  title: '{{reason}}',
  head: '',
  main: `<h1>{{reason}}</h1>
<p>{{detail}}</p>`,
});

function builtIn({ title, head, main }: { title: string; head: string; main: string }) {
  return compileTemplate(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
${head}<title>${title} - {{host}}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<p class="host">{{host}}</p>
${main}
${FOR_SUPPORT}
</main>
</body>
</html>
`);
}
