// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables are what is tested
import { describe, expect, test } from 'vitest';
import { coreScalar, substitute } from '../../src/config/variables.ts';
import { ConfigScene, config } from './scene.ts';

const scene = await ConfigScene.open();
const ENV = { N: '4', NAME: 'edge-1', EMPTY: '', YES: 'true', TRICK: 'a: b, [c] # d', NESTED: '${N}' };

describe('a variable in a value', () => {
  test.each([
    { name: 'alone', text: '${NAME}', value: 'edge-1' },
    { name: 'within text, and twice', text: 'a-${N}-${NAME}.html', value: 'a-4-edge-1.html' },
    { name: 'that is empty', text: 'a${EMPTY}b', value: 'ab' },
    { name: 'that holds a variable itself, which stays', text: '${NESTED}', value: '${N}' },
    { name: 'escaped', text: '$${N} and $$${N}', value: '${N} and $${N}' },
    { name: 'beside other dollars', text: '~ \\.(png|css)$ $N $$ ${N}', value: '~ \\.(png|css)$ $N $$ 4' },
  ])('is put in: $name', ({ text, value }) => {
    expect(substitute(text, ENV)).toEqual({ text: value, changed: true });
  });

  test('leaves text without one as it is', () => {
    expect(substitute('^/$', ENV)).toEqual({ text: '^/$', changed: false });
  });

  test.each([
    { text: '${NONE}', problem: '${NONE} is not set in the environment' },
    { text: '${A}${N}${B}', problem: '${A} and ${B} are not set in the environment' },
    { text: '${toString}', problem: '${toString} is not set in the environment' },
    { text: '${}', problem: 'expected a variable such as ${NAME} (or $${ for a plain ${), got "${}"' },
    { text: '${N:-3}', problem: 'expected a variable such as ${NAME} (or $${ for a plain ${), got "${N:-3}"' },
    { text: 'a ${N', problem: 'expected a variable such as ${NAME} (or $${ for a plain ${), got "${N"' },
  ])('is refused in $text', ({ text, problem }) => {
    expect(substitute(text, ENV).problem).toBe(problem);
  });
});

describe('the core schema of YAML 1.2', () => {
  test.each([
    { text: '4', value: 4 },
    { text: '-010', value: -10 },
    { text: '0x1F', value: 31 },
    { text: '0o17', value: 15 },
    { text: '1.5e3', value: 1500 },
    { text: '.5', value: 0.5 },
    { text: 'true', value: true },
    { text: 'FALSE', value: false },
    { text: 'null', value: null },
    { text: '', value: null },
    { text: 'yes', value: 'yes' },
    { text: '30s', value: '30s' },
    { text: '1_000', value: '1_000' },
    { text: '0b1', value: '0b1' },
    { text: '12:30', value: '12:30' },
    { text: '4\n', value: '4\n' },
  ])('reads $text as $value', ({ text, value }) => {
    expect(coreScalar(text)).toBe(value);
  });
});

describe('a configuration with variables', () => {
  test('has numbers and booleans of them where the value is plain, and text where it is quoted', () => {
    expect(
      scene.settings(config({ rest: 'node:\n  workers: ${N}\n  via: ${YES}\n  name: "${N}"' }), ENV).node,
    ).toMatchObject({ workers: 4, via: true, name: '4' });
    expect(scene.problems(config({ rest: 'node: { workers: "${N}" }' }), ENV)).toEqual([
      'portico.yaml:4:18 node.workers: expected auto or a whole number from 1 to 31, got "4"',
    ]);
  });

  test('has a unit beside a number', () => {
    expect(scene.settings(config({ rest: 'node:\n  stop_timeout: ${N}s' }), ENV).node.stop_timeout).toBe(4_000);
  });

  test('never has keys, lists or comments of what a variable holds', () => {
    expect(scene.settings(config({ rest: 'node:\n  region: ${TRICK}' }), ENV).node.region).toBe('a: b, [c] # d');
  });

  test('is told to quote them where YAML would see a map', () => {
    expect(scene.problems(config({ rest: 'node: { region: ${NAME}, workers: 2 }' }), ENV)).toEqual([
      'portico.yaml:4:18: within { } and [ ] a variable needs quotes: "${NAME}"',
    ]);
    expect(scene.settings(config({ rest: 'node: { region: "${NAME}", workers: 2 }' }), ENV).node.region).toBe('edge-1');
  });

  test('has no variables in its keys', () => {
    expect(scene.problems(config({ rest: '${NAME}: 1' }), ENV)).toEqual([
      'portico.yaml:4:1 ["${NAME}"]: is no known setting, expected one of node, listeners, trusted_proxies, sites, pools, cache, siblings, logs, dns, vrrp, admin',
    ]);
  });

  test('takes an empty one for nothing', () => {
    expect(scene.problems(config({ rest: 'node:\n  via: ${EMPTY}' }), ENV)).toEqual([
      'portico.yaml:5:8 node.via: expected true or false, got nothing',
    ]);
  });

  test('is told of every variable that is missing, and of nothing that follows from it', () => {
    const sites = 'sites: [{ hosts: ["${A}", "${A}"], pool: "${POOL}", splash: { page: "${PAGE}" } }]';
    expect(scene.problems(config({ sites }))).toEqual([
      'portico.yaml:2:19 sites[0].hosts[0]: ${A} is not set in the environment',
      'portico.yaml:2:27 sites[0].hosts[1]: ${A} is not set in the environment',
      'portico.yaml:2:42 sites[0].pool: ${POOL} is not set in the environment',
      'portico.yaml:2:69 sites[0].splash.page: ${PAGE} is not set in the environment',
    ]);
  });
});
