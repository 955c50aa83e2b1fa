import { beforeAll, describe, expect, test } from 'vitest';
import { ConfigScene, config } from './scene.ts';

let scene: ConfigScene;

beforeAll(async () => {
  scene = await ConfigScene.open();
  scene.write('secret', 'between us\n');
});

const PEER = '{ name: us-2, icp: "10.0.1.3:3130", url: "http://10.0.1.3" }';
const siblings = (text: string) => config({ rest: `siblings: { ${text} }` });

describe('siblings', () => {
  test.each(['', 'siblings:', 'siblings: off'])('are off by default: %j', (rest) => {
    expect(scene.settings(config({ rest })).siblings).toBe('off');
  });

  test('let nobody ask unless they say whom', () => {
    expect(scene.settings(config({ rest: 'siblings: {}' })).siblings).toEqual({
      allow: [],
      clear_from: [],
      timeout: 50,
      warm_up: { objects: 10_000, rate: 10 * 1024 ** 2 },
      peers: [],
    });
  });

  test('have file names that are relative to the file', () => {
    expect(scene.settings(siblings(`secret_file: secret, peers: [${PEER}]`)).siblings).toMatchObject({
      secret_file: scene.path('secret'),
    });
  });

  test.each([
    { text: 'icp: "10.0.1.2"', problems: [/siblings\.icp: expected ADDRESS:PORT such as "10\.0\.1\.2:3130"/] },
    { text: 'icp: "10.0.1.2:0"', problems: [/siblings\.icp: expected a port from 1 to 65535, got "10\.0\.1\.2:0"/] },
    { text: 'icp: "0.0.0.0:3130"', problems: [/siblings\.icp: expected one address, got "0\.0\.0\.0:3130"/] },
    { text: 'htcp: "[0::0]:4827"', problems: [/siblings\.htcp: expected one address, got "\[0::0\]:4827"/] },
    { text: 'icp: "127.0.0.1:8080"', problems: [/siblings\.icp: .* is already at listeners\[0\]\.address/] },
    { text: 'timeout: 3s', problems: [/siblings\.timeout: expected /] },
    { text: 'warm_up: on', problems: [/siblings\.warm_up: expected off or a map, got "on"/] },
    { text: 'secret_file: none', problems: [/siblings\.secret_file: cannot read "none": no such file/] },
    {
      text: 'peers: [{ name: a b, icp: "us-2:3130", url: "http://10.0.1.3/path" }]',
      problems: [
        /siblings\.peers\[0\]\.name: expected 1 to 64/,
        /siblings\.peers\[0\]\.icp: expected ADDRESS:PORT/,
        /siblings\.peers\[0\]\.url: expected a URL such as/,
      ],
    },
    {
      text: `peers: [${PEER}, ${PEER}]`,
      problems: [
        /siblings\.peers\[1\]\.name: "us-2" is already at siblings\.peers\[0\]\.name, expected it once/,
        /siblings\.peers\[1\]\.icp: "10\.0\.1\.3:3130" is already at siblings\.peers\[0\]\.icp/,
      ],
    },
    {
      text: `icp: "10.0.1.3:3130", allow: [10.0.0.0/8], peers: [${PEER}]`,
      problems: [/siblings\.peers\[0\]\.icp: expected the address of another node/],
    },
    {
      text: 'peers: [{ name: us-2, icp: "10.0.1.3:0", url: "http://10.0.1.3" }]',
      problems: [/siblings\.peers\[0\]\.icp: expected a port from 1 to 65535/],
    },
  ])('refuses $text', ({ text, problems }) => {
    const told = scene.problems(siblings(text));
    expect(told).toHaveLength(problems.length);
    for (const [index, problem] of problems.entries()) expect(told[index]).toMatch(problem);
  });

  test('make no sense without a cache', () => {
    expect(scene.problems(config({ rest: 'cache: off\nsiblings: {}' }))).toEqual([
      expect.stringMatching(/siblings: is about what is cached, expected off beside cache: off/),
    ]);
  });

  test.each([
    {
      name: 'a peer that is asked but may not ask',
      text: `icp: "10.0.1.2:3130", peers: [${PEER}]`,
      warning: /siblings\.peers\[0\]: is asked but may not ask us: 10\.0\.1\.3 is not in siblings\.allow/,
    },
    {
      name: 'settings of TLS for a peer that is asked without',
      text: 'peers: [{ name: us-2, icp: "10.0.1.3:3130", url: "http://10.0.1.3", tls: { verify: false } }]',
      warning: /siblings\.peers\[0\]\.tls: is for an https url, got an http one/,
    },
  ])('warns of $name', ({ text, warning }) => {
    const result = scene.load(siblings(text));
    expect(result.ok && scene.lines(result.warnings)).toEqual([expect.stringMatching(warning)]);
  });
});
