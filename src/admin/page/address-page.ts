import type { InstanceStatus } from '../../vrrp/agent/status.ts';
import { type AddressAction, offeredOf } from './address-actions.ts';
import { addressWords, droppedWords, dropReasons, heardWords, maintenanceWords, votersWords } from './address-words.ts';
import { clock, duration, grouped } from './figures.ts';
import { type Fields, formOf, type Refused, reasonField } from './forms.ts';
import { type Content, type Html, html } from './html.ts';
import { ADDRESSES_PATH, addressPath } from './paths.ts';
import { shape } from './shapes.ts';
import type { View } from './view.ts';

/** `/addresses/NAME`: all that is known of an instance, and what can be done with it. */
export function addressPage(instance: InstanceStatus, view: View): Html {
  const { word, tone, shape: sign } = addressWords(instance);
  return html`<section id="form" class="form">
<h1 id="form-title"><span class="quiet">Addresses</span> ${instance.name}</h1>
<p><span class="state ${tone}">${shape(sign)}<span>${word}</span></span></p>
${view.mayOperate && choices(instance)}
<dl class="facts">${facts(instance, view).map(
    ([term, value]) => value !== undefined && html`<div><dt>${term}</dt><dd>${value}</dd></div>`,
  )}</dl>
<p class="buttons"><a class="button quiet-button" href="${ADDRESSES_PATH}" data-cancel>Close</a></p>
</section>`;
}

function choices(instance: InstanceStatus): Html {
  return html`<form class="choices" method="get" action="${addressPath(instance.name)}" data-dialog>${offeredOf(
    instance,
  ).map(({ to, name }) => html`<button name="to" value="${to}">${name}…</button>`)}</form>`;
}

function facts(instance: InstanceStatus, { now }: View): [string, Content][] {
  const { addresses, interface: place, vrid, version, words, since, priority, transitions, source } = instance;
  const { sent, received, maintenance } = instance;
  const reasons = dropReasons(instance);
  return [
    ['Addresses', addresses.join(', ')],
    ['Why', words],
    ['Problem', droppedWords(instance, now)],
    ['Since', `${clock(since, now)}, for ${duration(now - since)}; ${grouped(transitions)} changes since the start`],
    ['Peer', heardWords(instance, now)],
    ['Voters', votersWords(instance)],
    ['Maintenance', maintenance && `${maintenanceWords(maintenance)} by ${maintenance.by}`],
    ['Reason', maintenance === undefined || maintenance.why === '' ? undefined : maintenance.why],
    ['Priority', String(priority)],
    ['Adverts', `${grouped(sent)} sent, ${grouped(received)} received`],
    ['Dropped', reasons === '' ? undefined : reasons],
    ['Sends from', source === '' ? `no address of ${place}` : `${source} at ${place}`],
    ['VRRP', `version ${version}, VRID ${vrid}`],
  ];
}

/** The form of one action. `seen`: what was said of the instance by hand when who sends it looked. */
export function addressForm(
  action: AddressAction,
  instance: InstanceStatus,
  fields: Fields,
  view: View,
  refused?: Refused,
): Html {
  const { name } = instance;
  return formOf({
    title: html`${action.name} <span class="quiet">addresses</span> <span class="target">${name}</span>`,
    action: addressPath(name),
    back: ADDRESSES_PATH,
    formToken: view.formToken,
    refused,
    done: `Addresses ${name}: ${action.done}`,
    about: html`<p>${action.about}</p>${now(instance)}`,
    fields: html`<input type="hidden" name="to" value="${action.to}"><input type="hidden" name="seen" value="${seenOfInstance(instance)}">
${reasonField(fields, view.source.reasonRequired === true)}`,
    send: action.name,
  });
}

function now({ words, maintenance }: InstanceStatus): Html {
  return html`<p class="quiet">Now: ${words}${
    maintenance !== undefined &&
    html` · ${maintenanceWords(maintenance)} by <b class="said-by">${maintenance.by}</b>${
      maintenance.why !== '' && html` · <q>${maintenance.why}</q>`
    }`
  }</p>`;
}

export function seenOfInstance({ maintenance }: InstanceStatus): string {
  return maintenance === undefined ? '' : `${maintenance.kind} ${maintenance.by} ${maintenance.why}`;
}
