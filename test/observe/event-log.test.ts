import { describe, expect, test } from 'vitest';
import type { EventDestination } from '../../src/observe/event-destination.ts';
import { type EventRecord, forwardedEventLog } from '../../src/observe/event-forward.ts';
import { createEventLog, replayEvent } from '../../src/observe/event-log.ts';

function destination(style: EventDestination['style'] = 'json') {
  const lines: string[] = [];
  return {
    style,
    lines,
    isBroken: false,
    write(line: string): boolean {
      if (!this.isBroken) lines.push(line);
      return !this.isBroken;
    },
    get events(): Record<string, unknown>[] {
      return lines.map((line) => JSON.parse(line));
    },
  };
}

describe('the event log', () => {
  test('writes a line of JSON for an event', () => {
    const to = destination();
    createEventLog({ level: 'info', destination: to }).warn('worker died, replaced', { worker: 2 });
    expect(to.lines).toEqual([expect.stringMatching(/^\{.*\}\n$/)]);
    const [{ time, ...event } = {}] = to.events;
    expect(event).toEqual({ level: 'warn', msg: 'worker died, replaced', worker: 2 });
    expect(new Date(time as string).toISOString()).toBe(time);
  });

  test('writes a readable line for a terminal', () => {
    const to = destination('plain');
    createEventLog({ level: 'info', destination: to }).warn('worker died, replaced', { worker: 2 });
    expect(to.lines).toEqual([expect.stringMatching(/^[\d:.]{12} WARN {2}worker died, replaced worker=2\n$/)]);
  });

  test('leaves out what is less urgent than its level, which may change', () => {
    const to = destination();
    const log = createEventLog({ level: 'warn', destination: to });
    const all = () => {
      log.error('e');
      log.warn('w');
      log.info('i');
      log.debug('d');
      return to.lines.splice(0).map((line) => JSON.parse(line).msg);
    };
    expect(all()).toEqual(['e', 'w']);
    log.setLevel('debug');
    expect(all()).toEqual(['e', 'w', 'i', 'd']);
    log.setLevel('error');
    expect(all()).toEqual(['e']);
  });

  test('takes a percent sign for what it is', () => {
    const to = destination();
    createEventLog({ level: 'info', destination: to }).info('50% of origins are down %s %j', { share: '%d' });
    expect(to.events).toMatchObject([{ msg: '50% of origins are down %s %j', share: '%d' }]);
  });

  test('tells how many events it lost as soon as it can', () => {
    const to = destination();
    const log = createEventLog({ level: 'info', destination: to });
    to.isBroken = true;
    log.info('a');
    log.info('b');
    to.isBroken = false;
    log.info('c');
    log.info('d');
    expect(to.events.map(({ msg, count }) => [msg, count])).toEqual([
      ['c', undefined],
      ['events could not be written', 2],
      ['d', undefined],
    ]);
  });

  test("has workers' events, posted to it, as its own", () => {
    const to = destination();
    const log = createEventLog({ level: 'info', destination: to });
    const posted: EventRecord[] = [];
    const worker = forwardedEventLog((record) => posted.push(structuredClone(record)));
    worker.error('origin failed', { error: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }) });
    worker.debug('unimportant');
    for (const record of posted) replayEvent(log, record);
    expect(to.events).toMatchObject([
      { level: 'error', msg: 'origin failed', error: { code: 'ECONNREFUSED', message: 'refused' } },
    ]);
  });
});
