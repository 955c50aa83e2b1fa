import { normalize } from 'node:path';
import type { Statement } from '../blocks.ts';
import type { ScriptDraft } from '../draft.ts';
import { approximate, dropped, EXACT, type Findings, type Judgement, refused } from '../findings.ts';
import { commandIn } from './commands.ts';
import { unknownKeyword } from './globals.ts';
import type { Names } from './names.ts';
import { secondsIn, timeOf, wholeIn } from './numbers.ts';
import { processCommand } from './processes.ts';
import { settled } from './repeated.ts';
import { type Weight, weightIn } from './weights.ts';

/** `vrrp_script`, `track_file` and `vrrp_track_process`: what is tracked, told once for all who track it. */

export interface TrackedScript {
  readonly draft: Omit<ScriptDraft, 'weight'>;
  /** What the opposite of it is called. */
  readonly opposite: () => string;
  readonly weight: Weight;
  readonly statement: Statement;
}

export interface TrackedFile {
  readonly path: string;
  readonly weight: Weight;
  readonly statement: Statement;
}

const FAULT: Weight = { value: 0, isReversed: false, isDefault: true };
const SECOND = 1000;
const LONGEST = 3600 * SECOND;
const SHORTEST = 10;
const MOST_RUNS = 100;

const NEVER_TRACKED = dropped('nothing tracks it; keepalived does not run it either');
const INIT_FAIL = approximate(
  'it is taken for good until its first run ends, which counts at once; not for bad until rise of them were good',
);

/** `undefined`: keepalived would take it out, and says so. */
export function readScript(statement: Statement, names: Names, findings: Findings): TrackedScript | undefined {
  const block = settled(statement.block ?? [], findings, /^$/, /^$/);
  const find = (keyword: string) => block.find((each) => each.keyword === keyword);
  const script = find('script');
  const command = script && commandIn(script);
  if (command === undefined) {
    for (const { place } of [statement, ...block])
      findings.add(place, dropped('no script is set; keepalived takes it out'));
    return undefined;
  }
  const timeout = spanOf(find('timeout'));
  const interval = Math.max(spanOf(find('interval')) ?? SECOND, timeout ?? 0);
  const isSlow = (spanOf(find('interval')) ?? SECOND) < interval;
  const [rise, fall] = [runsOf(find('rise')), runsOf(find('fall'))];
  findings.add(statement.place, EXACT);
  for (const each of block) findings.add(each.place, scriptJudgement(each, command, isSlow));
  const weight = find('weight');
  return {
    draft: {
      name: names.of(statement.args[0] ?? ''),
      command: command.words,
      interval: timeOf(interval),
      timeout: timeOf(timeout ?? interval),
      rise,
      fall,
    },
    opposite: oppositeOf(statement, names),
    weight: weight === undefined ? FAULT : (weightIn(['weight', ...weight.args], FAULT) ?? FAULT),
    statement,
  };
}

function oppositeOf({ keyword, args: [name = ''] }: Statement, names: Names): () => string {
  return () => names.of(`${name.slice(0, 50)}-reversed`, `${keyword} ${name} reversed`);
}

function scriptJudgement(
  { keyword, args }: Statement,
  command: NonNullable<ReturnType<typeof commandIn>>,
  isSlow: boolean,
): Judgement {
  switch (keyword) {
    case 'script':
      return command.note === undefined ? EXACT : approximate(command.note);
    case 'interval':
      if (isSlow) return approximate('as long as timeout: runs do not overlap, and none is skipped');
      return isWithin(secondsIn(args[0], 0, Number.MAX_SAFE_INTEGER))
        ? EXACT
        : approximate('10ms to 1h, as in the configuration');
    case 'timeout':
      return isWithin(secondsIn(args[0], 0, Number.MAX_SAFE_INTEGER))
        ? EXACT
        : approximate('10ms to 1h, as in the configuration');
    case 'rise':
    case 'fall':
      return wholeIn(args[0], 1, MOST_RUNS) === undefined
        ? approximate(`1 to ${MOST_RUNS}, as in the configuration`)
        : EXACT;
    case 'weight':
      return EXACT;
    case 'user':
      return approximate(`runs as the user of the agent, not as ${args.join(':')}`);
    case 'init_fail':
      return INIT_FAIL;
    default:
      return unknownKeyword(keyword, 'vrrp_script');
  }
}

