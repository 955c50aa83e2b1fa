import { expect, test } from 'vitest';
import { eventLevels } from '../../../src/observe/event-forward.ts';
import { type HookRun, HookRunner } from '../../../src/vrrp/agent/hook-runner.ts';
import type { Command } from '../../../src/vrrp/plan.ts';

function openRunner() {
  const ended: string[] = [];
  const runner = new HookRunner(eventLevels(() => {}));
  const run = (hook: HookRun['hook'], command: Command, deadline = 4000) =>
    runner.run({
      hook,
      commands: [command],
      deadline,
      environment: {},
      onEnd: (isGood) => ended.push(`${hook} ${isGood}`),
    });
  return { runner, ended, run };
}

test('has ended when the last of all hooks that wait has, in order, be they good or bad or overdue', async () => {
  const { runner, ended, run } = openRunner();
  run('stop', ['sleep', '0.1']);
  run('after_remove', ['false']);
  run('on_fault', ['sleep', '60'], 50);
  run('on_backup', ['true']);
  expect(ended).toEqual([]);
  await runner.ended;
  expect(ended).toEqual(['stop true', 'after_remove false', 'on_fault false', 'on_backup true']);
});

test('has ended where there was no hook, or none any more', async () => {
  const { runner, ended, run } = openRunner();
  await runner.ended;
  expect(runner.timeLeft).toBe(0);
  run('stop', ['true']);
  await runner.ended;
  await runner.ended;
  expect(ended).toEqual(['stop true']);
  expect(runner.timeLeft).toBe(0);
});

test('may take as long as the deadlines of all that wait, and what the running one has left', async () => {
  const { runner, run } = openRunner();
  run('stop', ['sleep', '0.1'], 3000);
  run('after_remove', ['true'], 2000);
  expect(runner.timeLeft).toBeGreaterThan(4000);
  expect(runner.timeLeft).toBeLessThanOrEqual(5000);
  await runner.ended;
});
