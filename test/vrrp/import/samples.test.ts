import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Imported, importKeepalived } from '../../../src/vrrp/import/import-keepalived.ts';
import type { Files } from '../../../src/vrrp/import/lexer/reader.ts';
import { ConfigScene, config } from '../../config/scene.ts';
import { KeepalivedCheck } from '../../support/keepalived.ts';
import { MAY_MAKE_LANS } from '../../support/lan.ts';
import { describeWithPeers } from '../../support/peers.ts';

/**
 * Each sample is a configuration whose lines say in a comment what becomes of them (`#= dropped`; exact where nothing is said),
 * and beside it what it is as ours. `# keepalived: 5` is of one that keepalived has remarks on, `newer` of one that Debian's does
 * not know yet.
 */
const DIRECTORY = join(import.meta.dirname, 'samples');
const SAMPLES = globSync('*.conf', { cwd: DIRECTORY }).sort();

const FILES: Files = {
  read: (path) => readFileSync(path, 'utf8'),
  match: (pattern) => globSync(pattern).sort(),
};

describe.each(SAMPLES)('%s', (name) => {
  const path = join(DIRECTORY, name);
  const imported = importSample(path);

  test('comes to what is beside it', () => {
    expect(parse(imported.yaml)).toEqual({ vrrp: parse(readFileSync(path.replace(/conf$/, 'yaml'), 'utf8')) });
  });

  test('has each line named', () => {
    const told = imported.files.flatMap((file) =>
      file.lines.map(({ line, verdict }) => `${basename(file.path)}:${line} ${verdict}`),
    );
    expect(told).toEqual(imported.files.flatMap((file) => expectedOf(file.path)));
  });

  test('has a reason for whatever is not exact', () => {
    const lines = imported.files.flatMap((file) => file.lines);
    expect(lines.filter(({ verdict, whys }) => verdict !== 'exact' && whys.length === 0)).toEqual([]);
    expect(lines.filter(({ whys }) => whys.includes('it was not understood'))).toEqual([]);
  });
});

describe('the settings of a node', () => {
  let scene: ConfigScene;

  beforeAll(async () => {
    scene = await ConfigScene.open();
  });

  test.each(SAMPLES)('may have what %s came to', (name) => {
    const { yaml, secrets } = importSample(join(DIRECTORY, name));
    for (const { file, content } of secrets) scene.write(file, `${content}\n`);
    const withKeys = yaml.replaceAll('/etc/keepalived/keys/two', scene.path('two'));
    scene.write('two', `${'k'.repeat(40)}\n`);
    expect(scene.problems(config({ rest: withKeys }))).toEqual([]);
  });
});

const title = MAY_MAKE_LANS ? 'keepalived' : 'keepalived (no right to make network namespaces: skipped)';
describeWithPeers(['keepalived'], title, () => {
  let check: KeepalivedCheck;

  beforeAll(() => {
    if (MAY_MAKE_LANS) check = KeepalivedCheck.open();
  });

  test.skipIf(!MAY_MAKE_LANS).each(SAMPLES)('takes %s', (name) => {
    const path = join(DIRECTORY, name);
    const [, remark = '0'] = /# keepalived: (\w+)/.exec(readFileSync(path, 'utf8')) ?? [];
    const { status, said } = check.of(path);
    if (remark === 'newer') expect(said.filter((line) => line.includes('Unknown keyword'))).not.toEqual([]);
    else expect({ status, said: status === Number(remark) ? [] : said }).toEqual({ status: Number(remark), said: [] });
  });
});

function importSample(path: string): Imported {
  const options = { files: FILES, configId: 'lb1', env: {}, secretsDirectory: 'secrets' };
  return importKeepalived(path, readFileSync(path, 'utf8'), options);
}

/** By the comments of a file. */
function expectedOf(path: string): string[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line, index) => {
      const [, verdict = 'exact'] = /#= (\w+)/.exec(line) ?? [];
      const says = line.replace(/^\s*[#!].*|\s+#= .*|[{}\s\\]/g, '');
      return says === '' ? [] : [`${basename(path)}:${index + 1} ${verdict}`];
    });
}
