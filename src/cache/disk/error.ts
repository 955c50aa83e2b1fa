import { getSystemErrorMessage } from 'node:util';

export type DiskErrorCode = 'directory_unusable' | 'directory_in_use';

/** Why there can be no disk tier. The message is one line for the operator, and names the directory. */
export class DiskError extends Error {
  readonly code: DiskErrorCode;

  constructor(code: DiskErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DiskError';
    this.code = code;
  }
}

/** What went wrong in a few words: the system's (`permission denied`), or the message. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { errno } = error as NodeJS.ErrnoException;
  return (typeof errno === 'number' ? getSystemErrorMessage(errno) : undefined) ?? error.message;
}
