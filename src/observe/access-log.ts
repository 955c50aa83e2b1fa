import { closeSync } from 'node:fs';
import { AddressSet } from '../base/address.ts';
import type { AccessEntry } from './access-entry.ts';
import { type AccessFormat, accessFormat } from './access-format.ts';
import type { AccessLogSettings } from './config.ts';
import { LineWriter } from './line-writer.ts';
import { openLogFile } from './output.ts';
import type { OnProblem } from './write-trouble.ts';

/**
 * One line for an exchange, written at its end. Each worker has one; their lines meet in one file. It never holds up an
 * exchange and never throws: a file that cannot be opened or written is told to `onProblem` and tried again, and what
 * cannot wait any longer is lost and counted.
 */
export class AccessLog {
  readonly #format: AccessFormat;
  readonly #skippedClients: AddressSet;
  readonly #skippedPaths: readonly string[];
  readonly #writer: LineWriter;

  constructor(settings: AccessLogSettings, onProblem: OnProblem) {
    this.#format = accessFormat(settings.format);
    this.#skippedClients = new AddressSet(settings.skip_from);
    this.#skippedPaths = settings.skip_paths;
    this.#writer = new LineWriter(settings.file, onProblem);
  }

  write(entry: AccessEntry): void {
    if (!this.#isSkipped(entry)) this.#writer.write(this.#format(entry));
  }

  /** After the file was renamed: goes on in a new one. No line is lost. */
  reopen(): void {
    this.#writer.reopen();
  }

  /** Resolves when everything is written, or two seconds later. */
  close(): Promise<void> {
    return this.#writer.close();
  }

  #isSkipped({ client, target, userAgent }: AccessEntry): boolean {
    // The VRRP agent, once a second: `OPTIONS *` from here (see vrrp/agent/proxy-check.ts).
    if (target === '*' && userAgent === 'portico-vrrp' && (client === '127.0.0.1' || client === '::1')) return true;
    for (const prefix of this.#skippedPaths) if (target.startsWith(prefix)) return true;
    return this.#skippedClients.has(client);
  }
}

/** Throws what the system says when the file cannot be opened: to be known before a configuration is taken. */
export function checkAccessLog({ file }: AccessLogSettings): void {
  if (file !== '-') closeSync(openLogFile(file));
}
