import { constants, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';

/**
 * Descriptors for logs that never make a thread wait. A write into a pipe that nobody reads would otherwise hold one of
 * the process's four file threads for ever: four of those, and no name is resolved, no file is read and the process
 * cannot even exit.
 */
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK;

/** Throws what the system says when it cannot be opened. A FIFO needs a reader first (`ENXIO`). */
export function openLogFile(path: string): number {
  return openSync(path, APPEND | constants.O_CREAT, 0o640);
}

/**
 * Standard output or error. Opened anew where the system lets us (Linux; any pipe or terminal), because the flag belongs
 * to the open file, which we share with the shell and with whoever else writes there. A file never makes anybody wait,
 * and must stay shared: opened anew it would have a place of its own to write at, and the shell would write over ours.
 */
export function openStandardStream(fd: 1 | 2): number {
  try {
    if (fstatSync(fd).isFile()) return fd;
    return openSync(`/proc/self/fd/${fd}`, APPEND);
  } catch {
    unblock(fd);
    return fd;
  }
}

/** For what cannot be opened anew, such as the socket to the system's journal. A socket object sets the flag at birth. */
function unblock(fd: 1 | 2): void {
  try {
    new Socket({ fd, readable: false, writable: true }).destroy(); // never closes a descriptor below 3
  } catch {
    // No pipe and no socket: it stays as it is.
  }
}
