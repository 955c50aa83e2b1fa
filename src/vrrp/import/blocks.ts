import { type Findings, type Place, refused } from './findings.ts';
import type { LogicalLine } from './lexer/reader.ts';
import { shellWordsOf, wordsOf } from './lexer/words.ts';

/** A line, and the block in braces behind it if there is one. */
export interface Statement {
  readonly keyword: string;
  /** What stands behind the keyword. */
  readonly args: readonly string[];
  /** All of it as written: programs are read in another way than the rest. */
  readonly text: string;
  readonly place: Place;
  readonly block: readonly Statement[] | undefined;
}

interface Open {
  readonly statements: Statement[];
  readonly begun: LogicalLine;
}

/** Reads blocks within blocks. What is unbalanced is told, and read as well as it can be. */
export function readBlocks(lines: Iterable<LogicalLine>, findings: Findings): readonly Statement[] {
  const top: Statement[] = [];
  const stack: Open[] = [];
  let current = top;
  for (const line of lines) {
    const last = current.at(-1);
    if (line.text === '{') {
      if (last === undefined || last.block !== undefined) {
        findings.add(line.place, refused('a { that no keyword stands before'));
        continue;
      }
      const block: Statement[] = [];
      current[current.length - 1] = { ...last, block };
      stack.push({ statements: current, begun: line });
      current = block;
    } else if (line.text === '}') {
      const open = stack.pop();
      if (open === undefined) findings.add(line.place, refused('a } too many'));
      else current = open.statements;
    } else {
      const statement = statementOf(line, findings);
      if (statement !== undefined) current.push(statement);
    }
  }
  for (const { begun } of stack) findings.add(begun.place, refused('a { that is not closed'));
  return top;
}

function statementOf({ text, place }: LogicalLine, findings: Findings): Statement | undefined {
  // A quote may be lopsided to the easy way and fine to the other: notify "echo \"ready\"".
  const words = wordsOf(text) ?? shellWordsOf(text);
  const [keyword, ...args] = words ?? [];
  if (keyword === undefined) {
    findings.add(place, refused('its quotes do not match'));
    return undefined;
  }
  return { keyword, args, text, place, block: undefined };
}
