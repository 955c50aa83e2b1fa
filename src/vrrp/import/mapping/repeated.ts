import type { Statement } from '../blocks.ts';
import { dropped, type Findings } from '../findings.ts';

/** Which of several statements of one keyword counts: of most the last; the others are told to be dropped. */
export function settled(
  block: readonly Statement[],
  findings: Findings,
  firstCounts: RegExp,
  all: RegExp,
): Statement[] {
  const counting = new Map<string, Statement>();
  for (const statement of block) {
    const { keyword } = statement;
    if (!counting.has(keyword) || !firstCounts.test(keyword)) counting.set(keyword, statement);
  }
  return block.filter((statement) => {
    const counts = counting.get(statement.keyword);
    if (counts === statement || all.test(statement.keyword)) return true;
    const why = dropped(`line ${counts?.place.line} counts, as in keepalived`);
    for (const { place } of [statement, ...(statement.block ?? [])]) findings.add(place, why);
    return false;
  });
}