/** 0 is 1 to keepalived. */
function spanOf(statement: Statement | undefined): number | undefined {
  const span = statement && secondsIn(statement.args[0], 0, Number.MAX_SAFE_INTEGER);
  return span === undefined ? undefined : Math.min(LONGEST, Math.max(SHORTEST, span === 0 ? SECOND : span));
}

function isWithin(span: number | undefined): boolean {
  return span !== undefined && span >= SHORTEST && span <= LONGEST;
}

function runsOf(statement: Statement | undefined): number {
  return Math.min(MOST_RUNS, wholeIn(statement?.args[0], 1, 2 ** 31) ?? 1);
}

export function readFileTrack(statement: Statement, findings: Findings): TrackedFile | undefined {
  const block = settled(statement.block ?? [], findings, /^(file|weight)$/, /^$/);
  const path = block.find(({ keyword }) => keyword === 'file')?.args[0];
  if (path === undefined || path === '') {
    for (const { place } of [statement, ...block])
      findings.add(place, dropped('no file is set; keepalived ignores it'));
    return undefined;
  }
  findings.add(statement.place, EXACT);
  for (const each of block) findings.add(each.place, fileJudgement(each));
  const one: Weight = { value: 1, isReversed: false, isDefault: true };
  const weight = block.find(({ keyword }) => keyword === 'weight');
  return {
    path: normalize(path),
    weight: weight === undefined ? one : (weightIn(['weight', ...weight.args], one) ?? one),
    statement,
  };
}

function fileJudgement({ keyword, args }: Statement): Judgement {
  if (keyword === 'file' || keyword === 'weight') return EXACT;
  if (keyword !== 'init_file') return unknownKeyword(keyword, 'track_file');
  const value = args.find((arg) => arg !== 'overwrite') ?? '0';
  return value === '0' && !args.includes('overwrite')
    ? dropped('a file that is not there is 0, and nobody has to make it')
    : refused(`nobody writes ${value} into it: the unit of the system can (ExecStartPre= of systemd)`);
}

export function readProcess(statement: Statement, names: Names, findings: Findings): TrackedScript | undefined {
  const block = settled(statement.block ?? [], findings, /^process$/, /^$/);
  const process = processCommand(block);
  findings.add(
    statement.place,
    process === undefined ? dropped('no process is set; keepalived ignores it') : process.judgement,
  );
  for (const { keyword, place } of block) {
    const isKnown =
      /^(process|param_match|weight|quorum|quorum_max|delay|fork_delay|terminate_delay|full_command)$/.test(keyword);
    findings.add(
      place,
      isKnown ? (process?.judgements.get(keyword) ?? EXACT) : unknownKeyword(keyword, 'vrrp_track_process'),
    );
  }
  if (process === undefined) return undefined;
  const weight = block.find(({ keyword }) => keyword === 'weight');
  const { command, rise, fall } = process;
  const [name = ''] = statement.args;
  return {
    // A script may have the same name.
    draft: { name: names.of(`process-${name}`, `process ${name}`), command, interval: '1s', timeout: '1s', rise, fall },
    opposite: oppositeOf(statement, names),
    weight: weight === undefined ? FAULT : (weightIn(['weight', ...weight.args], FAULT) ?? FAULT),
    statement,
  };
}

/** Tells of those that nothing tracks. */
export function tellUntracked(
  defined: Iterable<TrackedScript | TrackedFile>,
  tracked: ReadonlySet<Statement>,
  findings: Findings,
): void {
  for (const { statement } of defined) {
    if (!tracked.has(statement)) findings.add(statement.place, NEVER_TRACKED);
  }
}
