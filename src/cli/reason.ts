import { hostname, userInfo } from 'node:os';

/** What is told as the reason when `--reason` is not given: the node's users may be shared by many people. */
export function reasonOr(given: string | undefined, command: string): string {
  return given ?? `portico ${command}, by ${personHere()}`;
}

function personHere(): string {
  const id = process.getuid?.();
  try {
    return `${userInfo().username} at ${hostname()}`;
  } catch {
    // In a container the user often has no name.
    return `${id === undefined ? 'somebody' : `user ${id}`} at ${hostname()}`;
  }
}
