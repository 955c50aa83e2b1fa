import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseHash, verifyPassword } from '../../../src/admin/access/password.ts';
import { passwordLine, readUsers, type User, UsersError } from '../../../src/admin/access/users.ts';
import { tempDir } from '../../support/temp.ts';

const HASH = '$scrypt$ln=10,r=8,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA';

describe('a password', () => {
  test('is verified by its line', async () => {
    const line = await passwordLine('correct horse');
    expect(line).toMatch(/^\$scrypt\$ln=15,r=8,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    const hash = parseHash(line);
    if (hash === undefined) throw new Error('no hash');
    expect(await verifyPassword('correct horse', hash)).toBe(true);
    expect(await verifyPassword('correct horsf', hash)).toBe(false);
  });

  test('is the same however its accents are typed', async () => {
    const hash = parseHash(await passwordLine('caf\u00e9'));
    if (hash === undefined) throw new Error('no hash');
    expect(await verifyPassword('cafe\u0301', hash)).toBe(true);
  });

  test.each([
    '$scrypt$ln=9,r=8,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA',
    '$scrypt$ln=20,r=32,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA',
    '$scrypt$ln=15,r=0,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA',
    '$scrypt$ln=15,r=8,p=1$c2Fs$AAAAAAAAAAAAAAAAAAAAAA',
    '$scrypt$ln=15,r=8,p=1$c2FsdHNhbHQ$AA',
    '$2b$12$abc',
    '',
  ])('is not held against %s', (line) => {
    expect(parseHash(line)).toBeUndefined();
  });
});

describe('a password file', () => {
  test('has a password, which is kept as a hash', async () => {
    const { users } = await read('s3cret\n', 0o600);
    expect(users[0]?.principal).toEqual({ name: 'ops', role: 'operate' });
    expect(await verifyPassword('s3cret', (users[0] as User).hash)).toBe(true);
    expect(JSON.stringify(users)).not.toContain('s3cret');
  });

  test('has a hash, and then anybody may read it', async () => {
    expect((await read(`${HASH}\r\n`, 0o644)).users).toHaveLength(1);
  });

  test.each([
    {
      name: 'readable by others',
      text: 'a',
      mode: 0o640,
      problem: /expected mode 0600 of ".*", as it has a plain password, got 0640$/,
    },
    { name: 'empty', text: '\n', mode: 0o600, problem: /expected a password or its hash in ".*", got an empty line$/ },
    { name: 'of two lines', text: 'a\nb\n', mode: 0o600, problem: /expected one line in ".*", got more$/ },
    { name: 'of another hash', text: '$scrypt$N=1$a$b', mode: 0o600, problem: /expected \$scrypt\$ln=/ },
    { name: 'too large', text: 'a'.repeat(5000), mode: 0o600, problem: /expected a file of one line/ },
  ])('that is $name is refused', async ({ text, mode, problem }) => {
    const error = await read(text, mode).catch((reason) => reason);
    expect(error).toBeInstanceOf(UsersError);
    expect(error.problems).toEqual([expect.stringMatching(problem)]);
    expect(error.problems[0]).toMatch(/^admin\.users\[0\]\.password_file: /);
  });

  test('that is not there is told together with all others', async () => {
    const missing = ['a', 'b'].map((name) => ({ name, password_file: '/nowhere/x', role: 'read' as const }));
    const error = await readUsers(missing, '/nowhere').catch((reason) => reason);
    expect(error.problems).toEqual([
      'admin.users[0].password_file: cannot read "/nowhere/x": ENOENT',
      'admin.users[1].password_file: cannot read "/nowhere/x": ENOENT',
    ]);
  });

  test('that is as it was makes the same user, one that changed another', async () => {
    const directory = await tempDir();
    const settings = [{ name: 'ops', password_file: join(directory, 'ops'), role: 'read' as const }];
    writeFileSync(join(directory, 'ops'), 'one', { mode: 0o600 });
    const first = (await readUsers(settings, directory)).users;
    const second = (await readUsers(settings, directory, first)).users;
    expect(second[0]).toBe(first[0]);
    const promoted = (
      await readUsers([{ ...(settings[0] as (typeof settings)[0]), role: 'admin' as never }], directory, first)
    ).users;
    expect(promoted[0]).not.toBe(first[0]);
    expect(promoted[0]?.hash).toBe(first[0]?.hash);
    writeFileSync(join(directory, 'ops'), 'two');
    expect((await readUsers(settings, directory, first)).users[0]?.principal).not.toBe(first[0]?.principal);
  });
});

describe('without users', () => {
  test('there is one admin, whose password is made once and kept for the owner alone', async () => {
    const stateDir = join(await tempDir(), 'state');
    const first = await readUsers([], stateDir);
    const file = join(stateDir, 'admin-password');
    expect(first.firstPassword).toEqual({ file, made: true });
    expect(first.users.map(({ principal }) => principal)).toEqual([{ name: 'admin', role: 'admin' }]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const password = readFileSync(file, 'utf8').trim();
    expect(password).toMatch(/^[A-Za-z0-9_-]{24}$/);
    expect(await verifyPassword(password, (first.users[0] as User).hash)).toBe(true);
    expect((await readUsers([], stateDir)).firstPassword).toEqual({ file, made: false });
  });

  test('and without a place for a password it is refused', async () => {
    const error = await readUsers([], '/proc/portico').catch((reason) => reason);
    expect(error.problems).toEqual([expect.stringMatching(/^admin\.users: cannot keep a first password in /)]);
  });
});

async function read(text: string, mode: number) {
  const directory = await tempDir();
  const file = join(directory, 'ops');
  writeFileSync(file, text);
  chmodSync(file, mode);
  return readUsers([{ name: 'ops', password_file: file, role: 'operate' }], directory);
}
