import { dirname, resolve } from 'node:path';
import { check } from './check.ts';
import { checkFiles } from './check-files.ts';
import { type Document, parseConfig } from './document.ts';
import { draftOf } from './draft.ts';
import { explain, stockMessage } from './explain.ts';
import { withoutEmptySections } from './known.ts';
import { resolvePaths } from './paths.ts';
import { type Finding, formatPath, type Problem } from './problem.ts';
import { readSmallFile } from './read-file.ts';
import { type Settings, settingsSchema } from './settings.ts';

/** What became of a configuration file: settings that are whole and frozen, or everything that is wrong with it. */
export type LoadResult =
  | { readonly ok: true; readonly settings: Settings; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly warnings: readonly Problem[] };

/** More than any site needs, and read in a second or two. */
const LIMIT = 4 * 1024 ** 2;

/**
 * Reads and checks a configuration:
 *
 * text ▸ YAML, with variables put in (`document.ts`) ▸ the schema, each setting alone (`settings.ts`) ▸ settings against
 * each other (`check.ts`) ▸ the files that they name (`check-files.ts`)
 *
 * Problems of all steps are told together, in the order of the file; one setting has one problem, the first found.
 */
export function loadSettings(
  file: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
  now: Date = new Date(),
): LoadResult {
  const content = readSmallFile(file, LIMIT);
  if (!content.ok) return refused({ file, path: [], message: `cannot be read: ${content.reason}` });
  const text = decode(content.bytes);
  if (text === undefined) return refused({ file, path: [], message: 'is not UTF-8 text' });
  const document = parseConfig(text, env);
  const { settings, findings } = interpret(document, dirname(resolve(file)), now);
  const found = Object.groupBy(findings, ({ severity }) => severity ?? 'problem');
  const problems = located(file, document, found.problem ?? []);
  const warnings = located(file, document, found.warning ?? []);
  return settings !== undefined && problems.length === 0
    ? { ok: true, settings: deepFreeze(settings), warnings }
    : { ok: false, problems, warnings };
}

function interpret(document: Document, directory: string, now: Date): { settings?: Settings; findings: Finding[] } {
  if (!document.readable) return { findings: [...document.findings] };
  if (document.value === null) {
    return { findings: [...document.findings, { path: [], message: 'is empty, expected listeners, sites and pools' }] };
  }
  const value = withoutEmptySections(document.value, settingsSchema);
  const parsed = settingsSchema.safeParse(value, { error: stockMessage });
  const findings = [...document.findings, ...(parsed.success ? [] : explain(parsed.error, settingsSchema))];
  // Even when the schema refuses it: what is left is worth a look, so that one run tells everything.
  const draft = parsed.success ? parsed.data : draftOf(value, findings);
  findings.push(...check(draft, document.has));
  resolvePaths(draft, directory);
  findings.push(...checkFiles(draft, now));
  return { ...(parsed.success && { settings: parsed.data }), findings };
}

function located(file: string, document: Document, findings: readonly Finding[]): Problem[] {
  const byPath = new Map<string, Finding>();
  for (const finding of findings) {
    const key = `${formatPath(finding.path)} ${identityOf(finding)}`;
    if (!byPath.has(key)) byPath.set(key, finding);
  }
  return [...byPath.values()]
    .map((finding) => ({ finding, position: document.positionOf(finding) }))
    .sort((a, b) => a.position.line - b.position.line || a.position.column - b.position.column)
    .map(({ finding: { path, message, elsewhere }, position }) =>
      elsewhere === undefined ? { file, position, path, message } : { file: elsewhere, path: [], message },
    );
}

/** Of those at one path: a setting has one problem, a file that it names as many as there are. */
function identityOf({ path, offset, elsewhere, message }: Finding): string {
  if (elsewhere !== undefined) return `${elsewhere} ${message}`;
  return path.length === 0 ? String(offset) : '';
}

/** A byte order mark is taken off. `undefined` when these bytes are no UTF-8. */
function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function refused(problem: Problem): LoadResult {
  return { ok: false, problems: [problem], warnings: [] };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
