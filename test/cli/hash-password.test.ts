import { expect, test } from 'vitest';
import { parseHash, verifyPassword } from '../../src/admin/access/password.ts';
import { portico, startOnTerminal } from './command-runs.ts';

/** Whether a line that was printed is for this password. */
async function isFor(password: string, line: string): Promise<boolean> {
  const hash = parseHash(line.trim());
  return hash !== undefined && (await verifyPassword(password, hash));
}

test.each([
  { input: 'correct horse', password: 'correct horse' },
  { input: ' spaces count \n', password: ' spaces count ' },
  { input: 'from Windows\r\n', password: 'from Windows' },
])('hash-password hashes what comes by standard input: $input', async ({ input, password }) => {
  const { status, stdout, stderr } = await portico(['hash-password'], { input });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(await isFor(password, stdout)).toBe(true);
});

test.each([
  { input: '', said: 'expected a password, got nothing' },
  { input: '\n', said: 'expected a password, got nothing' },
  { input: 'one\ntwo\n', said: 'expected a password on one line, got several' },
])('hash-password refuses $input', async ({ input, said }) => {
  expect(await portico(['hash-password'], { input })).toEqual({ status: 1, stdout: '', stderr: `portico: ${said}\n` });
});

test('hash-password asks twice on a terminal, and shows nothing of what is typed', async () => {
  const run = startOnTerminal(['hash-password']);
  await run.says(/Password: $/);
  run.type('secreT\x7ft\r');
  await run.says(/The same again: $/);
  run.type('x\x15secret\r');
  const { status, stdout } = await run.ended();
  expect(status).toBe(0);
  const [first, second, line = ''] = stdout.split('\r\n');
  expect([first, second]).toEqual(['Password: ', 'The same again: ']);
  expect(await isFor('secret', line)).toBe(true);
});

test('hash-password takes two lines that are pasted at once', async () => {
  const run = startOnTerminal(['hash-password']);
  await run.says(/Password: $/);
  run.type('secret\rsecret\r');
  expect((await run.ended()).status).toBe(0);
});

test('hash-password refuses two that differ', async () => {
  const run = startOnTerminal(['hash-password']);
  await run.says(/Password: $/);
  run.type('one\r');
  await run.says(/The same again: $/);
  run.type('two\r');
  const { status, stdout } = await run.ended();
  expect({ status, stdout }).toEqual({
    status: 1,
    stdout: 'Password: \r\nThe same again: \r\nportico: these were not the same\r\n',
  });
});

test('hash-password ends at once with Ctrl-C', async () => {
  const run = startOnTerminal(['hash-password']);
  await run.says(/Password: $/);
  run.type('sec\x03');
  expect((await run.ended()).status).toBe(130);
});
