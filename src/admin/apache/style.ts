import { createHash } from 'node:crypto';
import { REPLY_FIELDS } from '../browser.ts';

/** The page's own stylesheet, in the page as Apache's is. It hangs on elements alone: programs know the markup. */
export const STYLE = `
:root { color-scheme: light dark; --line: #8885; --back: #8881; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 80rem; margin: 0 auto; padding: 1rem; overflow-x: auto; }
h1 { font-size: 1.5rem; line-height: 1.2; }
h3 { font-size: 1.1rem; margin: 1.5rem 0 .5rem; font-weight: 600; }
dl { color: light-dark(#555, #aaa); font-size: .85rem; margin: 0; }
hr { border: 0; margin: 1rem 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; background: var(--back); }
th, td { border: 1px solid var(--line); padding: .3rem .6rem; text-align: left; vertical-align: top; }
th { font-weight: 600; font-size: .85rem; white-space: nowrap; }
body > table td { white-space: nowrap; }
a:focus-visible, input:focus-visible { outline: 2px solid; outline-offset: 2px; }
input { font: inherit; }
input[type=text] { width: 20rem; max-width: 100%; box-sizing: border-box; padding: .2rem .4rem; }
input[type=submit] { padding: .3rem 1rem; }
label { white-space: nowrap; }
.error { border-left: .3rem solid #c22; padding: .5rem 1rem; background: #c222; }
@media (max-width: 40rem) {
  body { padding: .5rem; }
  form > table > tbody > tr > td { display: block; }
  form table table tr { display: inline-block; vertical-align: top; }
  form table table th, form table table td { display: block; height: 3.6rem; box-sizing: border-box; }
}
`;

/** As of every reply, but for this one stylesheet. */
export const PAGE_FIELDS: Readonly<Record<string, string>> = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': (REPLY_FIELDS['Content-Security-Policy'] as string).replace(
    "style-src 'self'",
    `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  ),
};
