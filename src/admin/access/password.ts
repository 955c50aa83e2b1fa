import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/**
 * Passwords as they are kept: scrypt (RFC 7914), in one line as PHC strings have it, base64 without padding:
 *
 *     $scrypt$ln=15,r=8,p=1$SALT$HASH
 */
export interface PasswordHash {
  /** log2 of N, the cost in time and memory. */
  readonly ln: number;
  /** Block size: memory is 128 · r · N bytes. */
  readonly r: number;
  /** Parallelisation. */
  readonly p: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** 32 MiB, and some 60 ms of one core: a guess costs an attacker what it costs us, and a login comes once in minutes. */
const COST = { ln: 15, r: 8, p: 1 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** The most that a hash may ask for, in bytes. */
const MEMORY_LIMIT = 256 * 1024 ** 2;

const BASE64 = '[A-Za-z0-9+/]+';
const FORM = new RegExp(`^\\$scrypt\\$ln=(\\d{1,2}),r=(\\d{1,2}),p=(\\d{1,2})\\$(${BASE64})\\$(${BASE64})$`);

/** Whether a line was meant as a hash: then it is never taken for a password. */
export function looksHashed(line: string): boolean {
  return line.startsWith('$scrypt$');
}

/** `undefined` when it is no hash, or one that asks for too little or too much. */
export function parseHash(line: string): PasswordHash | undefined {
  const match = FORM.exec(line);
  if (match === null) return undefined;
  const [ln, r, p] = match.slice(1, 4).map(Number) as [number, number, number];
  const [salt, hash] = match.slice(4).map((text) => Buffer.from(text, 'base64')) as [Buffer, Buffer];
  const isAffordable = ln >= 10 && ln <= 20 && r >= 1 && p >= 1 && 128 * r * 2 ** ln <= MEMORY_LIMIT && p <= 16;
  return isAffordable && salt.length >= 8 && hash.length >= 16 ? { ln, r, p, salt, hash } : undefined;
}

export function formatHash({ ln, r, p, salt, hash }: PasswordHash): string {
  return `$scrypt$ln=${ln},r=${r},p=${p}$${unpadded(salt)}$${unpadded(hash)}`;
}

export async function hashPassword(password: string): Promise<PasswordHash> {
  const salt = randomBytes(SALT_BYTES);
  return { ...COST, salt, hash: await derive(password, { ...COST, salt }, HASH_BYTES) };
}

export async function verifyPassword(password: string, expected: PasswordHash): Promise<boolean> {
  return timingSafeEqual(await derive(password, expected, expected.hash.length), expected.hash);
}

/** Runs in libuv's pool, so that the thread goes on. NFC, as RFC 8265 §4.2.2 has it: keyboards differ in how they compose. */
function derive(password: string, { ln, r, p, salt }: Omit<PasswordHash, 'hash'>, length: number): Promise<Buffer> {
  const options = { N: 2 ** ln, r, p, maxmem: 2 * MEMORY_LIMIT };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFC'), salt, length, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}
