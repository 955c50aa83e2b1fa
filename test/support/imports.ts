/** One import or re-export of a module, as its source text says it. */
export interface Import {
  /** As written: `../base/units.ts`, `node:net`, `zod`. */
  readonly specifier: string;
  /** `import type` or `export type`: gone when the program runs. */
  readonly typeOnly: boolean;
}

/** Statements begin a line, as the formatter leaves them, so that text in comments and strings is not taken for one. */
const STATEMENT = /^(?:import|export)\s+(?:(type)\s+)?(?:[\w$*{][^'"`;=()]*?\sfrom\s+)?(['"])([^'"\n]+)\2/gm;
const DYNAMIC = /\bimport\(\s*(['"])([^'"\n]+)\1/g;

export function importsOf(source: string): Import[] {
  const statements = [...source.matchAll(STATEMENT)].map((match) => ({
    specifier: match[3] as string,
    typeOnly: match[1] === 'type',
  }));
  const dynamic = [...source.matchAll(DYNAMIC)].map((match) => ({ specifier: match[2] as string, typeOnly: false }));
  return [...statements, ...dynamic];
}
