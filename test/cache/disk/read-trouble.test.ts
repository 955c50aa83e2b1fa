import { expect, test } from 'vitest';
import { type DiskTrouble, ReadTrouble } from '../../../src/cache/disk/read-trouble.ts';
import type { EventLog } from '../../../src/observe/event-forward.ts';

test('each trouble with a record is counted, by its kind, where the log has a line in a minute', () => {
  const lines: string[] = [];
  const log = { warn: (event: string) => lines.push(event) } as unknown as EventLog;
  const counted: DiskTrouble[] = [];
  let now = 0;
  const trouble = new ReadTrouble(
    '/cache',
    log,
    () => now,
    (kind) => counted.push(kind),
  );
  trouble.found(1);
  trouble.found(1, new Error('EIO'));
  trouble.found(2);
  expect(counted).toEqual(['damaged', 'read', 'damaged']);
  expect(lines).toHaveLength(1);
  now = 60_000;
  trouble.found(2);
  expect(lines).toHaveLength(2);
});
