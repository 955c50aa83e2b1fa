import { dirname } from 'node:path';
import { type Imported, importKeepalived } from '../../../src/vrrp/import/import-keepalived.ts';
import type { Files } from '../../../src/vrrp/import/lexer/reader.ts';
import type { ReportedLine } from '../../../src/vrrp/import/report.ts';

/** Files by their absolute paths; a pattern is a directory with a `*` behind it, or one file. */
export function filesOf(files: Readonly<Record<string, string>>): Files {
  return {
    read: (path) => files[path],
    match: (pattern) => {
      const meant = (path: string) =>
        path === pattern || (pattern.endsWith('/*') && dirname(path) === dirname(pattern));
      return Object.keys(files).filter(meant).sort();
    },
  };
}

export const MAIN = '/etc/keepalived/keepalived.conf';

export function imported(text: string, files: Readonly<Record<string, string>> = {}): Imported {
  return importKeepalived(MAIN, text, { files: filesOf(files), configId: 'lb1', env: {}, secretsDirectory: 'secrets' });
}

/** What became of lines of the main file. */
export function linesOf(text: string): readonly ReportedLine[] {
  return imported(text).files[0]?.lines ?? [];
}
