import { parseDuration } from '../../base/units.ts';
import type { AdminRequest } from '../mount.ts';
import { Problem } from '../problem.ts';
import { type Content, type Html, html } from './html.ts';
import { shape } from './shapes.ts';

/** Forms as they are sent, and the parts that they are made of. */

export type Fields = Pick<URLSearchParams, 'get'>;

/** Throws a `Problem` for what is no form. */
export async function readFields(request: AdminRequest): Promise<URLSearchParams> {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded') {
    throw new Problem('unsupported-media-type', 'expected application/x-www-form-urlencoded');
  }
  return new URLSearchParams((await request.body()).toString('utf8'));
}

/** Why a form was not done as it was sent: the form is shown again with what was in it. */
export interface Refused {
  readonly status: 403 | 404 | 409 | 422 | 503;
  readonly detail: Content;
  /** It may be done all the same, by who says so. */
  readonly mayForce?: boolean;
}

export const STALE_FORM: Refused = {
  status: 403,
  detail:
    'This form was not made by this node as it runs now. Nothing was changed. Look at it again, and send it once more.',
};

/** A time such as `30s`, or none. `wrong`: it is neither. */
export function timeField(fields: Fields, name: string): number | undefined | 'wrong' {
  const text = (fields.get(name) ?? '').trim();
  if (text === '') return undefined;
  return parseDuration(text.replaceAll(' ', '')) ?? 'wrong';
}

export interface FormOptions {
  readonly title: Content;
  readonly action: string;
  readonly back: string;
  readonly formToken: string;
  readonly refused: Refused | undefined;
  /** What is said when it is done. */
  readonly done: string;
  readonly about?: Content;
  readonly fields: Content;
  /** What its button says: what will be done. */
  readonly send: string;
}

/** As a page of its own, and, taken from that by the script, in the dialog. */
export function formOf({ title, action, back, formToken, refused, done, about, fields, send }: FormOptions): Html {
  // Whoever goes on pressing Enter does not force anything.
  const mayForce = refused?.mayForce === true;
  return html`<form id="form" class="form" method="post" action="${action}" data-done="${done}">
<h1 id="form-title">${title}</h1>
${refused !== undefined && html`<div class="banner bad" role="alert">${shape('warning')}<p>${refused.detail}</p></div>`}
${about}
<input type="hidden" name="token" value="${formToken}">
<input type="hidden" name="back" value="${back}">
${fields}
<p class="buttons"><a class="button quiet-button" href="${back}" data-cancel${mayForce && html` autofocus`}>Cancel</a>${
    mayForce
      ? html`<button class="danger" name="force" value="1">${send} anyway</button>`
      : html`<button class="main">${send}</button>`
  }</p>
</form>`;
}

export function reasonField(fields: Fields, isRequired: boolean): Html {
  return html`<label class="field"><span>Reason <span class="quiet">${isRequired ? 'required' : 'optional'}</span></span>
<input name="reason" maxlength="500" autocomplete="off" value="${fields.get('reason') ?? ''}"${isRequired && html` required`}></label>`;
}

export interface TimeFieldOptions {
  readonly name: string;
  readonly label: string;
  readonly hint: string;
  readonly initial?: string;
}

export function timeInput(fields: Fields, { name, label, hint, initial = '' }: TimeFieldOptions): Html {
  return html`<label class="field short"><span>${label}</span>
<input name="${name}" size="8" autocomplete="off" pattern=" *\\d+(\\.\\d+)? *(ms|s|m|h|d|w) *|" title="A time such as 30s, 5m or 2h" placeholder="30s, 5m, 2h" value="${fields.get(name) ?? initial}"> <span class="hint">${hint}</span></label>`;
}
