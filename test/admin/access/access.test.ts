import { describe, expect, test } from 'vitest';
import { Access, type Login } from '../../../src/admin/access/access.ts';
import type { PasswordHash } from '../../../src/admin/access/password.ts';
import { type EventRecord, eventLevels } from '../../../src/observe/event-forward.ts';
import { basic, cheapHash, userNamed } from '../../support/admin-scene.ts';

/** An Access of two users whose passwords are "good-ops" and "good-root", and a clock; `checks` counts what scrypt would do. */
class Scene {
  now = 0;
  checks = 0;
  readonly failures: unknown[] = [];
  readonly log: EventRecord[] = [];
  readonly users = ['ops', 'root'].map((name) => userNamed(name, 'operate', hashOf(`good-${name}`)));
  /** Guesses wait for it, when there is one. */
  gate: Promise<void> | undefined;
  readonly access = new Access({
    users: this.users,
    now: () => this.now,
    log: eventLevels((event) => this.log.push(event)),
    onFailure: (failure) => this.failures.push(failure),
    verify: async (password, hash) => {
      this.checks++;
      await this.gate;
      return hash.salt.equals(hashOf(password).salt);
    },
  });

  login(name: string, password: string, address = '10.0.0.1'): Promise<Login> {
    return this.access.login(basic(name, password), address);
  }

  async kinds(...passwords: readonly string[]): Promise<string[]> {
    const kinds: string[] = [];
    for (const password of passwords) kinds.push((await this.login('ops', password)).kind);
    return kinds;
  }
}

/** Told apart by the salt, which stands for the password. */
function hashOf(password: string): PasswordHash {
  return { ...HASH, salt: Buffer.from(password.padEnd(16)) };
}

const HASH = cheapHash('');

describe('a login', () => {
  test('by Basic is of the user whose password it is', async () => {
    const scene = new Scene();
    expect(await scene.login('ops', 'good-ops')).toEqual({ kind: 'user', user: { name: 'ops', role: 'operate' } });
    expect(await scene.login('ops', 'good-root')).toEqual({ kind: 'wrong' });
    expect(await scene.login('nobody', 'good-ops')).toEqual({ kind: 'wrong' });
  });

  test('by Bearer is of the user whose secret it is', async () => {
    const scene = new Scene();
    expect(await scene.access.login('Bearer good-root', '10.0.0.1')).toMatchObject({ user: { name: 'root' } });
    expect(await scene.access.login('bearer  good-ops ', '10.0.0.1')).toMatchObject({ user: { name: 'ops' } });
    expect(await scene.access.login('Bearer good', '10.0.0.1')).toEqual({ kind: 'wrong' });
  });

  test.each(['', 'Basic', 'Basic !', 'Digest a', 'Basic b3Bz', `Basic ${'A'.repeat(2000)}`])(
    'by %j is none',
    async (field) => {
      expect(await new Scene().access.login(field, '10.0.0.1')).toEqual({ kind: 'wrong' });
    },
  );

  test('is remembered for five minutes', async () => {
    const scene = new Scene();
    for (let i = 0; i < 10; i++) await scene.login('ops', 'good-ops');
    expect(scene.checks).toBe(1);
    scene.now = 5 * 60_000;
    await scene.login('ops', 'good-ops');
    expect(scene.checks).toBe(2);
  });

  test('by many requests at once is checked once', async () => {
    const scene = new Scene();
    const logins = await Promise.all(Array.from({ length: 20 }, () => scene.login('ops', 'good-ops')));
    expect(new Set(logins.map(({ kind }) => kind))).toEqual(new Set(['user']));
    expect(scene.checks).toBe(1);
  });

  test('holds over a change of others, and not over one of its own', async () => {
    const scene = new Scene();
    const login = await scene.login('ops', 'good-ops');
    const [ops, root] = scene.users;
    if (login.kind !== 'user' || ops === undefined || root === undefined) throw new Error('no user');
    scene.access.setUsers([ops]);
    expect(scene.access.stillHolds(login.user)).toBe(true);
    expect((await scene.login('ops', 'good-ops')).kind).toBe('user');
    expect(scene.checks).toBe(1);
    scene.access.setUsers([userNamed('ops', 'read', ops.hash), root]);
    expect(scene.access.stillHolds(login.user)).toBe(false);
    expect(await scene.login('ops', 'good-ops')).toMatchObject({ user: { role: 'read' } });
  });

  test('for a name that there is not takes as many checks as for one that there is', async () => {
    const scene = new Scene();
    await scene.login('nobody', 'a');
    expect(scene.checks).toBe(1);
  });
});

