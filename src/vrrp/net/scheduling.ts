import { constants } from 'node:os';
import { NativeMemory, systemError } from '../../base/ffi.ts';
import { SCHED_RESET_ON_FORK, SCHED_RR, type VrrpSystem } from './system.ts';

/** In the middle of the lower half: above all that is not real time, below what drivers and watchdogs have. */
const PRIORITY = 10;

/**
 * Has this process run before all that is not real time (sched(7)), so that busy neighbours do not make it late. `undefined`: it
 * is so; else why not, which is no reason to stop: CAP_SYS_NICE is more than a node needs. Scripts and hooks are none of it.
 */
export function runInRealTime({ ffi, libc, errno }: VrrpSystem): string | undefined {
  const memory = new NativeMemory(ffi, 16);
  memory.bytes.writeInt32LE(PRIORITY);
  if (libc.sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, memory.address(0)) === 0) return undefined;
  const number = errno();
  return number === constants.errno.EPERM ? 'it takes CAP_SYS_NICE' : systemError('sched_setscheduler', number).message;
}
