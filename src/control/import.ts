import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { makeDirectory, writeSecret } from '../base/secret-file.ts';
import { type ExitStatus, Failure, type Surroundings, UsageError } from '../cli/command.ts';
import { type Imported, importKeepalived } from '../vrrp/import/import-keepalived.ts';
import type { Files } from '../vrrp/import/lexer/reader.ts';
import { countsOf } from '../vrrp/import/report.ts';
import { importAsText } from './import-text.ts';

/** What stands behind `portico import`. */

export interface ImportValues {
  readonly 'config-id': string | undefined;
  readonly 'passwords-to': string | undefined;
  readonly strict: boolean;
}

/** Relative to the configuration that the section is put into. */
const SECRETS = 'secrets';

/** Larger ones are no configurations. */
const LARGEST = 16 * 1024 * 1024;

export async function importFile(
  [format, file = '']: readonly string[],
  values: ImportValues,
  { out, err, env }: Surroundings,
): Promise<ExitStatus> {
  if (format !== 'keepalived') throw new UsageError(`expected keepalived, got ${JSON.stringify(format)}`);
  const path = resolve(file);
  const text = FILES.read(path);
  if (text === undefined) throw new Failure(`${file}: is no file that can be read`);
  const { 'config-id': configId = hostname().replace(/\..*$/, ''), 'passwords-to': directory, strict } = values;
  const secretsDirectory = directory === undefined ? SECRETS : resolve(directory);
  const imported = importKeepalived(path, text, { files: FILES, configId, env, secretsDirectory });
  const written = directory === undefined ? [] : writeSecrets(imported);
  out.write(imported.yaml);
  err.write(importAsText(imported, { shown: (each) => shownAs(each, path, file), written, screen: err }));
  return strict && countsOf(imported.files).refused > 0 ? 1 : 0;
}

const FILES: Files = {
  read(path) {
    try {
      const { size } = statSync(path);
      return size > LARGEST ? undefined : readFileSync(path, 'utf8');
    } catch {
      return undefined;
    }
  },
  // As glob(3), which finds no hidden files unless they are asked for.
  match(pattern) {
    const wantsHidden = /(^|[/,{])\./.test(pattern);
    return globSync(pattern)
      .filter((path) => wantsHidden || !/(^|\/)\.[^/]*$/.test(path))
      .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true)
      .sort();
  },
};

/** All or none: a file that holds something else is left alone. */
function writeSecrets({ secrets }: Imported): readonly string[] {
  for (const { file, content } of secrets) {
    if (existsSync(file) && FILES.read(file) !== `${content}\n`)
      throw new Failure(`${file}: is there already, and holds something else`);
  }
  for (const { file, content } of secrets) {
    makeDirectory(join(file, '..'));
    writeSecret(file, `${content}\n`);
  }
  return secrets.map(({ file }) => file);
}

function shownAs(path: string, main: string, file: string): string {
  if (path === main) return file;
  const near = relative('', path);
  return near.startsWith('..') ? path : near;
}
