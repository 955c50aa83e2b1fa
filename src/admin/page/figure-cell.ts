import type { Fraction } from '../../base/units.ts';
import { type Content, type Html, html } from './html.ts';

/** A cell of numbers. Where the table is no table, on a phone, `label` stands above it. */
export function figure(label: string, value: Content, isBad = false): Html {
  return html`<td role="cell" class="figure${isBad && ' bad'}" data-label="${label}">${value}</td>`;
}

/** Of errors: enough to be seen first. */
export function isMany(errors: Fraction): boolean {
  return errors >= 0.01;
}
