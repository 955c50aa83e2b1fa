import { DiskDirectory } from '../../../src/cache/disk/disk-directory.ts';
import { eventLevels } from '../../../src/observe/event-forward.ts';

/** A process that has a directory until it is killed or its input ends, or says why it has not. */
try {
  await DiskDirectory.open({
    directory: process.argv[2] as string,
    size: 2 ** 26,
    workers: 1,
    forget: () => {},
    log: eventLevels(() => {}),
  });
  process.stdout.write('held\n');
  process.stdin.resume();
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  process.stdout.write(`${code} ${message}\n`);
}
