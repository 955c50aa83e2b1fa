import { globSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { importsOf } from './support/imports.ts';

/** Who may import whom: ARCHITECTURE.md draws it, this holds it. A folder may always import itself. */
const PARTS: Readonly<Record<string, { readonly imports: readonly string[]; readonly types?: readonly string[] }>> = {
  base: { imports: [] },
  observe: { imports: ['base'] },
  cache: { imports: ['base', 'observe'] },
  geodns: { imports: ['base', 'observe'] },
  vrrp: { imports: ['base', 'observe'] },
  sibling: { imports: ['base', 'observe', 'cache'] },
  proxy: { imports: ['base', 'observe', 'cache'] },
  health: { imports: ['base', 'observe'] },
  metrics: { imports: ['base', 'observe'] },
  config: {
    imports: ['base', '*/config.ts', 'geodns/check-zones.ts', 'vrrp/secrets.ts', 'vrrp/witness/key.ts'],
  },
  workers: { imports: ['base', 'observe'], types: ['config', 'cache', 'proxy', 'sibling'] },
  operator: { imports: ['base', 'observe'], types: ['health', 'config', 'proxy/pool/standing.ts'] },
  admin: { imports: ['base', 'observe'], types: ['*'] },
  quickstart: { imports: ['base', 'observe'] },
  cli: { imports: ['base', 'admin/whereabouts.ts', 'admin/access/password.ts', 'vrrp/witness/witness-process.ts'] },
  control: { imports: ['*'] },
  'worker.ts': { imports: ['*'] },
  'dns.ts': { imports: ['geodns'] },
  'vrrp.ts': { imports: ['vrrp'] },
  'control.ts': { imports: ['*'] },
  'main.ts': { imports: ['*', 'control.ts'] },
};

/** Where things come together. Nothing imports them but what the table names outright. */
const TOPS = ['worker.ts', 'dns.ts', 'vrrp.ts', 'control.ts', 'main.ts'];

/** Packages that are at home in few places; others may be imported anywhere but in base. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  zod: ['base/setting.ts', '*/config.ts', 'config', 'admin'],
  yaml: ['config'],
  pino: ['observe'],
  'sonic-boom': ['observe'],
};

const SRC = join(import.meta.dirname, '../src');
const files = globSync('**/*.ts', { cwd: SRC }).sort();

describe('imports', () => {
  test.each(files)('of src/%s go where the table lets them', (file) => {
    expect(problemsOf(file, readFileSync(join(SRC, file), 'utf8'))).toEqual([]);
  });

  test('go round in no circle, not even those of types', () => {
    expect(circleIn(new Map(files.map((file) => [file, targetsOf(file)])))).toEqual([]);
    expect(
      circleIn(
        new Map([
          ['a', ['b']],
          ['b', ['c']],
          ['c', ['b']],
        ]),
      ),
    ).toEqual(['b', 'c', 'b']);
  });

  test('need no barrels: there is no index.ts', () => {
    expect(files.filter((file) => basename(file) === 'index.ts')).toEqual([]);
  });

  test.each([
    { file: 'base/units.ts', source: "import { x } from '../observe/logger.ts';", refused: true },
    { file: 'base/units.ts', source: "import { z } from 'zod';", refused: true },
    { file: 'base/setting.ts', source: "import { z } from 'zod';", refused: false },
    { file: 'proxy/config.ts', source: "import { z } from 'zod';", refused: false },
    { file: 'proxy/handle.ts', source: "import { z } from 'zod';", refused: true },
    { file: 'proxy/handle.ts', source: "import { x } from './pool/pool.ts';", refused: false },
    { file: 'proxy/pool/pool.ts', source: "import { x } from '../../base/units.ts';", refused: false },
    { file: 'proxy/pool/pool.ts', source: "import { x } from '../../base/units';", refused: true },
    { file: 'proxy/pool/pool.ts', source: "import { x } from '../../workers/slots.ts';", refused: true },
    { file: 'config/settings.ts', source: "import { x } from '../proxy/pool/config.ts';", refused: false },
    { file: 'config/settings.ts', source: "import { x } from '../proxy/handle.ts';", refused: true },
    { file: 'workers/supervisor.ts', source: "import type { X } from '../proxy/handle.ts';", refused: false },
    { file: 'workers/supervisor.ts', source: "import { x } from '../proxy/handle.ts';", refused: true },
    { file: 'workers/supervisor.ts', source: "import type { X } from '../admin/page.ts';", refused: true },
    { file: 'admin/page.ts', source: "import type { X } from '../vrrp/instance.ts';", refused: false },
    { file: 'admin/page.ts', source: "import type { X } from '../control.ts';", refused: true },
    { file: 'control.ts', source: "import { x } from './proxy/handle.ts';", refused: false },
    { file: 'control.ts', source: "import { x } from './worker.ts';", refused: true },
    { file: 'main.ts', source: "import { x } from './control.ts';", refused: false },
    { file: 'main.ts', source: "import { x } from './worker.ts';", refused: true },
    { file: 'main.ts', source: "import { x } from '../bench/run.ts';", refused: true },
    { file: 'strange/new.ts', source: '', refused: true },
  ])('$file with $source: refused $refused', ({ file, source, refused }) => {
    expect(problemsOf(file, source).length > 0).toBe(refused);
  });
});

