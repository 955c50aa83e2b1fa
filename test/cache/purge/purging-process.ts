import { writeSync } from 'node:fs';
import { BanBoard } from '../../../src/cache/purge/ban-board.ts';
import { BanJournal } from '../../../src/cache/purge/journal.ts';

/** Purges until it is killed, and prints the number of each purge that is done. */
const journal = new BanJournal(process.argv[2] as string);
const board = new BanBoard(BanBoard.allocate(journal.restore(Date.now())), 0, journal);

for (let i = 0; ; i++) {
  const { sequence, problem } = board.publish([{ kind: 'url', text: `https://www.example.com/${i}` }], false);
  if (problem !== undefined) throw problem;
  writeSync(1, `${sequence}\n`);
}
