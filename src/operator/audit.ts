import { appendFileSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Bytes, Ms } from '../base/units.ts';
import type { EventLog } from '../observe/event-forward.ts';
import type { AuditRecord } from './commands.ts';
import { redacted, redactedText } from './redacted.ts';

/**
 * The audit log: who changed what, from where, and why; and what was refused. One JSON object a line, for people and for
 * programs, kept for as long as somebody keeps the file: at 8 MiB it becomes `audit.log.1`, in place of the one before.
 */

/** Its name in `state_dir`. */
export const AUDIT_FILE = 'audit.log';

/** How many are at hand. */
const REMEMBERED = 1000;
const LARGEST: Bytes = 8 * 1024 * 1024;

export interface AuditOptions {
  readonly directory: string;
  readonly log: EventLog;
  readonly now: () => Ms;
  /** Bytes from which on the file is put aside. */
  readonly largest?: Bytes;
}

export class AuditLog {
  readonly #options: AuditOptions;
  readonly #file: string;
  readonly #largest: Bytes;
  #remembered: AuditRecord[];
  #last: number;
  /** The last line may be one without an end. */
  #torn: boolean;
  #failing = false;

  /** Reads what was written before the start. */
  constructor(options: AuditOptions) {
    this.#options = options;
    this.#file = join(options.directory, AUDIT_FILE);
    this.#largest = options.largest ?? LARGEST;
    const [older, newer] = [readText(`${this.#file}.1`), readText(this.#file)];
    this.#remembered = [...recordsOf(older), ...recordsOf(newer)].slice(-REMEMBERED);
    this.#torn = !/(^|\n)$/.test(newer);
    this.#last = this.#remembered.reduce((most, { number }) => Math.max(most, number), 0);
  }

  /** Those after this number, at most as many as `limit`, from the oldest on; the newest is last. */
  after(number: number, limit: number): readonly AuditRecord[] {
    return this.#remembered.filter((record) => record.number > number).slice(0, Math.max(0, limit));
  }

  /** In the file when this returns, if that can be written; what was done is done all the same. */
  add(entry: Omit<AuditRecord, 'number' | 'time'>): AuditRecord {
    const record = recordOf(entry, ++this.#last, this.#options.now());
    this.#remembered.push(record);
    if (this.#remembered.length >= 2 * REMEMBERED) this.#remembered = this.#remembered.slice(-REMEMBERED);
    this.#write(record);
    const { number: _, time: __, ...fields } = record;
    if (record.refused === undefined) this.#options.log.info('operation done', fields);
    else this.#options.log.warn('operation refused', fields);
    return record;
  }

  #write(record: AuditRecord): void {
    const line = `${JSON.stringify({ ...record, time: new Date(record.time).toISOString() })}\n`;
    try {
      mkdirSync(this.#options.directory, { recursive: true, mode: 0o700 });
      const size = sizeOf(this.#file);
      if (size > 0 && size + line.length > this.#largest) renameSync(this.#file, `${this.#file}.1`);
      appendFileSync(this.#file, this.#torn ? `\n${line}` : line, { mode: 0o600 });
      this.#torn = false;
      this.#failing = false;
    } catch (error) {
      this.#torn = true;
      if (!this.#failing) {
        this.#options.log.error('audit log cannot be written', { file: this.#file, reason: (error as Error).message });
      }
      this.#failing = true;
    }
  }
}

function recordOf(entry: Omit<AuditRecord, 'number' | 'time'>, number: number, time: Ms): AuditRecord {
  const { actor, source, address, action, target, before, after, reason, refused } = entry;
  return {
    number,
    time,
    actor: redactedText(actor),
    source,
    ...(address !== undefined && { address }),
    action,
    target: redactedText(target),
    ...(before !== undefined && { before: redacted(before) }),
    ...(after !== undefined && { after: redacted(after) }),
    reason: redactedText(String(reason)),
    ...(refused !== undefined && { refused: redactedText(refused) }),
  };
}

/** What cannot be read is left out: it is for people to look at, and nothing follows from it. */
function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function recordsOf(text: string): AuditRecord[] {
  return text
    .split('\n')
    .slice(-REMEMBERED - 1)
    .flatMap(readRecord);
}

function readRecord(line: string): AuditRecord[] {
  try {
    const { time, ...rest } = JSON.parse(line);
    const record = { ...rest, time: Date.parse(time) } as AuditRecord;
    return Number.isSafeInteger(record.number) && Number.isFinite(record.time) ? [record] : [];
  } catch {
    return [];
  }
}

function sizeOf(file: string): Bytes {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
