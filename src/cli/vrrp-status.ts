import type { Ms } from '../base/units.ts';
import { since } from './replies.ts';
import { type Screen, visible } from './screen.ts';
import { type Cell, type Column, table } from './table.ts';
import type { AgentReply, HeardReply, InstanceReply, VrrpReply } from './vrrp-replies.ts';
import { count, plural, span } from './words.ts';

/** Advertisements that were dropped longer ago are history. */
const LATELY: Ms = 600_000;

/** `vrrp status`: what is wrong first, then all of them in a table, and each in a sentence. */
export function vrrpStatus(vrrp: VrrpReply, screen: Screen): string {
  const unusual = [...vrrpRows(vrrp), ...realTimeRows(vrrp.agent)];
  const parts = [
    `${headLine(vrrp, screen)}\n`,
    unusual.length === 0 ? '' : table([{ title: '' }, { title: '' }, { title: '' }], unusual, screen),
    instancesTable(vrrp, screen),
    vrrp.instances.map((each) => `${screen.paint('bold', visible(each.name))}: ${wordsOf(each)}\n`).join(''),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function wordsOf(instance: InstanceReply): string {
  const voters = votersWords(instance);
  return visible(voters === '' ? instance.words : `${instance.words}; voters: ${voters}`);
}

/** What is unusual of addresses that a node shares: what keeps it from having them first, then who decided what. */
export function vrrpRows(vrrp: VrrpReply | undefined): (readonly Cell[])[] {
  if (vrrp === undefined) return [];
  const { agent, instances } = vrrp;
  const faults = instances.filter(({ role }) => role === 'fault');
  return [
    ...(agent.ready ? [] : [awayRow(agent)]),
    ...faults.map(({ name, words }): readonly Cell[] => [`addresses ${name}`, { text: 'fault', style: 'red' }, words]),
    ...instances.flatMap(droppedRows),
    ...instances.flatMap(voterRows),
    ...instances.flatMap(maintenanceRows),
  ];
}

function headLine({ agent, instances }: VrrpReply, screen: Screen): string {
  const { ready, answers = true, deaths = 0 } = agent;
  const facts = [
    plural(instances.length, 'instance'),
    ready ? 'agent ready' : answers ? 'agent away' : 'agent silent',
    ...(deaths === 0 ? [] : [`${plural(deaths, 'death')} so far`]),
  ];
  return [screen.paint('bold', 'floating addresses'), ...facts].join(', ');
}

function awayRow({ answers = true, deaths = 0 }: AgentReply): readonly Cell[] {
  if (!answers) {
    const hung =
      'the process that has the addresses does not answer: the kernel takes them away, and it is started anew';
    return ['addresses', { text: 'agent silent', style: 'red' }, hung];
  }
  const text = `the process that has the addresses died (${plural(deaths, 'death')} so far), and is started again`;
  return ['addresses', { text: 'agent away', style: 'red' }, text];
}

/** Nothing to look at on a quiet machine: `portico status` does without it. */
function realTimeRows({ realTime }: AgentReply): (readonly Cell[])[] {
  if (!realTime) return [];
  const text = `${realTime}: on a busy machine advertisements may be late`;
  return [['agent', { text: 'not in real time', style: 'yellow' }, text]];
}

function droppedRows(instance: InstanceReply): (readonly Cell[])[] {
  const at = instance.adverts === undefined ? instance.droppedAt : instance.adverts.droppedAt;
  const time = since(at);
  if (time === undefined || time > LATELY) return [];
  const reasons = droppedWords(instance);
  const text = `advertisements are dropped, the last ${span(time)} ago${reasons === '' ? '' : ` (${reasons})`}: both nodes may become active`;
  return [[`addresses ${instance.name}`, { text: 'dropping', style: 'red' }, text]];
}

function voterRows({ name, voters = [] }: InstanceReply): (readonly Cell[])[] {
  return voters.flatMap(({ kind, address, heard, double = false }): (readonly Cell[])[] => {
    const who = `${kind} ${address}`;
    if (double) {
      const text = `${who} is a voter already by another address, or this node itself: it does not count`;
      return [[`addresses ${name}`, { text: 'voter twice', style: 'red' }, text]];
    }
    return heard ? [] : [[`addresses ${name}`, { text: 'voter silent', style: 'yellow' }, `${who} is not heard`]];
  });
}

function maintenanceRows({ name, maintenance, role }: InstanceReply): (readonly Cell[])[] {
  if (maintenance === null) return [];
  return [[`addresses ${name}`, { text: stateText(role), style: 'yellow' }, maintenanceWords(maintenance)]];
}

const COLUMNS: readonly Column[] = [
  { title: 'INSTANCE' },
  { title: 'STATE' },
  { title: 'FOR', align: 'right' },
  { title: 'PRIORITY', align: 'right' },
  { title: 'HEARD' },
  { title: 'VRID', align: 'right', dispensable: 3 },
  { title: 'INTERFACE', dispensable: 3 },
  { title: 'CHANGES', align: 'right', dispensable: 2 },
  { title: 'DROPPED', dispensable: 1 },
  { title: 'ADDRESSES', dispensable: 2 },
  { title: 'MAINTENANCE' },
];

/** In the order of the file. */
function instancesTable({ instances }: VrrpReply, screen: Screen): string {
  const rows = instances.map((each): readonly Cell[] => {
    const { name, role, since: from, priority, heard, vrid, interface: place = '', transitions, addresses = [] } = each;
    const time = since(from);
    return [
      name,
      roleCell(role),
      time === undefined ? '–' : span(time),
      priority === undefined ? '–' : String(priority),
      heardCell(heard),
      vrid === undefined ? '–' : String(vrid),
      place,
      transitions === undefined ? '–' : count(transitions),
      droppedWords(each),
      addresses.join(', '),
      each.maintenance === null ? '' : maintenanceWords(each.maintenance),
    ];
  });
  return rows.length === 0 ? '' : table(COLUMNS, rows, screen);
}

/** As the status of a node has them. */
export function addressesTable({ instances }: VrrpReply, screen: Screen): string {
  const rows = instances.map(({ name, role, since: from }): readonly Cell[] => {
    const time = since(from);
    return [name, roleCell(role), time === undefined ? '–' : span(time)];
  });
  const columns: readonly Column[] = [{ title: 'ADDRESSES' }, { title: 'STATE' }, { title: 'FOR', align: 'right' }];
  return rows.length === 0 ? '' : table(columns, rows, screen);
}

export function stateText(role: string): string {
  return role === 'leaving' ? 'handing over' : role;
}

function roleCell(role: string): Cell {
  const style = { active: 'green', fault: 'red', released: 'yellow', leaving: 'yellow', claiming: 'yellow' } as const;
  const is = style[role as keyof typeof style];
  return is === undefined ? stateText(role) : { text: stateText(role), style: is };
}

function heardCell(heard: HeardReply | null | undefined): Cell {
  if (!heard) return 'nobody';
  const { source, priority, at, alive = true } = heard;
  const text = `${source} (${priority})`;
  const time = since(at);
  return alive || time === undefined ? text : { text: `${text}, ${span(time)} ago`, style: 'yellow' };
}

/** `lb2, w1 (ours), 192.0.2.4:8112 (silent)`. */
function votersWords({ voters = [] }: InstanceReply): string {
  return voters
    .map(({ name, address, heard, ours }) => `${name ?? address}${heard ? (ours ? ' (ours)' : '') : ' (silent)'}`)
    .join(', ');
}

/** `checksum 3, peer-unknown 1`. Our own that come back are nobody's fault. */
function droppedWords({ adverts }: InstanceReply): string {
  return Object.entries(adverts?.dropped ?? {})
    .filter(([reason, many]) => many > 0 && reason !== 'own-source')
    .map(([reason, many]) => `${reason} ${count(many)}`)
    .join(', ');
}

function maintenanceWords({ kind, by, reason = '' }: NonNullable<InstanceReply['maintenance']>): string {
  const what = kind === 'release' ? 'released' : 'handed over';
  return `${what} by ${by}${reason === '' ? '' : `: ${reason}`}`;
}
