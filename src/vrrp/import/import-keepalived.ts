import { basename } from 'node:path';
import { readBlocks } from './blocks.ts';
import type { InstanceDraft, Secret, VrrpDraft } from './draft.ts';
import { Findings, type Place } from './findings.ts';
import { type Files, Reader } from './lexer/reader.ts';
import { mapped } from './mapping/map.ts';
import { type ReportedFile, reportOf } from './report.ts';
import { type Yaml, yamlOf } from './yaml.ts';

/** A keepalived configuration as ours, with what became of each of its lines. */
export interface Imported {
  /** A `vrrp:` section. */
  readonly yaml: string;
  readonly files: readonly ReportedFile[];
  /** What differs although no line says so. */
  readonly notes: readonly string[];
  /** Files that `yaml` names, which have to be made. */
  readonly secrets: readonly Secret[];
}

export interface ImportOptions {
  readonly files: Files;
  /** For `@id` lines. */
  readonly configId: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where files of passwords and keys are to be. */
  readonly secretsDirectory: string;
}

/** `path` is absolute: included files are looked for beside it. */
export function importKeepalived(path: string, text: string, options: ImportOptions): Imported {
  const findings = new Findings();
  const reader = new Reader({ ...options, findings });
  // All of it is read before anything is judged: a definition is known to be used at the end.
  const statements = readBlocks([...reader.read(path, text)], findings);
  const { draft, secrets, places } = mapped(statements, findings, options.secretsDirectory);
  return {
    yaml: `# Imported from ${basename(path)}, a configuration of keepalived.\n${sectionOf(draft, places)}`,
    files: reportOf(reader.sources, findings),
    notes: notesOf(draft, secrets),
    secrets,
  };
}

function sectionOf({ instances, sync_groups }: VrrpDraft, places: ReadonlyMap<InstanceDraft, Place>): string {
  const comments = new Map<object, string>();
  for (const [instance, { file, line }] of places) comments.set(instance, `${basename(file)}:${line}`);
  const vrrp = { instances, ...(sync_groups.length > 0 && { sync_groups }) };
  return yamlOf({ vrrp } as unknown as Yaml, comments);
}

function notesOf({ instances }: VrrpDraft, secrets: readonly Secret[]): readonly string[] {
  if (instances.length === 0) return [];
  const notes = [
    'the proxy of the node is tracked: where it does not serve there is a fault (track.proxy: off does without)',
    'when others fall silent but their addresses still answer, they are not taken (probe: alarm or off does as keepalived)',
  ];
  if (instances.some(({ garp }) => garp?.refresh === undefined)) {
    notes.push('gratuitous ARP is sent again every 60s, which keepalived does not unless it is told (garp.refresh: 0)');
  }
  if (instances.some(({ version }) => version === 2)) {
    notes.push(
      'version 2 is what keepalived speaks unless it is told: set 3 on all nodes for fractions of a second, once they can',
    );
  }
  if (instances.some(({ priority }) => priority < 200)) {
    notes.push(
      'high priorities make a quick takeover, 254 and 250 say: the skew is (256 - priority) / 256 of an interval',
    );
  }
  for (const { file } of secrets)
    notes.push(`${file} has to be there, readable for the agent alone: --passwords-to DIR writes it`);
  return notes;
}
