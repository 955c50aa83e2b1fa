import { DiskDirectory, type DiskDirectoryOptions } from '../../../src/cache/disk/disk-directory.ts';
import { DiskTier, type DiskTierOptions } from '../../../src/cache/disk/disk-tier.ts';
import type { FoundRecord } from '../../../src/cache/disk/found-record.ts';
import type { NewRecord, RecordPlace } from '../../../src/cache/disk/record.ts';
import { type EventLog, eventLevels } from '../../../src/observe/event-forward.ts';
import { atTeardown } from '../../support/teardown.ts';
import { tempDir } from '../../support/temp.ts';
import { bodyOf, digest, MIB } from './records.ts';

export interface LoggedEvent {
  readonly level: string;
  readonly event: string;
  readonly fields: Record<string, unknown>;
}

export function recordedLog(): { log: EventLog; events: LoggedEvent[] } {
  const events: LoggedEvent[] = [];
  return { log: eventLevels((event) => events.push(event as LoggedEvent)), events };
}

export interface Scene {
  readonly path: string;
  readonly directory: DiskDirectory;
  readonly tier: DiskTier;
  readonly events: LoggedEvent[];
  readonly forgotten: number[];
  /** Ends tier and directory as a stop does. */
  close(): Promise<void>;
}

/** A directory with one worker's tier. */
export async function openScene(
  options: Partial<DiskDirectoryOptions> & { readonly path?: string; readonly tier?: Partial<DiskTierOptions> } = {},
): Promise<Scene> {
  const path = options.path ?? (await tempDir('disk'));
  const { log, events } = recordedLog();
  const forgotten: number[] = [];
  const forget = (segment: number) => void forgotten.push(segment);
  const directory = await DiskDirectory.open({ directory: path, size: 64 * MIB, workers: 1, forget, log, ...options });
  const tier = new DiskTier(directory.plan, { worker: 0, forget, log, ...options.tier });
  const close = async () => {
    await tier.close();
    await directory.close();
  };
  atTeardown(close);
  return { path, directory, tier, events, forgotten, close };
}

/** Appends and expects to be taken. */
export async function stored(tier: DiskTier, record: NewRecord): Promise<RecordPlace> {
  const [place] = await Promise.all([tier.append(record), tier.flush()]);
  if (place === undefined) throw new Error('the record was refused');
  return place;
}

/** All that recovery finds, by key; copies, since it lends. */
export async function recovered(directory: DiskDirectory): Promise<Map<string, Recovered>> {
  const found = new Map<string, Recovered>();
  await directory.recover((record) => {
    const before = found.get(record.key.toString());
    if (before === undefined || before.sequence <= record.sequence) found.set(record.key.toString(), kept(record));
  });
  return found;
}

export type Recovered = Pick<FoundRecord, 'place' | 'bodyLength' | 'sequence' | 'expiresAt'> & {
  readonly head: Buffer | undefined;
};

function kept(record: FoundRecord): Recovered {
  const { place, bodyLength, sequence, expiresAt } = record;
  const head = record.head();
  return { place, bodyLength, sequence, expiresAt, head: head && Buffer.from(head) };
}

/** What is read at a place: `gone`, or a digest of key, head and body. */
export async function readBack(tier: DiskTier, place: RecordPlace): Promise<string> {
  const record = await tier.open(place);
  if (record === undefined) return 'gone';
  try {
    const body = await bodyOf(record);
    return typeof body === 'string' ? body : digest(record.key, record.head, [body]);
  } finally {
    record.close();
  }
}
