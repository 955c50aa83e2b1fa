import type { Statement } from '../blocks.ts';
import type { ScriptDraft, TrackDraft, WeightedName } from '../draft.ts';
import { approximate, dropped, EXACT, type Findings, type Judgement, refused } from '../findings.ts';
import { shellQuoted } from './commands.ts';
import type { TrackedFile, TrackedScript } from './definitions.ts';
import { isInterfaceName } from './numbers.ts';
import { type Weight, weightIn } from './weights.ts';

/** `track_interface`, `track_script`, `track_file` and `track_process` of an instance or a sync group. */

export interface TrackContext {
  readonly interface: string;
  /** 255: its priority does not change. */
  readonly isOwner: boolean;
  /** In a sync group without `sync_group_tracking_weight`: keepalived has no weights there. */
  readonly isUnweighted: boolean;
  readonly scripts: ReadonlyMap<string, TrackedScript>;
  readonly processes: ReadonlyMap<string, TrackedScript>;
  readonly files: ReadonlyMap<string, TrackedFile>;
  readonly findings: Findings;
  /** What is tracked by anyone. */
  readonly tracked: Set<Statement>;
  /** By path: a file is read once for all. */
  readonly fileWeights: Map<string, number>;
  /** Of interfaces and scripts, in the same sync group: its members have one priority. */
  readonly groupWeights: Map<string, number>;
}

interface Drafts {
  readonly interfaces: Map<string, WeightedName>;
  /** By path. `name`: keepalived's. */
  readonly files: Map<string, { readonly name: string; readonly path: string; readonly weight: number }>;
  readonly scripts: Map<string, ScriptDraft>;
}

/** What our settings take of each kind. */
const MOST = 64;

const FAULT = approximate(
  'a fault as there; but who has the addresses keeps them when nobody else can serve (last_resort: release does not)',
);
const DUPLICATE = dropped('tracked already; keepalived ignores it');
const BFD = refused('there is no BFD: an advert_interval of 10ms and more is as quick');

export function tracksOf(lists: readonly Statement[], context: TrackContext): TrackDraft | undefined {
  const drafts: Drafts = { interfaces: new Map(), files: new Map(), scripts: new Map() };
  for (const { keyword, place, block = [] } of lists) {
    context.findings.add(place, keyword === 'track_bfd' ? BFD : EXACT);
    for (const statement of block) context.findings.add(statement.place, trackOne(keyword, statement, drafts, context));
  }
  const { interfaces, files, scripts } = drafts;
  const draft: TrackDraft = {
    ...(interfaces.size > 0 && { interfaces: [...interfaces.values()] }),
    ...(files.size > 0 && { files: [...files.values()].map(({ path, weight }) => ({ path, weight })) }),
    ...(scripts.size > 0 && { scripts: [...scripts.values()] }),
  };
  return Object.keys(draft).length === 0 ? undefined : draft;
}

export function isTrackList({ keyword }: Statement): boolean {
  return /^track_(interface|script|file|process|bfd)$/.test(keyword);
}

function trackOne(kind: string, statement: Statement, drafts: Drafts, context: TrackContext): Judgement {
  switch (kind) {
    case 'track_interface':
      return trackInterface(statement, drafts, context);
    case 'track_file':
      return trackFile(statement, drafts, context);
    case 'track_script':
      return trackScript(statement, context.scripts, drafts, context);
    case 'track_process':
      return trackScript(statement, context.processes, drafts, context);
    default:
      return BFD;
  }
}

function trackInterface({ keyword: name, args }: Statement, { interfaces }: Drafts, context: TrackContext): Judgement {
  const given = weightIn(args, { value: 0, isReversed: false, isDefault: true });
  if (given === undefined) return dropped('no option that keepalived takes: it ignores the line');
  if (!isInterfaceName(name)) return refused('no name of an interface');
  if (interfaces.has(name)) return DUPLICATE;
  if (interfaces.size >= MOST) return refused(`${MOST} at most are tracked`);
  const isWeighted = given.value !== 0;
  if (isWeighted && context.isOwner) return OWNER;
  const weight = isWeighted && context.isUnweighted ? 0 : given.value;
  if (name === context.interface) {
    return weight === 0
      ? dropped('its own interface is always tracked')
      : approximate('its own interface is always tracked, by weight 0');
  }
  if (given.isReversed) return REVERSED;
  const agreed = agreedIn(context, `interface ${name}`, weight);
  interfaces.set(name, { name, weight: agreed });
  if (agreed !== weight) return ofGroup(agreed);
  return weight !== given.value ? UNWEIGHTED : weight === 0 ? FAULT : EXACT;
}

