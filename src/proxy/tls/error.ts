import { getSystemErrorMessage } from 'node:util';

/** Why certificates or TLS settings are refused. The message is one line for the operator, and names the file or setting. */
export type TlsErrorCode =
  | 'file_unreadable'
  | 'certificate_missing'
  | 'certificate_invalid'
  | 'key_missing'
  | 'key_invalid'
  | 'key_encrypted'
  | 'key_mismatch'
  | 'certificate_refused'
  | 'ciphers_invalid'
  | 'state_dir_unusable';

export class TlsError extends Error {
  readonly code: TlsErrorCode;

  constructor(code: TlsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TlsError';
    this.code = code;
  }
}

/** What went wrong in a few words: the system's (`permission denied`), OpenSSL's (`ee key too small`), or the message. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { errno, reason } = error as NodeJS.ErrnoException & { reason?: string };
  if (typeof errno === 'number') return getSystemErrorMessage(errno) ?? error.message;
  return reason ?? error.message.replace(/^error:[0-9A-F]+:.*::/, '');
}
