import type { Statement } from '../blocks.ts';
import type { InstanceDraft, Secret, SyncGroupDraft, VrrpDraft } from '../draft.ts';
import { dropped, type Findings, type Place, refused } from '../findings.ts';
import {
  readFileTrack,
  readProcess,
  readScript,
  type TrackedFile,
  type TrackedScript,
  tellUntracked,
} from './definitions.ts';
import { defaultGlobals, readGlobals } from './globals.ts';
import { hooksOf, isNotify, type Notifying } from './hooks.ts';
import { type ImportedInstance, readInstance } from './instance.ts';
import { Names } from './names.ts';
import { dropForeignSources } from './source.ts';
import { type ImportedGroup, readGroup } from './sync-groups.ts';
import { judgeTop, judgeWithin } from './top.ts';
import { isTrackList, tracksOf } from './tracks.ts';

/** What a configuration comes to. */
export interface Mapped {
  readonly draft: VrrpDraft;
  readonly secrets: readonly Secret[];
  /** Where each instance stands in the source. */
  readonly places: ReadonlyMap<InstanceDraft, Place>;
}

/** What our settings take. */
const MOST_INSTANCES = 255;
const MOST_GROUPS = 64;

const LEFT_OUT = refused('of an instance that is left out');

export function mapped(statements: readonly Statement[], findings: Findings, secretsDirectory: string): Mapped {
  const of = (...keywords: readonly string[]) => statements.filter(({ keyword }) => keywords.includes(keyword));
  for (const statement of statements) if (!OURS.has(statement.keyword)) judgeTop(statement, findings);

  const globals = defaultGlobals();
  for (const { place, block = [] } of of('global_defs')) {
    findings.add(place, { verdict: 'exact' });
    readGlobals(block, globals, findings);
  }
  const defined = definitionsOf(of, findings);
  const secrets: Secret[] = [];
  const context = {
    globals,
    names: new Names(),
    findings,
    secrets,
    secretsDirectory,
    addresses: new Set<string>(),
    vrids: new Set<string>(),
  };
  const instances = new Map<string, ImportedInstance>();
  for (const statement of of('vrrp_instance')) {
    const name = statement.args[0] ?? '';
    const problem = instances.has(name)
      ? 'an instance of this name is there already'
      : instances.size >= MOST_INSTANCES
        ? `${MOST_INSTANCES} instances at most`
        : undefined;
    if (problem !== undefined) {
      judgeWithin([statement], refused(problem), findings);
      continue;
    }
    const instance = readInstance(statement, context);
    if (instance === undefined) judgeWithin(statement.block ?? [], LEFT_OUT, findings);
    else instances.set(name, instance);
  }
  dropForeignSources(instances.values(), findings);
  const grouping = { instances, names: new Names(), findings, grouped: new Set<string>() };
  const groups = distinctGroups(of('vrrp_sync_group'), findings).map((statement) => readGroup(statement, grouping));
  complete(instances, groups, defined, findings);
  return {
    draft: {
      instances: [...instances.values()].map(({ draft }) => draft),
      sync_groups: groups.flatMap(({ draft }): SyncGroupDraft[] => (draft === undefined ? [] : [draft])),
    },
    secrets,
    places: new Map([...instances.values()].map(({ draft, statement }) => [draft, statement.place])),
  };
}

function distinctGroups(statements: readonly Statement[], findings: Findings): readonly Statement[] {
  const names = new Set<string>();
  return statements.filter((statement) => {
    const [name = ''] = statement.args;
    const isKnown = names.has(name);
    if (!isKnown && names.size < MOST_GROUPS) {
      names.add(name);
      return true;
    }
    const why = isKnown
      ? dropped('a group of this name is there already; keepalived ignores it')
      : refused(`${MOST_GROUPS} sync groups at most`);
    judgeWithin([statement], why, findings);
    return false;
  });
}

const OURS: ReadonlySet<string> = new Set([
  'global_defs',
  'vrrp_script',
  'track_file',
  'vrrp_track_file',
  'vrrp_track_process',
  'vrrp_instance',
  'vrrp_sync_group',
]);

interface Defined {
  readonly scripts: ReadonlyMap<string, TrackedScript>;
  readonly processes: ReadonlyMap<string, TrackedScript>;
  readonly files: ReadonlyMap<string, TrackedFile>;
}

function definitionsOf(of: (...keywords: readonly string[]) => readonly Statement[], findings: Findings): Defined {
  const names = new Names();
  return {
    scripts: byName(of('vrrp_script'), (statement) => readScript(statement, names, findings)),
    processes: byName(of('vrrp_track_process'), (statement) => readProcess(statement, names, findings)),
    files: byName(of('track_file', 'vrrp_track_file'), (statement) => readFileTrack(statement, findings)),
  };
}

function byName<T>(
  statements: readonly Statement[],
  read: (statement: Statement) => T | undefined,
): ReadonlyMap<string, T> {
  const all = new Map<string, T>();
  for (const statement of statements) {
    const one = read(statement);
    if (one !== undefined) all.set(statement.args[0] ?? '', one);
  }
  return all;
}

/** What is tracked, and who is told: of an instance itself, and of its group by the first of its members. */
function complete(
  instances: ReadonlyMap<string, ImportedInstance>,
  groups: readonly ImportedGroup[],
  defined: Defined,
  findings: Findings,
): void {
  const tracked = new Set<Statement>();
  const fileWeights = new Map<string, number>();
  const groupWeights = new Map<ImportedGroup, Map<string, number>>(groups.map((group) => [group, new Map()]));
  for (const instance of instances.values()) {
    const { draft, block, keepalivedName } = instance;
    const group = groups.find(({ members }) => members.includes(instance));
    const ofGroup = group?.members[0] === instance ? group.statements : [];
    const isUnweighted = group?.draft !== undefined && group.isUnweighted;
    const context = {
      interface: draft.interface,
      isOwner: draft.priority === 255,
      isUnweighted,
      ...defined,
      findings,
      tracked,
      fileWeights,
      groupWeights: (group && groupWeights.get(group)) ?? new Map(),
    };
    const track = tracksOf([...block, ...ofGroup].filter(isTrackList), context);
    if (track !== undefined) draft.track = track;
    const own: Notifying = {
      kind: 'INSTANCE',
      name: keepalivedName,
      priority: draft.priority,
      statements: block.filter(isNotify),
    };
    const groupName = group?.keepalivedName ?? '';
    const ofItsGroup: Notifying = {
      kind: 'GROUP',
      name: groupName,
      priority: draft.priority,
      statements: ofGroup.filter(isNotify),
    };
    const hooks = hooksOf([own, ofItsGroup], findings);
    if (hooks !== undefined) draft.hooks = hooks;
  }
  const { scripts, processes, files } = defined;
  tellUntracked([...scripts.values(), ...processes.values(), ...files.values()], tracked, findings);
}
