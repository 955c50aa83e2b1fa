import type { OriginState, PoolState } from '../../operator/model.ts';
import { FLAGS, type Flag, flagsOf } from './flags.ts';
import { escaped } from './markup.ts';
import { PAGE_PATH, type View } from './view.ts';
import { workerUrl } from './worker-url.ts';

/** What may be changed of one origin, by the names that Apache 2.4 has for it, and who said what holds now. */
export function originForm(view: View, origin: OriginState): string {
  const url = escaped(workerUrl(origin));
  if (view.nonce === undefined) return `<h3>Worker ${url}</h3>\n${told(origin)}${back(view)}`;
  const flags = flagsOf(origin);
  const names = FLAGS.map(({ name }) => `<th>${name}</th>`).join('');
  return `<h3>Edit worker settings for ${url}</h3>
${told(origin)}${FORM}
<table>${textRow('Load factor:', 'w_lf', origin.weight.toFixed(2))}
${textRow('LB Set:', 'w_ls', String(origin.set))}
<tr><td>Route:</td><td>${escaped(origin.route)}</td></tr>
<tr><td>Status:</td><td><table><tr>${names}</tr>
<tr>${FLAGS.map(({ flag }) => `<td>${radios(flag, flags[flag])}</td>`).join('\n')}
</tr></table></td></tr>
${REASON_ROW}
<tr><td><label for='force'>Even the last one:</label></td><td><input name='force' id='force' type=checkbox value='1'> also if it is the last usable one of its pool</td></tr>
<tr><td colspan='2'><input type=submit value='Submit'></td></tr>
</table>
${hidden('w', workerUrl(origin))}
${hidden('b', origin.pool)}
${hidden('version', String(origin.version))}
${hidden('nonce', view.nonce)}
</form>
${back(view)}`;
}

/** What may be changed of a pool: origins may be added. */
export function poolForm(view: View, pool: PoolState): string {
  if (view.nonce === undefined || !view.mayAdd) return back(view);
  return `<h3>Edit balancer settings for balancer://${escaped(pool.name)}</h3>
${FORM}
<table>
<tr><td><label for='b_nwrkr'>Add New Worker:</label></td><td><input name='b_nwrkr' id='b_nwrkr' size=32 type=text> It starts disabled.</td></tr>
<tr><td><label for='b_wyes'>Are you sure?</label></td><td><input name='b_wyes' id='b_wyes' type=checkbox value='1'></td></tr>
${REASON_ROW}
<tr><td colspan=2><input type=submit value='Submit'></td></tr>
</table>
${hidden('b', pool.name)}
${hidden('nonce', view.nonce)}
</form>
${back(view)}`;
}

const FORM = `<form method='POST' enctype='application/x-www-form-urlencoded' action="${PAGE_PATH}">`;

const REASON_ROW = `<tr><td><label for='reason'>Reason:</label></td><td><input name='reason' id='reason' type=text maxlength=500 value=''></td></tr>`;

function back({ isAnsible }: View): string {
  return isAnsible ? '<hr />\n' : `<p><a href="${PAGE_PATH}">All balancers</a></p>\n`;
}

function textRow(title: string, name: string, value: string): string {
  const input = `<input name='${name}' id='${name}' type=text value="${escaped(value)}">`;
  return `<tr><td><label for='${name}'>${title}</label></td><td>${input}</td></tr>`;
}

function radios(flag: Flag, isOn: boolean): string {
  const radio = (value: '0' | '1', isChecked: boolean) => {
    const id = `w_status_${flag}${value}`;
    const label = `<label for='${id}'>${value === '1' ? 'On' : 'Off'}</label>`;
    return `${label} <input name='w_status_${flag}' id='${id}' value='${value}' type=radio${isChecked ? ' checked' : ''}>`;
  };
  return `${radio('1', isOn)} <br/> ${radio('0', !isOn)}`;
}

function hidden(name: string, value: string): string {
  return `<input type=hidden name='${name}' id='${name}' value="${escaped(value)}">`;
}

/** Who said what holds now, and what is wrong with it. */
function told({ override, observed }: OriginState): string {
  const lines: string[] = [];
  if (override !== undefined) {
    const values = Object.entries(override.values).map(([name, value]) => `${name} ${value}`);
    const until = override.expires === undefined ? '' : `, until ${time(override.expires)}`;
    const reason = override.reason === '' ? '' : ` Reason: ${override.reason}`;
    lines.push(
      `${values.join(', ')}: said by ${override.by} (${override.source}) at ${time(override.since)}${until}.${reason}`,
    );
  }
  if (observed.problem !== undefined) lines.push(`Its last check that failed: ${observed.problem}`);
  if (observed.ejectedUntil !== undefined)
    lines.push(`Requests failed there. It is out until ${time(observed.ejectedUntil)}.`);
  return lines.map((line) => `<p>${escaped(line)}</p>\n`).join('');
}

function time(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ').concat(' UTC');
}