describe('guesses', () => {
  test('are slowed more and more, up to half a minute', async () => {
    const scene = new Scene();
    const waits: number[] = [];
    for (let i = 0; i < 10; i++) {
      expect((await scene.login('ops', `guess ${i}`)).kind).toBe('wrong');
      const next = await scene.login('ops', `next ${i}`);
      if (next.kind === 'wait') waits.push(next.wait);
      scene.now += next.kind === 'wait' ? next.wait : 0;
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 30_000]);
  });

  test('that have to wait are not even looked at', async () => {
    const scene = new Scene();
    await scene.kinds('a', 'b', 'c');
    expect(await scene.kinds('good-ops', 'd')).toEqual(['wait', 'wait']);
    expect(scene.checks).toBe(3);
    scene.now += 1000;
    expect(await scene.kinds('good-ops')).toEqual(['user']);
  });

  test('many at once from one address are looked at one by one', async () => {
    const scene = new Scene();
    const { promise, resolve } = Promise.withResolvers<void>();
    scene.gate = promise;
    const guesses = Array.from({ length: 50 }, (_, i) => scene.login('ops', `guess ${i}`));
    resolve();
    const kinds = (await Promise.all(guesses)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'wrong')).toHaveLength(1);
    expect(kinds.filter((kind) => kind === 'wait')).toHaveLength(49);
  });

  test('the same again are no new ones', async () => {
    const scene = new Scene();
    expect(await scene.kinds(...Array.from({ length: 100 }, () => 'last month'))).not.toContain('wait');
    expect(scene.checks).toBe(1);
    expect(await scene.kinds('good-ops')).toEqual(['user']);
    expect(scene.failures).toHaveLength(1);
  });

  test('of one user do not keep the others of the address out', async () => {
    const scene = new Scene();
    await scene.kinds('a', 'b', 'c', 'd');
    expect((await scene.login('root', 'good-root')).kind).toBe('user');
  });

  test('from all over the world do not keep out whom they are about', async () => {
    const scene = new Scene();
    for (let i = 0; i < 1000; i++) await scene.login('ops', `guess ${i}`, `10.1.${i >> 8}.${i & 255}`);
    expect((await scene.login('ops', 'good-ops', '192.0.2.1')).kind).toBe('user');
  });

  test('from all over the world make each next address wait from its first', async () => {
    const scene = new Scene();
    for (let i = 0; i < 20; i++) await scene.login('ops', `guess ${i}`, `10.1.0.${i}`);
    await scene.login('ops', 'a guess', '192.0.2.1');
    expect(await scene.login('ops', 'another', '192.0.2.1')).toEqual({ kind: 'wait', wait: 30_000 });
  });

  test('from one network of IPv6 are those of one address', async () => {
    const scene = new Scene();
    for (let i = 1; i <= 3; i++) await scene.login('ops', `guess ${i}`, `2001:db8::${i}`);
    expect((await scene.login('ops', 'guess', '2001:db8::9')).kind).toBe('wait');
    expect((await scene.login('ops', 'guess', '2001:db8:0:1::9')).kind).toBe('wrong');
  });

  test('do not end what is logged in', async () => {
    const scene = new Scene();
    await scene.kinds('good-ops', 'a', 'b', 'c');
    expect(await scene.kinds('d', 'good-ops')).toEqual(['wait', 'user']);
  });

  test('are forgotten after a quarter of an hour', async () => {
    const scene = new Scene();
    await scene.kinds('a', 'b', 'c', 'd');
    scene.now += 15 * 60_000;
    await scene.kinds('e', 'f');
    expect(await scene.kinds('good-ops')).toEqual(['user']);
  });

  test('are logged, without anything of what was guessed', async () => {
    const scene = new Scene();
    await scene.login('ops', 'guess-1');
    await scene.login('guess-2', 'guess-3');
    expect(scene.log).toMatchObject([
      { level: 'warn', event: 'login failed', fields: { user: 'ops', address: '10.0.0.1' } },
      { level: 'warn', event: 'login failed', fields: { address: '10.0.0.1' } },
    ]);
    expect(JSON.stringify([scene.log, scene.failures])).not.toContain('guess');
  });
});
