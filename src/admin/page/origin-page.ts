import type { OriginState, PoolState } from '../../operator/model.ts';
import { bytes, clock, duration, grouped, number, share, span } from './figures.ts';
import { type Fields, formOf, type Refused, reasonField } from './forms.ts';
import { type Content, type Html, html } from './html.ts';
import { ACTIONS, type Action } from './origin-actions.ts';
import { backPath, originPath } from './paths.ts';
import { shape } from './shapes.ts';
import { drainWords, healthProblem, stateOf } from './states.ts';
import type { View } from './view.ts';

/** `/pools/POOL/origins/ID`: all that is known of an origin, and what can be done with it. */
export function originPage(origin: OriginState, pool: PoolState, fields: Fields, view: View): Html {
  const back = backPath(fields.get('back'), pool.name);
  const { word, tone, shape: name } = stateOf(origin);
  return html`<section id="form" class="form">
<h1 id="form-title">${origin.id} <span class="quiet">of ${pool.name}</span></h1>
<p><span class="state ${tone}">${shape(name)}<span>${word}</span></span></p>
${view.mayOperate && choices(origin, back)}
<dl class="facts">${facts(origin, pool, view).map(
    ([term, value]) => value !== undefined && html`<div><dt>${term}</dt><dd>${value}</dd></div>`,
  )}</dl>
<p class="buttons"><a class="button quiet-button" href="${back}" data-cancel>Close</a></p>
</section>`;
}

function choices(origin: OriginState, back: string): Html {
  const offered = ACTIONS.filter(({ isOffered }) => isOffered(origin));
  return html`<form class="choices" method="get" action="${originPath(origin)}" data-dialog><input type="hidden" name="back" value="${back}">${offered.map(
    ({ to, name }) => html`<button name="to" value="${to}">${name}…</button>`,
  )}</form>`;
}

function facts(origin: OriginState, pool: PoolState, { now }: View): [string, Content][] {
  const { configured, override, observed, traffic, route, weight, role, set } = origin;
  const file = (is: string | number, said: string | number) => (is === said ? `${is}` : `${is} (${said} in the file)`);
  return [
    ['URL', configured.url],
    ['Problem', healthProblem(origin, now)],
    ['Drain', drainWords(origin, pool, now)?.text],
    ['Health', `${observed.health} for ${duration(now - observed.since)}`],
    ['Changed by', override && `${override.by} (${override.source}), ${clock(override.since, now)}`],
    ['Reason', override?.reason === '' ? undefined : override?.reason],
    ['Holds', override?.expires && `for ${duration(override.expires - now)} more`],
    ['Weight', file(weight, configured.weight)],
    ['Role', file(role, configured.role)],
    ['Set', file(set, configured.set)],
    ['Requests/s', `${number(traffic.rate)}, ${share(traffic.errors)} of them errors`],
    ['Latency', `${span(traffic.latency)} to the first byte, mean`],
    ['In flight', `${grouped(traffic.inFlight)}, ${grouped(traffic.upgraded)} of them upgraded`],
    ['Chosen', `${grouped(traffic.elected)} times since the start`],
    ['Bodies', `${bytes(traffic.bytesIn)} received, ${bytes(traffic.bytesOut)} sent`],
    ['Sticky', pool.sticky && `${grouped(traffic.stickyRecent)} clients lately, by route ${route}`],
  ];
}

/** The form of one action. `seen`: what was said of the origin by hand when who sends it looked. */
export function actionForm(
  action: Action,
  origin: OriginState,
  pool: PoolState,
  fields: Fields,
  view: View,
  refused?: Refused,
): Html {
  return formOf({
    title: html`${action.name} <span class="target">${origin.id}</span> <span class="quiet">of ${pool.name}</span>`,
    action: originPath(origin),
    back: backPath(fields.get('back'), pool.name),
    formToken: view.formToken,
    refused,
    done: `${origin.id} of ${pool.name}: ${action.done}`,
    about: html`<p>${action.about(origin, pool)}</p>${now(origin, view)}`,
    fields: html`<input type="hidden" name="to" value="${action.to}"><input type="hidden" name="seen" value="${seenOf(origin)}">
${reasonField(fields, view.source.reasonRequired === true)}${action.fields(fields, origin)}`,
    send: action.to === 'weight' ? 'Set weight' : action.to === 'file' ? 'Drop all' : action.name,
  });
}

function now(origin: OriginState, { now }: View): Html | undefined {
  const { override } = origin;
  if (override === undefined) return undefined;
  return html`<p class="quiet">Now: ${stateOf(origin).word}, by <b class="said-by">${override.by}</b> since ${clock(override.since, now)}${
    override.reason !== '' && html` · <q>${override.reason}</q>`
  }</p>`;
}

export function seenOf({ override }: OriginState): string {
  return String(override?.since ?? 0);
}
