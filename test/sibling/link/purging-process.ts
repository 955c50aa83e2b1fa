import { writeSync } from 'node:fs';
import { PurgeLog } from '../../../src/sibling/link/purge-log.ts';

/** Purges without end, in the log of the directory that it is given, and tells the number of each purge that is in it. */
const log = { error() {}, warn() {}, info() {}, debug() {} };
const purges = new PurgeLog({ directory: process.argv[2] as string, log, now: Date.now });

for (;;) {
  const number = purges.append([{ kind: 'url', text: `https://www.example.com/${purges.head + 1}` }], false);
  writeSync(1, `${number}\n`);
}
