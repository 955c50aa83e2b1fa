import { beforeAll, describe, expect, test } from 'vitest';
import { ConfigScene, config } from './scene.ts';

let scene: ConfigScene;

beforeAll(async () => {
  scene = await ConfigScene.open();
  scene.write('ops', 'secret\n');
});

const OPS = '{ name: ops, password_file: ops, role: operate }';

describe('admin', () => {
  test.each(['', 'admin:', 'admin: off'])('is off by default: %j', (rest) => {
    expect(scene.settings(config({ rest })).admin).toBe('off');
  });

  test('listens on loopback, with a user of our making, when it is on and says no more', () => {
    expect(scene.settings(config({ rest: 'admin: {}' })).admin).toEqual({
      listen: '127.0.0.1:8400',
      tls: 'auto',
      host_names: [],
      users: [],
      compat: { apache22: false, strict_status: false },
    });
  });

  test('has file names that are relative to the file', () => {
    expect(scene.settings(config({ rest: `admin: { users: [${OPS}] }` })).admin).toMatchObject({
      users: [{ name: 'ops', password_file: scene.path('ops'), role: 'operate' }],
    });
  });

  test.each([
    { rest: 'admin: on', problems: [/admin: expected off or a map, got "on"$/] },
    { rest: 'admin: { listen: "8400" }', problems: [/admin\.listen: expected ADDRESS:PORT such as/] },
    { rest: 'admin: { tls: maybe }', problems: [/admin\.tls: expected auto, off, or a map with cert and key/] },
    { rest: 'admin: { host_names: ["a b"] }', problems: [/admin\.host_names\[0\]: expected a host name/] },
    {
      rest: 'admin: { listen: "127.0.0.1:8080" }',
      problems: [/admin\.listen: "127\.0\.0\.1:8080" is already at listeners\[0\]\.address/],
    },
    {
      rest: `admin: { users: [${OPS}, ${OPS}] }`,
      problems: [/admin\.users\[1\]\.name: "ops" is already at admin\.users\[0\]\.name/],
    },
    {
      rest: 'admin: { users: [{ name: "a:b", password_file: none, role: boss }] }',
      problems: [
        /admin\.users\[0\]\.name: expected 1 to 64/,
        /admin\.users\[0\]\.role: expected one of|admin\.users\[0\]\.role: expected/,
      ],
    },
    {
      rest: 'admin: { users: [{ name: ops, password_file: none, role: read }] }',
      problems: [/password_file: cannot read ".*none": no such file/],
    },
    {
      rest: 'admin: { tls: { cert: none, key: ops } }',
      problems: [/admin\.tls\.cert: cannot read/, /admin\.tls\.key: /],
    },
  ])('is refused: $rest', ({ rest, problems }) => {
    expect(scene.problems(config({ rest }))).toEqual(problems.map((problem) => expect.stringMatching(problem)));
  });

  test('without TLS on an address that others reach is warned of', () => {
    const result = scene.load(config({ rest: 'admin: { listen: "0.0.0.0:8400", tls: off }' }));
    expect(scene.lines(result.warnings)).toEqual([
      expect.stringMatching(/admin\.tls: passwords cross the network as they are: expected auto or a certificate/),
    ]);
  });
});
