import type { Statement } from '../blocks.ts';
import type { SyncGroupDraft } from '../draft.ts';
import { approximate, dropped, EXACT, exact, type Findings, type Judgement } from '../findings.ts';
import { unknownKeyword } from './globals.ts';
import { isNotify } from './hooks.ts';
import type { ImportedInstance } from './instance.ts';
import type { Names } from './names.ts';
import { settled } from './repeated.ts';
import { isTrackList } from './tracks.ts';

/** A `vrrp_sync_group` with what its members do for it. */
export interface ImportedGroup {
  readonly keepalivedName: string;
  readonly members: readonly ImportedInstance[];
  /** Members are tracked by weight 0 alone. */
  readonly isUnweighted: boolean;
  /** `notify_…` and `track_…` of the group. */
  readonly statements: readonly Statement[];
  /** With fewer than two members it is none. */
  readonly draft: SyncGroupDraft | undefined;
}

export interface GroupContext {
  readonly instances: ReadonlyMap<string, ImportedInstance>;
  readonly names: Names;
  readonly findings: Findings;
  /** Names that are in a group. */
  readonly grouped: Set<string>;
}

const FIRST_COUNTS = /^notify/;
const ALL_COUNT = /^(group|track_.*)$/;

export function readGroup(statement: Statement, context: GroupContext): ImportedGroup {
  const { findings, names } = context;
  const block = settled(statement.block ?? [], findings, FIRST_COUNTS, ALL_COUNT);
  const members = block.filter(({ keyword }) => keyword === 'group').flatMap((list) => membersOf(list, context));
  const [name = ''] = statement.args;
  const statements = block.filter((each) => isNotify(each) || isTrackList(each));
  for (const { keyword, place } of block) {
    if (keyword === 'group' || statements.some((each) => each.place === place)) continue;
    findings.add(place, judged(keyword));
  }
  const isGroup = members.length > 1;
  findings.add(statement.place, isGroup ? EXACT : ALONE);
  if (isGroup) agree(members, findings);
  return {
    keepalivedName: name,
    members,
    isUnweighted: !block.some(({ keyword }) => keyword === 'sync_group_tracking_weight'),
    statements: members.length > 0 ? statements : untold(statements, findings),
    draft: isGroup ? { name: names.of(name), instances: members.map(({ draft }) => draft.name) } : undefined,
  };
}

const ALONE = dropped('a group takes two instances: what it says is said of the one that is there');
const NO_MEMBER = dropped('of a group without instances, which keepalived takes out');

function untold(statements: readonly Statement[], findings: Findings): readonly Statement[] {
  for (const { place, block = [] } of statements) {
    for (const each of [{ place }, ...block]) findings.add(each.place, NO_MEMBER);
  }
  return [];
}

/** Names stand one or more in a line. */
function membersOf({ place, block = [] }: Statement, context: GroupContext): ImportedInstance[] {
  const { findings, instances, grouped } = context;
  findings.add(place, EXACT);
  return block.flatMap((line) =>
    [line.keyword, ...line.args].flatMap((name) => {
      const instance = instances.get(name);
      findings.add(line.place, memberJudgement(name, instance, grouped));
      if (instance === undefined || grouped.has(name)) return [];
      grouped.add(name);
      return [instance];
    }),
  );
}

function memberJudgement(
  name: string,
  instance: ImportedInstance | undefined,
  grouped: ReadonlySet<string>,
): Judgement {
  if (instance === undefined) return dropped(`there is no instance ${name}, or it could not be had`);
  return grouped.has(name) ? dropped(`${name} is in a group already`) : EXACT;
}

/** Whoever takes over takes the others along, which must not be lost again to a higher priority: ours have one. */
function agree(members: readonly ImportedInstance[], findings: Findings): void {
  const [first, ...others] = members;
  if (first === undefined) return;
  const { name, priority, preempt } = first.draft;
  for (const { draft, block, statement } of others) {
    if (draft.priority !== priority) {
      const place = block.find(({ keyword }) => keyword === 'priority')?.place ?? statement.place;
      findings.add(
        place,
        approximate(`${priority} as of ${name}: all of a sync group have one priority, here and at the other nodes`),
      );
      draft.priority = priority;
    }
    if (draft.preempt === preempt) continue;
    const place = block.find(({ keyword }) => /^(no)?preempt(_delay)?$/.test(keyword))?.place ?? statement.place;
    findings.add(
      place,
      approximate(`preempt: ${preempt ?? 'always'} as of ${name}: it is the same in all of a sync group`),
    );
    if (preempt === undefined) delete draft.preempt;
    else draft.preempt = preempt;
  }
}

function judged(keyword: string): Judgement {
  switch (keyword) {
    case 'smtp_alert':
      return dropped('no mail is sent: vrrp.webhook tells of changes, and hooks may send mail');
    case 'notify_priority_changes':
      return dropped('for a FIFO');
    case 'global_tracking':
      return exact('what one of a group tracks counts for all');
    case 'sync_group_tracking_weight':
      return approximate('the weights of all members count for all of them');
    default:
      return unknownKeyword(keyword, 'vrrp_sync_group');
  }
}
