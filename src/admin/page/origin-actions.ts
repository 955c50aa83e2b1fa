import type { Admin, OriginState, PoolState } from '../../operator/model.ts';
import type { Fields } from './forms.ts';
import { timeInput } from './forms.ts';
import { type Content, html } from './html.ts';

/** What can be asked of an origin, and how each is told to who is about to ask. */
export interface Action {
  /** As forms and addresses name it. */
  readonly to: 'drain' | 'maint' | 'stopped' | 'active' | 'weight' | 'file';
  /** What it is called on a button. */
  readonly name: string;
  /** What is said of the origin once it is done. */
  readonly done: string;
  readonly about: (origin: OriginState, pool: PoolState) => Content;
  /** Fields beside the reason. */
  readonly fields: (fields: Fields, origin: OriginState) => Content;
  /** Whether there is any point in it now. */
  readonly isOffered: (origin: OriginState) => boolean;
}

const EXPIRES = {
  name: 'expires',
  label: 'Holds for',
  hint: 'then it goes by the file again. Empty: until somebody ends it.',
};

const deadline = (
  fields: Fields,
  initial: string,
  then: 'keep' | 'cut',
) => html`<fieldset class="together"><legend>Requests that run</legend>
${timeInput(fields, { name: 'deadline', label: 'may take', hint: 'Empty: as long as they like.', initial })}
<label class="field short"><span>and after that</span> <select name="then">${(['keep', 'cut'] as const).map(
  (each) =>
    html`<option value="${each}"${(fields.get('then') ?? then) === each && html` selected`}>${each === 'keep' ? 'are still waited for' : 'are cut'}</option>`,
)}</select></label></fieldset>`;

const taking =
  (initial = '', then: 'keep' | 'cut' = 'keep') =>
  (fields: Fields) =>
    html`${deadline(fields, initial, then)}${timeInput(fields, EXPIRES)}`;

const isOther = (admin: Admin) => (origin: OriginState) => origin.admin !== admin && origin.effective !== 'removing';

export const ACTIONS: readonly Action[] = [
  {
    to: 'active',
    name: 'Enable',
    done: 'enabled',
    about: ({ health }) =>
      health === 'up' || health === 'unknown'
        ? 'It gets requests again, at once.'
        : 'It gets requests again as soon as its health is good.',
    fields: () => undefined,
    isOffered: isOther('active'),
  },
  {
    to: 'drain',
    name: 'Drain',
    done: 'draining',
    about: (_, { sticky }) =>
      sticky === undefined
        ? 'It gets no new requests; those that run are finished.'
        : 'It gets no new clients; those that stick to it stay, and what runs is finished.',
    fields: taking(),
    isOffered: isOther('drain'),
  },
  {
    to: 'maint',
    name: 'Maintenance',
    done: 'in maintenance',
    about: () => 'Nobody is sent there, not even who sticks to it; what runs is finished.',
    fields: taking(),
    isOffered: isOther('maint'),
  },
  {
    to: 'stopped',
    name: 'Stop',
    done: 'stopped',
    about: () => 'Nobody is sent there, and what still runs at the deadline is cut.',
    fields: taking('30s', 'cut'),
    isOffered: isOther('stopped'),
  },
  {
    to: 'weight',
    name: 'Weight',
    done: 'weight set',
    about: (_, { origins }) =>
      `Its share of the requests is its weight by that of all. There are ${origins.length} origins with a weight of ${origins.reduce((sum, { weight }) => sum + weight, 0)} together.`,
    fields: (fields, { weight }) => html`<label class="field short"><span>Weight</span>
<input name="weight" type="number" min="1" max="256" step="1" required value="${fields.get('weight') ?? weight}"> <span class="hint">1 to 256</span></label>${timeInput(fields, EXPIRES)}`,
    isOffered: ({ effective }) => effective !== 'removing',
  },
  {
    to: 'file',
    name: 'As in the file',
    done: 'goes by the file again',
    about: ({ configured: { weight, role, set } }) =>
      `All that was said by hand is dropped: it is enabled, with weight ${weight}, as ${role} of set ${set}.`,
    fields: () => undefined,
    isOffered: ({ override, effective }) => override !== undefined && effective !== 'removing',
  },
];

/** What was asked for by name. */
export function actionOf(name: string | null): Action | undefined {
  return ACTIONS.find(({ to }) => to === name);
}
