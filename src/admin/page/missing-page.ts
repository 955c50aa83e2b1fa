import { type Html, html } from './html.ts';
import type { Page } from './layout.ts';

/** What is shown in place of what there is not, or not any more. */

export const NO_POOL = missing('There is no such pool', 'It may have been taken out of the configuration.');
export const NO_ORIGIN = missing(
  'There is no such origin',
  'It may have been removed, or taken out of the configuration.',
);
export const NO_DATACENTER = missing('There is no such datacenter', 'It may have been taken out of the configuration.');
export const NO_ADDRESSES = missing(
  'There are no such addresses',
  'They may have been taken out of the configuration.',
);

function missing(title: string, detail: string): Page {
  const main: Html = html`<section id="form" class="form"><h1 id="form-title">${title}</h1><p>${detail}</p><p class="buttons"><a class="button" href="/" data-cancel>Overview</a></p></section>`;
  return { title, main, status: 404 };
}