/** The weight that a member of its sync group has said before. */
function agreedIn({ groupWeights }: TrackContext, tracked: string, weight: number): number {
  const agreed = groupWeights.get(tracked) ?? weight;
  groupWeights.set(tracked, agreed);
  return agreed;
}

function ofGroup(weight: number): Judgement {
  return approximate(`by weight ${weight}, as another of its sync group has it: they have one priority`);
}

function trackScript(
  { keyword: name, args }: Statement,
  defined: ReadonlyMap<string, TrackedScript>,
  { scripts }: Drafts,
  context: TrackContext,
): Judgement {
  const script = defined.get(name);
  if (script === undefined) return dropped('nothing of that name is defined; keepalived ignores it');
  context.tracked.add(script.statement);
  const given = weightIn(args, script.weight);
  if (given === undefined) return dropped('no option that keepalived takes: it ignores the line');
  const { name: key } = script.draft;
  if (scripts.has(key)) return DUPLICATE;
  if (scripts.size >= MOST) return refused(`${MOST} at most are tracked`);
  const judgement = weightedJudgement(given, context);
  if (judgement !== undefined) return judgement;
  const { value, isReversed } = given;
  const draft = isReversed ? reversed(script, value) : { ...script.draft, weight: value };
  const agreed = agreedIn(context, `script ${draft.name}`, draft.weight);
  scripts.set(key, { ...draft, weight: agreed });
  if (agreed !== draft.weight) return ofGroup(agreed);
  return isReversed ? TURNED : value === 0 ? FAULT : EXACT;
}

/** Good when it fails. What was taken off while it was up is taken off while this is down, and so on. */
function reversed(
  { draft: { command, rise, fall, ...draft }, opposite: name }: TrackedScript,
  weight: number,
): ScriptDraft {
  const opposite = `! ${command.map(shellQuoted).join(' ')}`;
  return {
    ...draft,
    name: name(),
    command: ['sh', '-c', opposite],
    rise: fall,
    fall: rise,
    weight: weight === 0 ? 0 : -weight,
  };
}

/** What keeps a script from being tracked with its weight. */
function weightedJudgement({ value }: Weight, { isOwner, isUnweighted }: TrackContext): Judgement | undefined {
  if (value === 0) return undefined;
  if (isOwner) return OWNER;
  return isUnweighted
    ? dropped('keepalived ignores it: in a sync group there are no weights without sync_group_tracking_weight')
    : undefined;
}

function trackFile({ keyword: name, args }: Statement, { files }: Drafts, context: TrackContext): Judgement {
  const file = context.files.get(name);
  if (file === undefined) return dropped('nothing of that name is defined; keepalived ignores it');
  context.tracked.add(file.statement);
  const given = weightIn(args, file.weight);
  if (given === undefined) return dropped('no option that keepalived takes: it ignores the line');
  const same = files.get(file.path);
  if (same !== undefined) return same.name === name ? DUPLICATE : SAME_FILE;
  if (files.size >= MOST) return refused(`${MOST} at most are tracked`);
  const { value, isReversed, isDefault } = given;
  // A number that is taken off when it is to be added: the weight with the other sign.
  let weight = isReversed ? -value : value;
  if (isReversed && value === 0) return REVERSED;
  if (context.isOwner || context.isUnweighted) {
    if (value !== 0 && !(isDefault || value === 1)) return context.isOwner ? OWNER : UNWEIGHTED_FILE;
    weight = 0;
  }
  const known = context.fileWeights.get(file.path);
  if (known !== undefined && known !== weight) return otherWeight(known);
  context.fileWeights.set(file.path, weight);
  files.set(file.path, { name, path: file.path, weight });
  if (weight === 0) return FAULT;
  return approximate('the priority stays within 1 and 254: a sum below -253 is no fault');
}

function otherWeight(weight: number): Judgement {
  return refused(
    `a file has one weight for all who track it, ${weight} as another instance has it: this one needs a file of its own, or a script`,
  );
}

const REVERSED = refused('nothing is tracked in reverse but scripts: a script can tell the opposite');
const SAME_FILE = refused(
  'the file is tracked already, by another name: a file counts once, so give it the sum of the weights',
);
const TURNED = approximate(
  'by the opposite exit status and the weight with the other sign; it is taken for failing at first',
);
const OWNER = dropped('keepalived ignores it: the priority of an owner (255) does not change');
const UNWEIGHTED = approximate('by weight 0, as keepalived does in a sync group without sync_group_tracking_weight');
const UNWEIGHTED_FILE = dropped(
  'keepalived ignores it: in a sync group there are no weights without sync_group_tracking_weight',
);
