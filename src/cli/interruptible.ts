import type { ExitStatus, Surroundings } from './command.ts';
import { Progress } from './progress.ts';

/**
 * Waits with a line of progress until it is known how it ends, or somebody interrupts: then it says so, and `left`, which is how things
 * stay. Status 130 in that case.
 */
export async function interruptible(
  err: Surroundings['err'],
  { what, left }: { readonly what: string; readonly left: string },
  wait: (progress: Progress, signal: AbortSignal) => Promise<ExitStatus>,
): Promise<ExitStatus> {
  const interrupt = new AbortController();
  const onInterrupt = () => interrupt.abort();
  process.once('SIGINT', onInterrupt);
  const progress = new Progress(err, () => performance.now());
  try {
    return await wait(progress, interrupt.signal);
  } catch (error) {
    progress.end();
    if (!interrupt.signal.aborted) throw error;
    err.write(`portico: interrupted while waiting${what}; ${left}\n`);
    return 130;
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}
