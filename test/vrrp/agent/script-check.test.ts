import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { eventLevels } from '../../../src/observe/event-forward.ts';
import { ScriptCheck } from '../../../src/vrrp/agent/script-check.ts';
import type { TrackStatus } from '../../../src/vrrp/model.ts';
import { Journal } from '../../support/journal.ts';
import { tempDir } from '../../support/temp.ts';

const kill = process.kill.bind(process);

afterEach(() => vi.restoreAllMocks());

/** As of a process that has become another user's. */
function killNobody(): void {
  vi.spyOn(process, 'kill').mockImplementation(() => {
    throw Object.assign(new Error('kill EPERM'), { code: 'EPERM' });
  });
}

/** A line in `starts` for each run: the first one is good, and others stay until they are killed. */
async function openCheck() {
  const starts = join(await tempDir(), 'starts');
  const script = 'echo $$ >> "$0"; [ "$(wc -l < "$0")" -gt 1 ] && exec sleep 60; exit 0';
  const statuses = new Journal<TrackStatus>('status');
  const events = new Journal<string>('event');
  const check = new ScriptCheck(
    {
      name: 'script app',
      command: ['sh', '-c', script, starts],
      interval: 400,
      timeout: 250,
      rise: 1,
      fall: 3,
    },
    {
      log: eventLevels(({ level, event }) => events.add(`${level}: ${event}`)),
      onStatus: (status) => statuses.add(status),
    },
  );
  const pids = () => readFileSync(starts, 'utf8').trim().split('\n').map(Number);
  return { check, statuses, events, pids };
}

test('a script that cannot be killed is bad in each interval, and no second one is started', async () => {
  killNobody();
  const { check, statuses, events, pids } = await openCheck();
  await statuses.waitFor((status) => status === 'down');
  check.close();
  const [, stuck = 0, ...more] = pids();
  kill(-stuck, 'SIGKILL');
  expect(statuses.all).toEqual(['up', 'down']);
  expect(more).toEqual([]);
  expect(events.all).toEqual(['warn: a check script cannot be killed']);
});

test('a script that is overdue and can be killed is bad once, and is run again', async () => {
  const { check, statuses, events, pids } = await openCheck();
  await statuses.waitFor((status) => status === 'down');
  check.close();
  expect(pids()).toHaveLength(4);
  expect(events.all).toEqual([]);
});