describe('the look for imports', () => {
  test.each([
    { name: 'a default', source: "import x from 'a';", found: [['a', false]] },
    { name: 'a namespace', source: "import * as x from 'a';", found: [['a', false]] },
    { name: 'a list over lines', source: "import {\n  x,\n  type Y,\n} from 'a';", found: [['a', false]] },
    { name: 'types', source: "import type { X } from 'a';", found: [['a', true]] },
    { name: 'an effect', source: "import 'a';", found: [['a', false]] },
    { name: 'an attribute', source: "import x from './a.json' with { type: 'json' };", found: [['./a.json', false]] },
    {
      name: 'a re-export',
      source: "export * from 'a';\nexport type { X } from 'b';",
      found: [
        ['a', false],
        ['b', true],
      ],
    },
    { name: 'a late import', source: "const x = await import('a');", found: [['a', false]] },
    { name: 'no export of a value', source: "export const from = 'a';\nexport type X = 'from';", found: [] },
    { name: 'no comment', source: "/**\n * import x from 'a';\n */\n// import 'b';", found: [] },
  ])('sees $name', ({ source, found }) => {
    expect(importsOf(source).map(({ specifier, typeOnly }) => [specifier, typeOnly])).toEqual(found);
  });
});

/** What is wrong with the imports of one file, in words. */
function problemsOf(file: string, source: string): string[] {
  const part = PARTS[partOf(file)];
  if (part === undefined) return [`${file} belongs to no part of the table`];

  return importsOf(source).flatMap(({ specifier, typeOnly }) => {
    if (!specifier.startsWith('.')) return isPackageAllowed(file, specifier) ? [] : [`must not import ${specifier}`];
    if (!specifier.endsWith('.ts')) return [`${specifier} has to end in .ts`];

    const target = posix.join(posix.dirname(file), specifier);
    if (target.startsWith('../')) return [`${specifier} is outside of src/`];
    if (partOf(target) === partOf(file) || isNamed(target, part.imports)) return [];
    if (isNamed(target, part.types ?? [])) return typeOnly ? [] : [`must import types only from ${target}`];
    return [`must not import ${target}`];
  });
}

/** `proxy` of `proxy/pool/pool.ts`; a file at the top is a part of its own. */
function partOf(file: string): string {
  return file.split('/')[0] as string;
}

/** Whether a list names a file: by its own path, its part, `*` for any part, or a `*` for its folders. */
function isNamed(file: string, names: readonly string[]): boolean {
  return names.some((name) => {
    if (name === '*') return !TOPS.includes(file);
    if (name.startsWith('*/')) return file.includes('/') && basename(file) === name.slice(2);
    return file === name || partOf(file) === name;
  });
}

function isPackageAllowed(file: string, specifier: string): boolean {
  if (isBuiltin(specifier)) return specifier.startsWith('node:');
  const homes = PACKAGES[packageOf(specifier)];
  return homes === undefined ? partOf(file) !== 'base' : isNamed(file, homes);
}

function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

/** What one file imports of ours. */
function targetsOf(file: string): string[] {
  return importsOf(readFileSync(join(SRC, file), 'utf8'))
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ specifier }) => posix.join(posix.dirname(file), specifier));
}

/** The first circle that there is, from a file back to itself; empty: there is none. */
function circleIn(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const known = new Set<string>();
  const way: string[] = [];
  const visit = (file: string): string[] => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file];
    if (known.has(file)) return [];
    known.add(file);
    way.push(file);
    for (const target of imports.get(file) ?? []) {
      const circle = visit(target);
      if (circle.length > 0) return circle;
    }
    way.pop();
    return [];
  };
  for (const file of imports.keys()) {
    const circle = visit(file);
    if (circle.length > 0) return circle;
  }
  return [];
}
